/** The only door to chance. A test passes a seeded one. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, `bound`); `bound` is a positive integer up to 2^32. */
  int(bound: number): number;
}
