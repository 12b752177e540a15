import type { Hash64 } from '../hash/hash64.js';
import { xxHash64 } from '../hash/xxhash64.js';

export interface RingSettings {
  /** Least number of places; 1 to 8 388 608 (`RingHashLbConfig.minimum_ring_size`, default 1024). */
  readonly minimumRingSize: number;
  /** Most places, and no fewer than the least (`maximum_ring_size`, default 8 388 608). */
  readonly maximumRingSize: number;
}

/**
 * A circle of all 64-bit numbers on which every host has places in proportion to its weight. It depends on
 * addresses and weights alone: all who build it from the same build the same, and one host more or less
 * leaves the places of the others alone.
 *
 * Envoy's and gRPC's (gRFC A42): the i-th place of a host is XXH64 of `<address>_<i>`. The lightest host has a
 * whole number of places, the others as many as are due; Envoy takes the hosts as they come, here they are in
 * order of their addresses, so that the order of an update does not count.
 */
export class HashRing {
  /** Of each place, in ascending order of the pairs. */
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;
  readonly #owner: Uint32Array;

  /**
   * @param addresses each once, in ascending order
   * @param weights one for each address, more than 0
   */
  constructor(addresses: readonly string[], weights: readonly number[], settings: RingSettings) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const lightest = Math.min(...weights) / total;
    const due = Math.ceil(lightest * settings.minimumRingSize) / lightest;
    const scale = Math.min(due, settings.maximumRingSize);
    // One more for what rounding may add to a sum that should be whole.
    const most = Math.ceil(scale) + 1;
    const high = new Uint32Array(most);
    const low = new Uint32Array(most);
    const owner = new Uint32Array(most);
    let size = 0;
    let target = 0;
    for (let host = 0; host < addresses.length; host++) {
      target += (scale * weights[host]!) / total;
      for (let index = 0; size < target; index++, size++) {
        const hash = xxHash64(`${addresses[host]!}_${index}`);
        high[size] = hash.high;
        low[size] = hash.low;
        owner[size] = host;
      }
    }
    const order = Uint32Array.from({ length: size }, (_, place) => place);
    order.sort((a, b) => high[a]! - high[b]! || low[a]! - low[b]! || owner[a]! - owner[b]!);
    this.#high = order.map((place) => high[place]!);
    this.#low = order.map((place) => low[place]!);
    this.#owner = order.map((place) => owner[place]!);
  }

  /** How many places there are. */
  get size(): number {
    return this.#owner.length;
  }

  /** The first place at or after a hash, the first of all coming after the last. */
  placeOf({ high, low }: Hash64): number {
    let from = 0;
    let to = this.#owner.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const above = this.#high[middle]! - high;
      const isBefore = above < 0 || (above === 0 && this.#low[middle]! < low);
      if (isBefore) from = middle + 1;
      else to = middle;
    }
    return from === this.#owner.length ? 0 : from;
  }

  /** Index of the address that has a place. */
  ownerOf(place: number): number {
    return this.#owner[place]!;
  }
}
