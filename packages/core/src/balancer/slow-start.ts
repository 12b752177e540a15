import type { Clock } from '../clock.js';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { LoadReport } from '../load/load-report.js';
import type { AttemptFeedback } from './attempt-feedback.js';
import type { Balancer, PickContext } from './balancer.js';
import { asDescribed, type HostView } from './host-view.js';

/** How a newcomer is brought up to its full share (Envoy `SlowStartConfig`, DestinationRule `warmup`). */
export interface SlowStartSettings {
  /** Milliseconds until it has its full share; more than 0 (`slow_start_window`). */
  readonly windowMs: number;
  /** Its share at least, in percent of the full one; 0 to 100, default of Envoy 10 (`min_weight_percent`). */
  readonly minWeightPercent: number;
  /** 1 rises evenly, more rises faster at first; more than 0, default of Envoy 1 (`aggression`). */
  readonly aggression: number;
}

/** How often in a window the shares are set anew. */
const STEPS = 50;
const SHORTEST_STEP_MS = 20;

/**
 * Gives a host that has just become available less than its share for a while. Envoy's formula: its weight
 * times `max(min_weight_percent, (max(t, 1 s) / window) ^ (1 / aggression))`.
 *
 * Since when a host is available is kept with its statistics, so that another configuration does not begin
 * again. Hosts that become available together have the same factor and share evenly.
 */
export class SlowStartBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name: string;
  readonly pickAfterProbes: Balancer<Host>['pickAfterProbes'];
  readonly #inner: Balancer<Host>;
  readonly #settings: SlowStartSettings;
  readonly #clock: Clock;
  #hosts: readonly Host[] = [];
  #view: HostView = asDescribed;
  /** When shares are due to change next; `Infinity` when all hosts have their full one. */
  #nextStepMs = Infinity;

  /** @throws {RangeError} when a setting is out of its range */
  constructor(inner: Balancer<Host>, settings: SlowStartSettings, clock: Clock) {
    const { windowMs, minWeightPercent, aggression } = settings;
    if (!(windowMs > 0 && windowMs < Infinity)) {
      throw new RangeError(`slow start: slow_start_window must be longer than 0, not ${windowMs} ms`);
    }
    if (!(minWeightPercent >= 0 && minWeightPercent <= 100)) {
      throw new RangeError(`slow start: min_weight_percent must be from 0 to 100, not ${minWeightPercent}`);
    }
    if (!(aggression > 0 && aggression < Infinity)) {
      throw new RangeError(`slow start: aggression must be more than 0, not ${aggression}`);
    }
    this.name = inner.name;
    this.#inner = inner;
    this.#settings = settings;
    this.#clock = clock;
    this.pickAfterProbes =
      inner.pickAfterProbes &&
      ((context, onPicked) => {
        this.#stepWhenDue();
        inner.pickAfterProbes?.(context, onPicked);
      });
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    this.#hosts = [...hosts];
    this.#view = view;
    this.#step();
  }

  pick(context: PickContext): Host | undefined {
    this.#stepWhenDue();
    return this.#inner.pick(context);
  }

  onAttemptEnd(host: Host, feedback: AttemptFeedback): void {
    this.#inner.onAttemptEnd?.(host, feedback);
  }

  onLoadReport(host: Host, report: LoadReport): void {
    this.#inner.onLoadReport?.(host, report);
  }

  close(): void {
    this.#inner.close?.();
  }

  #stepWhenDue(): void {
    if (this.#nextStepMs !== Infinity && this.#clock.nowMs() >= this.#nextStepMs) this.#step();
  }

  #step(): void {
    const nowMs = this.#clock.nowMs();
    const view = this.#view;
    const { windowMs } = this.#settings;
    const factors = new Map<EndpointState, number>();
    for (const host of this.#hosts) {
      if (!view.isAvailable(host)) {
        host.stats.availableSinceMs = undefined;
        continue;
      }
      const ageMs = nowMs - (host.stats.availableSinceMs ??= nowMs);
      if (ageMs < windowMs) factors.set(host, this.#factor(ageMs));
    }
    this.#nextStepMs = factors.size === 0 ? Infinity : nowMs + Math.max(SHORTEST_STEP_MS, windowMs / STEPS);
    this.#inner.update(this.#hosts, {
      isAvailable: (host) => view.isAvailable(host),
      weightOf: (host) => view.weightOf(host) * (factors.get(host) ?? 1),
    });
  }

  #factor(ageMs: number): number {
    const { windowMs, minWeightPercent, aggression } = this.#settings;
    const risen = Math.min(1, Math.max(ageMs, 1_000) / windowMs) ** (1 / aggression);
    // Nothing at all would be no weight.
    return Math.max(minWeightPercent / 100, risen, 1e-6);
  }
}
