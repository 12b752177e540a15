import type { Clock } from '../clock.js';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { remainder } from '../hash/hash64.js';
import type { Random } from '../random.js';
import type { LoadReport } from '../load/load-report.js';
import type { AttemptFeedback } from './attempt-feedback.js';
import type { Balancer, PickContext } from './balancer.js';
import { type BalancerPolicy, createBalancer, needsHash } from './create-balancer.js';
import { groupBy } from './group-by.js';
import { asDescribed, type HostView, inPanic } from './host-view.js';
import { GroupBalancer } from './group-balancer.js';
import { divideByLocality, localityWeighted } from './locality-weights.js';
import type { ProbeSender } from './probe-sender.js';
import { loadOfPriorities, type PrioritySettings } from './priority-load.js';
import { divideByZone, type ZoneAwareSettings } from './zone-aware.js';

/** How the requests of a cluster are divided: among priorities, localities, hosts. */
export interface ClusterBalancing extends PrioritySettings {
  readonly policy: BalancerPolicy;
  /** Whether the weights of localities count (`locality_weighted_lb_config`, `WrrLocality`). */
  readonly localityWeighted: boolean;
  /**
   * Whether hosts of the caller's own zone are preferred, and how; default: not. Without effect where the
   * weights of localities count, and on policies that bind requests to hosts.
   */
  readonly zoneAware?: ZoneAwareSettings | undefined;
}

interface Level<Host extends EndpointState> {
  readonly priority: number;
  readonly balancer: Balancer<Host>;
  percent: number;
}

/**
 * The balancer of a whole cluster: sends each request to a priority that can bear it and leaves the rest to
 * the policy. As long as the first priority is well, it is alone; as it fails, the next one has more and
 * more.
 */
export class ClusterBalancer<Host extends EndpointState = EndpointState> implements Balancer<Host> {
  readonly name: string;
  readonly pickAfterProbes: Balancer<Host>['pickAfterProbes'];
  readonly #balancing: ClusterBalancing;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #probes: ProbeSender<Host> | undefined;
  #levels: readonly Level<Host>[] = [];
  #panicking = 0;

  /**
   * @param probes for policies that ask callees for their load
   * @throws {RangeError} when a setting is out of its range
   */
  constructor(balancing: ClusterBalancing, random: Random, clock: Clock, probes?: ProbeSender<Host>) {
    const { name, pickAfterProbes } = createBalancer<Host>(balancing.policy, random, clock, probes);
    this.name = name;
    this.pickAfterProbes = pickAfterProbes && ((context, onPicked) => this.#ask(context, onPicked));
    this.#probes = probes;
    this.#balancing = balancing;
    this.#random = random;
    this.#clock = clock;
  }

  /** How many priorities use all of their hosts as too few are available. */
  get panicking(): number {
    return this.#panicking;
  }

  /** Percent of the requests that each priority has. */
  get loads(): ReadonlyMap<number, number> {
    return new Map(this.#levels.map(({ priority, percent }) => [priority, percent]));
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    const groups = [...groupBy(hosts, ({ endpoint }) => endpoint.priority ?? 0)].sort(([a], [b]) => a - b);
    const health = groups.map(([, group]) => ({
      available: group.filter((host) => view.isAvailable(host)).length,
      // Who is about to go is not missed: a rolling update is no failure.
      total: group.filter(({ endpoint }) => endpoint.health !== 'draining').length,
    }));
    const loads = loadOfPriorities(health, this.#balancing);
    const before = this.#levels;
    this.#panicking = 0;
    this.#levels = groups.map(([priority, group], index) => {
      const level = before.find((one) => one.priority === priority);
      const balancer = level?.balancer ?? this.#createLevel();
      const { percent, panic } = loads[index]!;
      if (panic) this.#panicking += 1;
      this.#updateLevel(balancer, group, panic ? inPanic : view);
      return { priority, balancer, percent };
    });
    for (const { priority, balancer } of before) {
      if (!this.#levels.some((level) => level.priority === priority)) balancer.close?.();
    }
  }

  pick(context: PickContext): Host | undefined {
    const levels = this.#levels;
    if (levels.length === 1) return levels[0]!.balancer.pick(context);
    const { avoidedPriorities } = context;
    const drawn = this.#draw(context);
    if (drawn !== undefined && !(avoidedPriorities?.has(drawn.priority) ?? false)) {
      const picked = drawn.balancer.pick(context);
      if (picked !== undefined) return picked;
    }
    // Further attempts: whatever is left, first among the priorities that are not avoided.
    for (const level of levels) {
      if (avoidedPriorities?.has(level.priority) ?? false) continue;
      const picked = level.balancer.pick(context);
      if (picked !== undefined) return picked;
    }
    for (const level of levels) {
      const picked = level.balancer.pick(context);
      if (picked !== undefined) return picked;
    }
    return undefined;
  }

  onAttemptEnd(host: Host, feedback: AttemptFeedback): void {
    this.#balancerOf(host)?.onAttemptEnd?.(host, feedback);
  }

  onLoadReport(host: Host, report: LoadReport): void {
    this.#balancerOf(host)?.onLoadReport?.(host, report);
  }

  close(): void {
    for (const { balancer } of this.#levels) balancer.close?.();
  }

  #ask(context: PickContext, onPicked: (host: Host | undefined) => void): void {
    const drawn = this.#draw(context);
    const isAvoided = drawn === undefined || (context.avoidedPriorities?.has(drawn.priority) ?? false);
    const balancer = isAvoided ? undefined : drawn.balancer;
    if (balancer?.pickAfterProbes === undefined) return onPicked(this.pick(context));
    balancer.pickAfterProbes(context, (host) => onPicked(host ?? this.pick(context)));
  }

  #balancerOf({ endpoint }: Host): Balancer<Host> | undefined {
    const priority = endpoint.priority ?? 0;
    for (const level of this.#levels) if (level.priority === priority) return level.balancer;
    return undefined;
  }

  /** A request that is bound to something goes to the same priority each time. */
  #draw({ hash }: PickContext): Level<Host> | undefined {
    let point = hash === undefined ? this.#random.int(100) : remainder(hash, 100);
    for (const level of this.#levels) {
      if (point < level.percent) return level;
      point -= level.percent;
    }
    return undefined;
  }

  #createLevel(): Balancer<Host> {
    const { policy, localityWeighted: weighted, zoneAware, overprovisioningPercent } = this.#balancing;
    const create = (): Balancer<Host> =>
      createBalancer<Host>(policy, this.#random, this.#clock, this.#probes);
    if (needsHash(policy)) return create();
    if (weighted) return new GroupBalancer(divideByLocality(overprovisioningPercent), create, this.#random);
    return zoneAware === undefined
      ? create()
      : new GroupBalancer(divideByZone(zoneAware), create, this.#random);
  }

  #updateLevel(balancer: Balancer<Host>, hosts: readonly Host[], view: HostView): void {
    const { policy, localityWeighted: weighted, overprovisioningPercent } = this.#balancing;
    const isWeightedByHost = weighted && needsHash(policy);
    balancer.update(hosts, isWeightedByHost ? localityWeighted(hosts, view, overprovisioningPercent) : view);
  }
}
