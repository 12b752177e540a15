/** A number of 64 bits, which JavaScript has no cheap type for: two of 32, each from 0 to 2^32 - 1. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

const TWO_32 = 2 ** 32;

/** Remainder of a division by an integer from 1 to 2^22, all of whose products a double holds exactly. */
export function remainder({ high, low }: Hash64, divisor: number): number {
  return ((high % divisor) * (TWO_32 % divisor) + (low % divisor)) % divisor;
}
