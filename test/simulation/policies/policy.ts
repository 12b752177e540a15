import type { Balancer, Clock, Random } from '@weir/core';
import type { ProbeSender } from '@weir/core';
import type { Host } from '../model/caller.js';

/** What a balancer of the simulation is made from. */
export interface PolicyContext {
  readonly random: Random;
  readonly clock: Clock;
  readonly probes: ProbeSender<Host>;
  /** How many callers there are, each with a balancer of its own. */
  readonly callers: number;
}

/** A way to balance, under the name it has in tables and plots. */
export interface Policy {
  readonly name: string;
  readonly title: string;
  /** Whether it looks at the load reports of answers: making one for each costs time. */
  readonly readsReports: boolean;
  create(context: PolicyContext): Balancer<Host>;
}
