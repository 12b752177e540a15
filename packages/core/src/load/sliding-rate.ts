const BUCKETS = 10;

/** Events per second over a sliding window of ten buckets. Allocates nothing once made. */
export class SlidingRate {
  readonly #bucketMs: number;
  readonly #startedMs: number;
  readonly #counts = new Float64Array(BUCKETS);
  #bucket = 0;

  /** @param windowMs over how long the rate is taken */
  constructor(windowMs: number, nowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
    this.#startedMs = nowMs;
  }

  add(nowMs: number): void {
    this.#turnTo(nowMs);
    const at = this.#bucket % BUCKETS;
    this.#counts[at] = this.#counts[at]! + 1;
  }

  /** Events per second; in the first bucket after the start as if it were full, so that one is no flood. */
  perSecond(nowMs: number): number {
    this.#turnTo(nowMs);
    let total = 0;
    for (const count of this.#counts) total += count;
    const sinceStartMs = nowMs - this.#startedMs;
    const intoBucketMs = sinceStartMs - this.#bucket * this.#bucketMs;
    const full = Math.min(this.#bucket, BUCKETS - 1);
    return (1000 * total) / Math.max(this.#bucketMs, full * this.#bucketMs + intoBucketMs);
  }

  #turnTo(nowMs: number): void {
    const bucket = Math.floor((nowMs - this.#startedMs) / this.#bucketMs);
    if (bucket <= this.#bucket) return;
    const passed = Math.min(BUCKETS, bucket - this.#bucket);
    for (let step = 0; step < passed; step++) this.#counts[(bucket - step) % BUCKETS] = 0;
    this.#bucket = bucket;
  }
}
