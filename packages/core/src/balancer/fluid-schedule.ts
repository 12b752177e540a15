import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';
import { LEAST_SHARE, type LoadedSchedule } from './loaded-schedule.js';

/**
 * Takes turns in proportion to `weight / (inFlight + 1) ^ bias`, as it is at each turn (Envoy `LEAST_REQUEST`
 * with unequal weights). Think of a vessel per host that fills at the rate of the host's present weight:
 * whichever is full first has the turn and is emptied.
 *
 * Weights that move with every request rule out a schedule made beforehand. Envoy keeps a queue of deadlines
 * and looks at a host's load only when the host's turn has come; a host that was busy then and is idle now
 * waits out its old deadline. Here each turn looks at every host and never works with stale numbers; the
 * price is a pass over them, about 10 ns a host: `TurnHeap` is for many.
 */
export class FluidSchedule<Host extends EndpointState> implements LoadedSchedule<Host> {
  readonly #hosts: readonly Host[];
  readonly #bias: number;
  readonly #weight: Float64Array;
  /** Rate of each host at the present turn. */
  readonly #rate: Float64Array;
  /** How full each vessel is, 0 to 1. */
  readonly #level: Float64Array;

  /**
   * @param hosts a copy is kept
   * @param weights one for each host, more than 0
   * @param before the schedule to carry on: its hosts keep their levels
   */
  constructor(
    hosts: readonly Host[],
    weights: readonly number[],
    bias: number,
    random: Random,
    before?: LoadedSchedule<Host>,
  ) {
    this.#hosts = [...hosts];
    this.#bias = bias;
    this.#weight = Float64Array.from(weights);
    this.#rate = new Float64Array(hosts.length);
    const levels = before?.levels();
    // A newcomer is filled at random, or all clients would begin with the same host.
    this.#level = Float64Array.from(hosts, (host) => levels?.get(host) ?? random.next());
  }

  next(excluded: ReadonlySet<EndpointState> | undefined): Host | undefined {
    const count = this.#hosts.length;
    const bias = this.#bias;
    let first = -1;
    let soonest = Infinity;
    for (let index = 0; index < count; index++) {
      const host = this.#hosts[index]!;
      if (excluded !== undefined && excluded.has(host)) {
        this.#rate[index] = 0;
        continue;
      }
      // Written out here, as a function's result would be a double on the heap unless the call is inlined.
      const load = host.stats.inFlight + 1;
      const share = bias === 1 ? 1 / load : Math.max(LEAST_SHARE, load ** -bias);
      const rate = this.#weight[index]! * share;
      this.#rate[index] = rate;
      const untilFull = (1 - this.#level[index]!) / rate;
      if (untilFull < soonest || first < 0) {
        soonest = untilFull;
        first = index;
      }
    }
    if (first < 0) return undefined;
    for (let index = 0; index < count; index++) this.#level[index]! += soonest * this.#rate[index]!;
    this.#level[first] = 0;
    return this.#hosts[first];
  }

  /** Each turn looks at all loads anyway. */
  onLoadChange(): void {}

  levels(): ReadonlyMap<Host, number> {
    return new Map(this.#hosts.map((host, index) => [host, this.#level[index]!]));
  }
}
