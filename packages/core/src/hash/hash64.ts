/** A number of 64 bits, which JavaScript has no cheap type for: two of 32, each from 0 to 2^32 - 1. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}
