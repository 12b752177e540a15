/** Upper bounds of the buckets in milliseconds; one more bucket takes what is above the last. */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000,
];

/** Durations counted in buckets. */
export class LatencyHistogram {
  /** Not summed up; `counts[i]` belongs to `LATENCY_BOUNDS_MS[i]`, the last one to everything above. */
  readonly counts: number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  sumMs = 0;

  record(durationMs: number): void {
    let bucket = 0;
    // Most calls are quick, so counting up from the lowest bound beats a binary search.
    while (bucket < LATENCY_BOUNDS_MS.length && durationMs > LATENCY_BOUNDS_MS[bucket]!) bucket++;
    this.counts[bucket]! += 1;
    this.sumMs += durationMs;
  }
}
