import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';
import { LEAST_SHARE, type LoadedSchedule } from './loaded-schedule.js';

/**
 * Takes turns as `FluidSchedule` does, in logarithmic time: a heap of the instants at which each host's vessel
 * will be full. This is Envoy's scheduler (a queue of deadlines, each `1 / rate` after the last turn), with
 * one thing added: where a host's load has changed, its deadline is moved, as soon as `onLoadChange` says so
 * or its turn comes. Without the former a host that was busy waits out its old deadline, as in Envoy.
 */
export class TurnHeap<Host extends EndpointState> implements LoadedSchedule<Host> {
  readonly #hosts: readonly Host[];
  readonly #indices: ReadonlyMap<EndpointState, number>;
  readonly #bias: number;
  readonly #weight: Float64Array;
  /** By host: how fast its vessel fills, for which load, and when it is full. */
  readonly #rate: Float64Array;
  readonly #load: Int32Array;
  readonly #due: Float64Array;
  /** Hosts by index, the first due first, and where each stands. */
  readonly #heap: Int32Array;
  readonly #place: Int32Array;
  #size: number;
  /** Hosts taken out of the heap for one turn. */
  readonly #aside: number[] = [];
  #now = 0.5;

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
    const count = hosts.length;
    this.#hosts = [...hosts];
    this.#indices = new Map(hosts.map((host, index) => [host, index]));
    this.#bias = bias;
    this.#weight = Float64Array.from(weights);
    this.#rate = new Float64Array(count);
    this.#load = new Int32Array(count);
    this.#due = new Float64Array(count);
    this.#heap = Int32Array.from(hosts, (_, index) => index);
    this.#place = Int32Array.from(this.#heap);
    this.#size = count;
    const levels = before?.levels();
    for (let index = 0; index < count; index++) {
      this.#setRate(index, hosts[index]!.stats.inFlight);
      const level = levels?.get(hosts[index]!) ?? random.next();
      this.#due[index] = this.#now + (1 - level) / this.#rate[index]!;
    }
    for (let place = (count >>> 1) - 1; place >= 0; place--) this.#sink(place);
  }

  next(excluded: ReadonlySet<EndpointState> | undefined): Host | undefined {
    const picked = this.#first(excluded);
    if (picked >= 0) {
      this.#now = Math.max(this.#now, this.#due[picked]!);
      // The request that is about to begin counts already.
      this.#setRate(picked, this.#hosts[picked]!.stats.inFlight + 1);
      this.#due[picked] = this.#now + 1 / this.#rate[picked]!;
      this.#sink(this.#place[picked]!);
    }
    while (this.#aside.length > 0) this.#bringBack(this.#aside.pop()!);
    return picked < 0 ? undefined : this.#hosts[picked];
  }

  onLoadChange(host: Host): void {
    const index = this.#indices.get(host);
    if (index === undefined || this.#load[index] === host.stats.inFlight) return;
    this.#adjust(index);
  }

  levels(): ReadonlyMap<Host, number> {
    return new Map(
      this.#hosts.map((host, index) => {
        const missing = (this.#due[index]! - this.#now) * this.#rate[index]!;
        return [host, Math.min(1, Math.max(0, 1 - missing))];
      }),
    );
  }

  /** The first host that is due and not excluded; -1 when there is none. */
  #first(excluded: ReadonlySet<EndpointState> | undefined): number {
    while (this.#size > 0) {
      const index = this.#heap[0]!;
      const host = this.#hosts[index]!;
      if (excluded !== undefined && excluded.has(host)) this.#setAside(index);
      else if (this.#load[index] !== host.stats.inFlight) this.#adjust(index);
      else return index;
    }
    return -1;
  }

  /** Another load: what is missing in the vessel comes at another rate from now on. */
  #adjust(index: number): void {
    const missing = Math.max(0, this.#due[index]! - this.#now) * this.#rate[index]!;
    this.#setRate(index, this.#hosts[index]!.stats.inFlight);
    this.#due[index] = this.#now + missing / this.#rate[index]!;
    this.#rise(this.#place[index]!);
    this.#sink(this.#place[index]!);
  }

  #setRate(index: number, inFlight: number): void {
    const load = Math.max(0, inFlight) + 1;
    const share = this.#bias === 1 ? 1 / load : Math.max(LEAST_SHARE, load ** -this.#bias);
    this.#load[index] = inFlight;
    this.#rate[index] = this.#weight[index]! * share;
  }

  #setAside(index: number): void {
    const last = this.#heap[this.#size - 1]!;
    this.#size -= 1;
    this.#aside.push(index);
    if (last === index) return;
    this.#put(last, 0);
    this.#sink(0);
  }

  #bringBack(index: number): void {
    this.#put(index, this.#size);
    this.#size += 1;
    this.#rise(this.#size - 1);
  }

  #put(index: number, place: number): void {
    this.#heap[place] = index;
    this.#place[index] = place;
  }

  #rise(from: number): void {
    let place = from;
    const index = this.#heap[place]!;
    while (place > 0) {
      const above = (place - 1) >>> 1;
      const other = this.#heap[above]!;
      if (this.#due[other]! <= this.#due[index]!) break;
      this.#put(other, place);
      place = above;
    }
    this.#put(index, place);
  }

  #sink(from: number): void {
    let place = from;
    const index = this.#heap[place]!;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.#size) break;
      if (below + 1 < this.#size && this.#due[this.#heap[below + 1]!]! < this.#due[this.#heap[below]!]!) {
        below += 1;
      }
      const other = this.#heap[below]!;
      if (this.#due[index]! <= this.#due[other]!) break;
      this.#put(other, place);
      place = below;
    }
    this.#put(index, place);
  }
}
