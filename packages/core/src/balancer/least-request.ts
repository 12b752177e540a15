import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';
import type { Balancer, PickContext } from './balancer.js';
import { FluidSchedule } from './fluid-schedule.js';
import { TurnHeap } from './turn-heap.js';
import type { LoadedSchedule } from './loaded-schedule.js';
import { areEqual, asDescribed, availableHosts, type HostView } from './host-view.js';

/** Up to so many hosts a pass over all of them is no slower than a heap, and smoother. */
const FEW = 32;

export interface LeastRequestSettings {
  readonly choiceCount: number;
  readonly activeRequestBias: number;
}

/**
 * The host with the fewest requests in flight (Envoy `LEAST_REQUEST`).
 *
 * With equal weights, the least busy of `choiceCount` different random hosts. Comparing a few at random is
 * nearly as good as comparing all, and keeps many clients from rushing to the one host that is idle
 * (Mitzenmacher 2001). Envoy and gRFC A48 draw with replacement; of three hosts that compares a host with
 * itself one time in three, and of two every other time, so here the draws differ. When several are equally
 * busy, the one picked longest ago is taken: calls that follow one another find every host idle and are still
 * spread evenly.
 *
 * With unequal weights, in proportion to `weight / (inFlight + 1) ^ activeRequestBias`, Envoy's formula;
 * `choiceCount` has no meaning then.
 */
export class LeastRequestBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name = 'least_request';
  readonly #choiceCount: number;
  readonly #bias: number;
  readonly #random: Random;
  /** In no particular order: picking shuffles them. */
  #hosts: Host[] = [];
  #weighted: LoadedSchedule<Host> | undefined;
  #picks = 0;

  /** @throws {RangeError} when a setting is out of its range */
  constructor(settings: LeastRequestSettings, random: Random) {
    const { choiceCount, activeRequestBias } = settings;
    if (!Number.isInteger(choiceCount) || choiceCount < 2) {
      throw new RangeError(
        `least_request: choice_count must be an integer of at least 2, not ${choiceCount}`,
      );
    }
    if (!(activeRequestBias >= 0 && activeRequestBias < Infinity)) {
      throw new RangeError(
        `least_request: active_request_bias must be a number of at least 0, not ${activeRequestBias}`,
      );
    }
    this.#choiceCount = choiceCount;
    this.#bias = activeRequestBias;
    this.#random = random;
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    this.#hosts = availableHosts(hosts, view);
    const weights = this.#hosts.map((host) => view.weightOf(host));
    this.#weighted = areEqual(weights)
      ? undefined
      : new (this.#hosts.length > FEW ? TurnHeap : FluidSchedule)(
          this.#hosts,
          weights,
          this.#bias,
          this.#random,
          this.#weighted,
        );
    // Hosts may come with the numbers of an earlier balancer; this one's picks must count as later.
    for (const host of hosts) this.#picks = Math.max(this.#picks, host.stats.lastPick);
  }

  pick(context: PickContext): Host | undefined {
    const picked =
      this.#weighted === undefined
        ? this.#leastBusyOfSome(context.excluded)
        : this.#weighted.next(context.excluded);
    if (picked !== undefined) picked.stats.lastPick = ++this.#picks;
    return picked;
  }

  onAttemptEnd(host: Host): void {
    this.#weighted?.onLoadChange(host);
  }

  #leastBusyOfSome(excluded: ReadonlySet<EndpointState> | undefined): Host | undefined {
    const hosts = this.#hosts;
    const count = hosts.length;
    let best: Host | undefined;
    // The first steps of a Fisher-Yates shuffle: a uniform draw without replacement, in place, whatever the
    // order before.
    for (let drawn = 0, compared = 0; drawn < count && compared < this.#choiceCount; drawn++) {
      const at = drawn + this.#random.int(count - drawn);
      const host = hosts[at]!;
      hosts[at] = hosts[drawn]!;
      hosts[drawn] = host;
      if (excluded !== undefined && excluded.has(host)) continue;
      compared += 1;
      if (best === undefined || isLessBusy(host.stats, best.stats)) best = host;
    }
    return best;
  }
}

function isLessBusy(a: EndpointState['stats'], b: EndpointState['stats']): boolean {
  return a.inFlight < b.inFlight || (a.inFlight === b.inFlight && a.lastPick < b.lastPick);
}
