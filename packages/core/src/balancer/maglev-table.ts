import { type Hash64, remainder } from '../hash/hash64.js';
import { xxHash64 } from '../hash/xxhash64.js';

/** Largest size of a Maglev table (Envoy, `MaglevLbConfig.table_size`). */
export const MOST_PLACES = 5_000_011;

/**
 * A table whose places belong to the hosts in proportion to their weights, almost evenly, and mostly to the
 * same ones when a host comes or goes (Eisenbud et al., "Maglev", NSDI 2016, section 3.4; weights as in
 * Envoy's `MaglevTable`). Each host wants the places in an order of its own, and in turns they take the first
 * that is free.
 */
export class MaglevTable {
  readonly #owner: Uint32Array;

  /**
   * @param addresses each once, in ascending order
   * @param weights one for each address, more than 0
   * @param size a prime
   */
  constructor(addresses: readonly string[], weights: readonly number[], size: number) {
    this.#owner = fill(addresses, weights, size);
  }

  get size(): number {
    return this.#owner.length;
  }

  placeOf(hash: Hash64): number {
    return remainder(hash, this.#owner.length);
  }

  /** Index of the address that has a place. */
  ownerOf(place: number): number {
    return this.#owner[place]!;
  }
}

function fill(addresses: readonly string[], weights: readonly number[], size: number): Uint32Array {
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  const next = Float64Array.from(addresses, (address) => remainder(xxHash64(address), size));
  const skip = Float64Array.from(addresses, (address) => remainder(xxHash64(address, 1), size - 1) + 1);
  /** How much weight a host must have gathered, in rounds, before it takes its next place. */
  const target = new Float64Array(addresses.length);
  const owner = new Uint32Array(size);
  const taken = new Uint8Array(size);
  for (let round = 1, left = size; left > 0; round++) {
    for (let host = 0; host < addresses.length && left > 0; host++) {
      if (round * weights[host]! < target[host]!) continue;
      target[host]! += heaviest;
      let place = next[host]!;
      while (taken[place] === 1) place = (place + skip[host]!) % size;
      taken[place] = 1;
      owner[place] = host;
      next[host] = (place + skip[host]!) % size;
      left -= 1;
    }
  }
  return owner;
}

/** Whether a number is prime; only then do the steps of every host lead to every place. */
export function isPrime(candidate: number): boolean {
  if (!Number.isInteger(candidate) || candidate < 2) return false;
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
    if (candidate % divisor === 0) return false;
  }
  return true;
}
