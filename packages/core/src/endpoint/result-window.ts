const BUCKETS = 10;
const BUCKET_MS = 1_000;
/** So many results in the two latest buckets are a verdict of their own. */
const BURST = 5;

/**
 * How the attempts of the last ten seconds ended, in exact counts. An average that weighs each result by the
 * time since the last would need seven seconds to notice that an endpoint fails every request (go-zero, decay
 * 10 s), since results in a tight burst hardly move it; counts notice after five.
 *
 * The window ends with the latest result, not now: what was last known of an endpoint that nobody has asked
 * since remains known.
 */
export class ResultWindow {
  readonly #total = new Uint32Array(BUCKETS);
  readonly #failed = new Uint32Array(BUCKETS);
  #latest = 0;

  /** When the latest attempt ended, on the clock's `nowMs`. */
  latestMs = -Infinity;
  /** Attempts in the window. */
  total = 0;
  /** Failures in the window. */
  failed = 0;

  record(failed: boolean, nowMs: number): void {
    this.latestMs = nowMs;
    const bucket = Math.floor(nowMs / BUCKET_MS);
    if (bucket > this.#latest) this.#forgetUpTo(bucket);
    const at = bucketIndex(this.#latest);
    this.#total[at]! += 1;
    this.total += 1;
    if (!failed) return;
    this.#failed[at]! += 1;
    this.failed += 1;
  }

  /** Share of the failures, 0 to 1: in the whole window or in its latest two seconds, whichever is more. */
  get failureShare(): number {
    if (this.failed === 0) return 0;
    const at = bucketIndex(this.#latest);
    const before = bucketIndex(this.#latest - 1);
    const recent = this.#total[at]! + this.#total[before]!;
    const share = this.failed / this.total;
    if (recent < BURST) return share;
    return Math.max(share, (this.#failed[at]! + this.#failed[before]!) / recent);
  }

  #forgetUpTo(bucket: number): void {
    const first = Math.max(this.#latest + 1, bucket - BUCKETS + 1);
    for (let passed = first; passed <= bucket; passed++) {
      const at = bucketIndex(passed);
      this.total -= this.#total[at]!;
      this.failed -= this.#failed[at]!;
      this.#total[at] = 0;
      this.#failed[at] = 0;
    }
    this.#latest = bucket;
  }
}

function bucketIndex(bucket: number): number {
  return ((bucket % BUCKETS) + BUCKETS) % BUCKETS;
}
