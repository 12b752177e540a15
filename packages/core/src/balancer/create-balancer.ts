import type { Clock } from '../clock.js';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';
import type { Balancer } from './balancer.js';
import { GoZeroP2cBalancer } from './go-zero-p2c.js';
import { createMaglevBalancer, createRingHashBalancer } from './hash-balancer.js';
import { LeastRequestBalancer } from './least-request.js';
import { P2cEwmaBalancer, type P2cEwmaSettings } from './p2c-ewma.js';
import { PrequalBalancer } from './prequal.js';
import type { PrequalSettings } from './prequal-settings.js';
import type { ProbeSender } from './probe-sender.js';
import { RandomBalancer } from './random-balancer.js';
import { RoundRobinBalancer } from './round-robin.js';
import { SlowStartBalancer, type SlowStartSettings } from './slow-start.js';
import { SubsetBalancer, type SubsetSettings } from './subset.js';
import { WeightedRoundRobinBalancer, type WeightedRoundRobinSettings } from './weighted-round-robin.js';

/** A balancing algorithm with its settings, which are Envoy's where Envoy has the algorithm. */
export type BalancerPolicy = Algorithm & {
  /** Leaves the algorithm only some of the hosts; default: all. */
  readonly subset?: SubsetSettings | undefined;
};

type Algorithm =
  | ({ readonly name: 'p2c_ewma'; readonly slowStart?: SlowStartSettings } & P2cEwmaSettings)
  | ({ readonly name: 'prequal'; readonly slowStart?: SlowStartSettings } & PrequalSettings)
  | { readonly name: 'go_zero_p2c'; readonly slowStart?: SlowStartSettings }
  | ({
      readonly name: 'weighted_round_robin';
      readonly slowStart?: SlowStartSettings;
    } & WeightedRoundRobinSettings)
  | { readonly name: 'round_robin'; readonly slowStart?: SlowStartSettings }
  | { readonly name: 'random' }
  | {
      readonly name: 'least_request';
      /** How many hosts are compared, at least 2 (`LeastRequestLbConfig.choice_count`, default 2). */
      readonly choiceCount: number;
      /**
       * How strongly requests in flight push a host's weight down when weights differ; at least 0, where 0
       * means not at all (`LeastRequestLbConfig.active_request_bias`, default 1).
       */
      readonly activeRequestBias: number;
      readonly slowStart?: SlowStartSettings;
    }
  | {
      readonly name: 'ring_hash';
      /** 1 to 8 388 608; Envoy's default 1024. */
      readonly minimumRingSize: number;
      /** No less than the minimum; Envoy's default 8 388 608. */
      readonly maximumRingSize: number;
    }
  | {
      readonly name: 'maglev';
      /** A prime up to 5 000 011; Envoy's default 65 537. */
      readonly tableSize: number;
    };

/** Power of two choices over peak EWMA: needs nothing of the callees and bears unequal ones. */
export const defaultBalancerPolicy: BalancerPolicy = { name: 'p2c_ewma' };

/** Whether requests are bound to hosts by their hash, so that it is worth computing. */
export function needsHash({ name }: BalancerPolicy): boolean {
  return name === 'ring_hash' || name === 'maglev';
}

/**
 * The balancer for a policy. It has no hosts until its first `update`, and sets no timer before.
 *
 * @param probes for policies that ask callees for their load; without it they make do with what else they see
 * @throws {RangeError} when a setting is out of its range
 */
export function createBalancer<Host extends EndpointState = EndpointState>(
  policy: BalancerPolicy,
  random: Random,
  clock: Clock,
  probes?: ProbeSender<Host>,
): Balancer<Host> {
  const balancer = createWhole(policy, random, clock, probes);
  return policy.subset === undefined ? balancer : new SubsetBalancer(balancer, policy.subset);
}

function createWhole<Host extends EndpointState>(
  policy: BalancerPolicy,
  random: Random,
  clock: Clock,
  probes: ProbeSender<Host> | undefined,
): Balancer<Host> {
  switch (policy.name) {
    case 'p2c_ewma':
      return startingSlowly(new P2cEwmaBalancer(policy, random, clock), policy.slowStart, clock);
    case 'prequal':
      return startingSlowly(new PrequalBalancer(policy, random, clock, probes), policy.slowStart, clock);
    case 'go_zero_p2c':
      return startingSlowly(new GoZeroP2cBalancer(random, clock), policy.slowStart, clock);
    case 'weighted_round_robin':
      return startingSlowly(new WeightedRoundRobinBalancer(policy, random, clock), policy.slowStart, clock);
    case 'round_robin':
      return startingSlowly(new RoundRobinBalancer(random), policy.slowStart, clock);
    case 'random':
      return new RandomBalancer(random);
    case 'least_request':
      return startingSlowly(new LeastRequestBalancer(policy, random), policy.slowStart, clock);
    case 'ring_hash':
      return createRingHashBalancer(policy, random);
    case 'maglev':
      return createMaglevBalancer(policy.tableSize, random);
  }
}

function startingSlowly<Host extends EndpointState>(
  balancer: Balancer<Host>,
  settings: SlowStartSettings | undefined,
  clock: Clock,
): Balancer<Host> {
  return settings === undefined ? balancer : new SlowStartBalancer(balancer, settings, clock);
}
