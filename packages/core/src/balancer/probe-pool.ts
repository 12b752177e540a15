import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Moment } from './moment.js';
import type { ProbedHost } from './probed-host.js';
import type { RifDistribution } from './rif-distribution.js';

/** An answer to a probe that may still be used. */
export class PooledProbe<Host extends EndpointState> {
  probed: ProbedHost<Host> | undefined = undefined;
  /** As answered, and one more for each pick since. */
  requestsInFlight = 0;
  latencyMs = 0.5;
  receivedMs = 0.5;
  usesLeft = 0;
}

/**
 * The latest answers of some hosts, of each host one. The entries are made once and used again, as picks shall
 * leave nothing on the heap.
 */
export class ProbePool<Host extends EndpointState> {
  /** The first `size` are in use. */
  readonly #probes: PooledProbe<Host>[];
  #size = 0;

  constructor(capacity: number) {
    this.#probes = Array.from({ length: capacity }, () => new PooledProbe<Host>());
  }

  get size(): number {
    return this.#size;
  }

  get capacity(): number {
    return this.#probes.length;
  }

  at(index: number): PooledProbe<Host> {
    return this.#probes[index]!;
  }

  /** The entry for an answer: that of the host's last, else a free one, else that of the oldest. */
  entryFor(probed: ProbedHost<Host>): PooledProbe<Host> {
    let index = this.indexOf(probed);
    if (index < 0) index = this.#size < this.capacity ? this.#size++ : this.oldest();
    const probe = this.#probes[index]!;
    probe.probed = probed;
    return probe;
  }

  /** -1 when the pool has no answer of this host. */
  indexOf(probed: ProbedHost<Host>): number {
    for (let index = 0; index < this.#size; index++) {
      if (this.#probes[index]!.probed === probed) return index;
    }
    return -1;
  }

  removeAt(index: number): void {
    this.#size -= 1;
    const removed = this.#probes[index]!;
    removed.probed = undefined;
    this.#probes[index] = this.#probes[this.#size]!;
    this.#probes[this.#size] = removed;
  }

  /** Drops the answers that are older. */
  dropOlder(maxAgeMs: number, { nowMs }: Moment): void {
    for (let index = this.#size - 1; index >= 0; index--) {
      if (nowMs - this.#probes[index]!.receivedMs > maxAgeMs) this.removeAt(index);
    }
  }

  /** Index of the oldest answer; -1 when the pool is empty. */
  oldest(): number {
    let oldest = -1;
    for (let index = 0; index < this.#size; index++) {
      if (oldest < 0 || this.#probes[index]!.receivedMs < this.#probes[oldest]!.receivedMs) oldest = index;
    }
    return oldest;
  }

  /**
   * Index of the answer that is least likely to be of use: the hot one with the most requests in flight, else
   * the cold one with the highest latency; -1 when the pool is empty.
   */
  worst({ threshold }: RifDistribution): number {
    let worst = -1;
    for (let index = 0; index < this.#size; index++) {
      if (worst < 0 || isWorse(this.#probes[index]!, this.#probes[worst]!, threshold)) worst = index;
    }
    return worst;
  }

  /** The mean latency of the answers; 0 when the pool is empty. */
  meanLatencyMs(): number {
    let sum = 0;
    for (let index = 0; index < this.#size; index++) sum += this.#probes[index]!.latencyMs;
    return this.#size === 0 ? 0 : sum / this.#size;
  }
}

function isWorse<Host extends EndpointState>(
  a: PooledProbe<Host>,
  b: PooledProbe<Host>,
  hotAbove: number,
): boolean {
  const isHot = a.requestsInFlight > hotAbove;
  if (isHot !== b.requestsInFlight > hotAbove) return isHot;
  return isHot ? a.requestsInFlight > b.requestsInFlight : a.latencyMs > b.latencyMs;
}
