import { randomFillSync } from 'node:crypto';
import type { Random } from '@weir/core';

/**
 * A pseudo-random generator for picking and jitter, not for secrets: sfc32 (Chris Doty-Humphrey's "small
 * fast counter", PractRand), which passes PractRand and BigCrush, started from 96 bits of the operating
 * system's entropy so that no two proxies walk in step.
 */
export function systemRandom(): Random {
  const seed = randomFillSync(new Int32Array(3));
  return new Sfc32(seed[0] ?? 0, seed[1] ?? 0, seed[2] ?? 0);
}

class Sfc32 implements Random {
  // An Int32Array, because fields holding integers beyond 31 bits would be boxed.
  readonly #state = new Int32Array(4);

  constructor(a: number, b: number, c: number) {
    this.#state.set([a, b, c, 1]);
    // Twelve rounds mix the seed into all of the state.
    for (let round = 0; round < 12; round++) this.#next32();
  }

  next(): number {
    const high = this.#next32() >>> 5;
    const low = this.#next32() >>> 6;
    return (high * 0x4000000 + low) / 2 ** 53;
  }

  int(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  #next32(): number {
    const state = this.#state as { [index: number]: number };
    const a = state[0]!;
    const b = state[1]!;
    const c = state[2]!;
    const counter = state[3]!;
    const output = (a + b + counter) | 0;
    state[0] = b ^ (b >>> 9);
    state[1] = (c + (c << 3)) | 0;
    state[2] = (((c << 21) | (c >>> 11)) + output) | 0;
    state[3] = (counter + 1) | 0;
    return output;
  }
}
