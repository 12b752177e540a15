/** The only door to chance. A test passes a seeded one. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, `bound`); `bound` is a positive integer up to 2^32. */
  int(bound: number): number;
}

/**
 * A reproducible `Random`: the same seed gives the same sequence on every machine. Good enough for balancing
 * and simulation, never for secrets.
 *
 * @param seed any integer; only its low 32 bits count
 */
export function seededRandom(seed: number): Random {
  return new Xoshiro128(seed);
}

/**
 * xoshiro128** (Blackman and Vigna, 2018), its 128 bits of state filled by splitmix32 as its authors advise.
 */
class Xoshiro128 implements Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    let state = seed | 0;
    const splitmix = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return z ^ (z >>> 15);
    };
    this.#a = splitmix();
    this.#b = splitmix();
    this.#c = splitmix();
    this.#d = splitmix();
  }

  next(): number {
    // 53 bits, as many as a double holds exactly.
    const high = this.#bits() >>> 5;
    const low = this.#bits() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  int(bound: number): number {
    // Values from the incomplete last run of `bound` are drawn again, or low results would come up more
    // often.
    // Their number is 2^32 modulo `bound`, written so that nothing exceeds 32 bits: a division of doubles takes
    // longer than all the rest.
    const lastFair = 0xffff_ffff - ((-bound >>> 0) % bound);
    let drawn = this.#bits() >>> 0;
    while (drawn > lastFair) drawn = this.#bits() >>> 0;
    return drawn % bound;
  }

  #bits(): number {
    const scrambled = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return scrambled;
  }
}

function rotateLeft(bits: number, count: number): number {
  return (bits << count) | (bits >>> (32 - count));
}
