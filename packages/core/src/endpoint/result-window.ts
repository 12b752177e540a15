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

  /** When the latest attempt ended, on the clock's `nowMs`; to be set before it is counted. */
  latestMs = -Infinity;
  /** Share of the failures, 0 to 1: in the whole window or in its latest two seconds, whichever is more. */
  failureShare = 0.5;
  /** Attempts in the window. */
  total = 0;
  /** Failures in the window. */
  failed = 0;

  constructor() {
    this.failureShare = 0;
  }

  /** Counts an attempt that ended at `latestMs`. */
  count(failed: boolean): void {
    const bucket = Math.floor(this.latestMs / BUCKET_MS);
    if (bucket > this.#latest) this.#forgetUpTo(bucket);
    const at = bucketIndex(this.#latest);
    this.#total[at]! += 1;
    this.total += 1;
    if (failed) {
      this.#failed[at]! += 1;
      this.failed += 1;
    }
    const before = bucketIndex(this.#latest - 1);
    const recent = this.#total[at]! + this.#total[before]!;
    const share = this.failed / this.total;
    const recentShare = (this.#failed[at]! + this.#failed[before]!) / recent;
    this.failureShare = recent >= BURST && recentShare > share ? recentShare : share;
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
