/** What outlier detection knows of one host; it lives as long as the host's statistics. */
export class OutlierRecord {
  /** Errors in a row, by kind. */
  consecutive5xx = 0;
  consecutiveGatewayFailure = 0;
  consecutiveLocalOriginFailure = 0;
  /** What the host itself answered in the present interval. */
  readonly external = new ResultCount();
  /** How the way to it was in the present interval, when that counts apart. */
  readonly localOrigin = new ResultCount();
  /**
   * Grows by one with each ejection, which lasts so many times the base time, and falls by one with each
   * interval that the host gets through without.
   */
  multiplier = 0;
  ejectedAtMs = 0;
  ejectionMs = 0;
  ejections = 0;

  /** A host that comes back starts afresh, or it were ejected again by very few errors (Envoy). */
  resetConsecutive(): void {
    this.consecutive5xx = 0;
    this.consecutiveGatewayFailure = 0;
    this.consecutiveLocalOriginFailure = 0;
  }
}

export class ResultCount {
  total = 0;
  successes = 0;

  count(success: boolean): void {
    this.total += 1;
    if (success) this.successes += 1;
  }

  /** In percent. */
  get successRate(): number {
    return (100 * this.successes) / this.total;
  }

  reset(): void {
    this.total = 0;
    this.successes = 0;
  }
}
