import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';

/** Weights are scaled so that the largest is this: grpc-go's `maxWeight`. */
const FULL = 65_535;
/** How far apart neighbours start, so that light hosts do not all have their turn in the same round. */
const OFFSET = 32_767;

/**
 * Takes turns by weight without a queue and without drift: the static stride scheduler of gRPC's
 * `client_side_weighted_round_robin` (gRFC A58; grpc-go `scheduler.go`).
 *
 * grpc-go writes it as a formula of a running number: in round g, host i has its turn unless `(weight * g + i
 * * OFFSET) % FULL < FULL - weight`. That is a counter per host which gains `weight` each round and gives a
 * turn when it passes `FULL`; kept as counters it needs neither multiplication nor division, and can be
 * carried over into the schedule of other hosts or weights. The heaviest host has a turn in every round, so
 * `next` looks at each host at most once. With equal weights this is plain round robin.
 */
export class StrideSchedule<Host extends EndpointState> {
  readonly #hosts: readonly Host[];
  readonly #stride: Int32Array;
  readonly #counter: Int32Array;
  #cursor = 0;

  /**
   * @param hosts the schedule keeps the array, and speaks of hosts by their index in it
   * @param weights one for each host, more than 0
   * @param before the schedule to carry on: its hosts keep their counters, and whoever was next stays next
   */
  constructor(
    hosts: readonly Host[],
    weights: readonly number[],
    random: Random,
    before?: StrideSchedule<Host>,
  ) {
    this.#hosts = hosts;
    this.#stride = strides(weights);
    this.#counter = new Int32Array(hosts.length);
    if (hosts.length === 0) return;

    const counters = before?.counters();
    const upNext = before?.nextAmong(hosts);
    const round = random.int(FULL);
    for (let index = 0; index < hosts.length; index++) {
      const fresh = (this.#stride[index]! * round + index * OFFSET) % FULL;
      this.#counter[index] = counters?.get(hosts[index]!) ?? fresh;
    }
    this.#cursor = upNext === undefined ? random.int(hosts.length) : hosts.indexOf(upNext);
  }

  /** Index of the host whose turn it is; -1 when there are no hosts. */
  next(): number {
    const count = this.#stride.length;
    if (count === 0) return -1;
    for (;;) {
      const index = this.#cursor;
      this.#cursor = index + 1 === count ? 0 : index + 1;
      const counter = this.#counter[index]! + this.#stride[index]!;
      if (counter >= FULL) {
        this.#counter[index] = counter - FULL;
        return index;
      }
      this.#counter[index] = counter;
    }
  }

  /** Each host's counter, for the schedule that follows. */
  counters(): ReadonlyMap<Host, number> {
    return new Map(this.#hosts.map((host, index) => [host, this.#counter[index]!]));
  }

  /** The first of this schedule's hosts, in the order of their turns, that is among `hosts`. */
  nextAmong(hosts: readonly Host[]): Host | undefined {
    const staying = new Set(hosts);
    for (let step = 0; step < this.#hosts.length; step++) {
      const host = this.#hosts[(this.#cursor + step) % this.#hosts.length]!;
      if (staying.has(host)) return host;
    }
    return undefined;
  }
}

function strides(weights: readonly number[]): Int32Array {
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  // At least 1: what has any weight must have a turn some time, however heavy another host is.
  return Int32Array.from(weights, (weight) => Math.max(1, Math.round((weight * FULL) / heaviest)));
}
