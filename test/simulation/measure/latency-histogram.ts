/** Each bucket is half a percent wider than the one before it. */
const LOG_STEP = Math.log(1.005);
const LEAST_MS = 0.05;
const BUCKETS = 2 + Math.ceil(Math.log(100_000 / LEAST_MS) / LOG_STEP);

/** Counts of latencies from 50 µs to 100 s, exact to half a percent. */
export class LatencyHistogram {
  readonly #counts: Uint32Array<ArrayBuffer>;
  #total = 0;

  constructor(counts: Uint32Array<ArrayBuffer> = new Uint32Array(BUCKETS)) {
    this.#counts = counts;
    for (const count of counts) this.#total += count;
  }

  get total(): number {
    return this.#total;
  }

  /** What makes the same histogram again; not a copy. */
  get counts(): Uint32Array<ArrayBuffer> {
    return this.#counts;
  }

  add(latencyMs: number): void {
    const bucket = latencyMs <= LEAST_MS ? 0 : 1 + Math.floor(Math.log(latencyMs / LEAST_MS) / LOG_STEP);
    const at = Math.min(bucket, BUCKETS - 1);
    this.#counts[at] = this.#counts[at]! + 1;
    this.#total += 1;
  }

  merge(other: LatencyHistogram): void {
    for (let at = 0; at < BUCKETS; at++) this.#counts[at] = this.#counts[at]! + other.#counts[at]!;
    this.#total += other.#total;
  }

  /**
   * The latency that a fraction `q` of all do not exceed; `NaN` when there are none.
   *
   * @param q in (0, 1]
   */
  quantile(q: number): number {
    if (this.#total === 0) return NaN;
    let left = Math.ceil(q * this.#total);
    for (let at = 0; at < BUCKETS; at++) {
      left -= this.#counts[at]!;
      if (left <= 0) return at === 0 ? LEAST_MS : LEAST_MS * Math.exp((at - 0.5) * LOG_STEP);
    }
    return NaN;
  }
}
