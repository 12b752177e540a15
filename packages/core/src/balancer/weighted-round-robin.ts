import type { Clock } from '../clock.js';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { OrcaWeight, type OrcaWeightSettings } from '../endpoint/orca-weight.js';
import type { LoadReport } from '../load/load-report.js';
import type { Random } from '../random.js';
import type { AttemptFeedback } from './attempt-feedback.js';
import type { Balancer, PickContext } from './balancer.js';
import { asDescribed, type HostView } from './host-view.js';
import { RoundRobinBalancer } from './round-robin.js';
import { checkSetting, type Partly, withDefaults } from './with-defaults.js';

interface AllSettings extends OrcaWeightSettings {
  /** How often the weights are set anew, in milliseconds; no less than 100. */
  readonly updateMs: number;
}

/** The fields of gRPC's `client_side_weighted_round_robin` (gRFC A58, A114). */
export type WeightedRoundRobinSettings = Partly<AllSettings>;

export const defaultWeightedRoundRobin: AllSettings = {
  blackoutMs: 10_000,
  expirationMs: 180_000,
  errorUtilizationPenalty: 1,
  utilizationMetrics: [],
  updateMs: 1_000,
};

const SHORTEST_UPDATE_MS = 100;

/**
 * Round robin by weights that the hosts themselves give through their load reports: requests a second divided
 * by utilization (gRFC A58). Hosts without a weight get the mean of the others; with fewer than two weights
 * there is nothing to compare, and it is round robin by the weights of the endpoints.
 *
 * As in gRPC and Envoy the reported weight takes the place of the endpoint's; what slow start makes of the
 * latter still counts.
 */
export class WeightedRoundRobinBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name = 'weighted_round_robin';
  readonly #settings: AllSettings;
  readonly #clock: Clock;
  readonly #turns: RoundRobinBalancer<Host>;
  #hosts: readonly Host[] = [];
  #away: ReadonlySet<Host> = new Set();
  #view: HostView = asDescribed;
  /** The weight of each host in force, empty when they are not used. */
  #weights: ReadonlyMap<EndpointState, number> = new Map();
  #nextUpdateMs = -Infinity;

  /** @throws {RangeError} when a setting is out of its range */
  constructor(settings: WeightedRoundRobinSettings, random: Random, clock: Clock) {
    this.#settings = withDefaults(defaultWeightedRoundRobin, settings);
    for (const name of ['blackoutMs', 'expirationMs', 'updateMs', 'errorUtilizationPenalty'] as const) {
      checkSetting(this.name, name, this.#settings[name], 0, Number.MAX_SAFE_INTEGER);
    }
    this.#clock = clock;
    this.#turns = new RoundRobinBalancer(random);
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    this.#hosts = [...hosts];
    this.#view = view;
    const away = new Set<Host>();
    for (const host of hosts) {
      if (!view.isAvailable(host)) away.add(host);
      else if (this.#away.has(host)) host.stats.orca?.restart();
    }
    this.#away = away;
    this.#weigh(this.#clock.nowMs());
    this.#turn();
  }

  pick(context: PickContext): Host | undefined {
    const nowMs = this.#clock.nowMs();
    if (nowMs >= this.#nextUpdateMs && this.#weigh(nowMs)) this.#turn();
    return this.#turns.pick(context);
  }

  onAttemptEnd(host: Host, { load }: AttemptFeedback): void {
    if (load !== undefined) this.onLoadReport(host, load);
  }

  onLoadReport({ stats }: Host, report: LoadReport): void {
    (stats.orca ??= new OrcaWeight()).observe(report, this.#clock.nowMs(), this.#settings);
  }

  /** Whether the weights are others than before. */
  #weigh(nowMs: number): boolean {
    this.#nextUpdateMs = nowMs + Math.max(SHORTEST_UPDATE_MS, this.#settings.updateMs);
    const weights = new Map<EndpointState, number>();
    let total = 0;
    for (const host of this.#hosts) {
      const weight = host.stats.orca?.weightAt(nowMs, this.#settings) ?? 0;
      if (weight === 0 || this.#away.has(host)) continue;
      weights.set(host, weight);
      total += weight;
    }
    if (weights.size < 2) weights.clear();
    else {
      const mean = total / weights.size;
      for (const host of this.#hosts) if (!weights.has(host)) weights.set(host, mean);
    }
    const before = this.#weights;
    this.#weights = weights;
    if (weights.size !== before.size) return true;
    for (const [host, weight] of weights) if (before.get(host) !== weight) return true;
    return false;
  }

  #turn(): void {
    const view = this.#view;
    const weights = this.#weights;
    if (weights.size === 0) return this.#turns.update(this.#hosts, view);
    this.#turns.update(this.#hosts, {
      isAvailable: (host) => view.isAvailable(host),
      weightOf: (host) => (weights.get(host)! * view.weightOf(host)) / host.endpoint.weight,
    });
  }
}
