const FIRST_SAMPLES = 10;

/**
 * How long an endpoint takes, at worst lately: Finagle's and Linkerd's peak EWMA. A sample above the estimate
 * replaces it at once; one below pulls it down by so much as the time since the last look allows; and a look
 * itself is a sample of 0, so that who is not asked any more looks better by and by and is tried again.
 *
 * Beside it what its failures cost, in milliseconds as well, which fades at the same rate.
 */
export class PeakEwma {
  /** The estimate at `stampMs`. */
  latencyMs: number;
  /** What failures add to it at `stampMs`. */
  penaltyMs = 0.5;
  #observed = 0;
  /** When the two were last brought up to date, on the clock's `nowMs`. */
  stampMs: number;

  /** An endpoint that has just shown this latency. */
  constructor(latencyMs: number, nowMs: number) {
    this.latencyMs = latencyMs;
    this.stampMs = nowMs;
    // The engine keeps a field that was never whole in place, and puts one that was on the heap at each write.
    this.penaltyMs = 0;
  }

  /** Brings both up to date; `decayMs` is the time in which they fall to 1/e. */
  fade(nowMs: number, decayMs: number): void {
    const sinceMs = nowMs - this.stampMs;
    if (!(sinceMs > 0)) return;
    const left = Math.exp(-sinceMs / decayMs);
    this.latencyMs *= left;
    this.penaltyMs *= left;
    this.stampMs = nowMs;
  }

  /**
   * Takes in a latency, which counts in full when it is the highest. Not so the first ones, of which it is the
   * mean: who has just started is slow at first, and must not be taken for slow.
   */
  observe(latencyMs: number, nowMs: number, decayMs: number): void {
    if (this.#observed < FIRST_SAMPLES) {
      this.#observed += 1;
      this.fade(nowMs, decayMs);
      this.latencyMs += (latencyMs - this.latencyMs) / this.#observed;
      return;
    }
    const left = Math.exp(-Math.max(0, nowMs - this.stampMs) / decayMs);
    this.penaltyMs *= left;
    this.latencyMs = latencyMs > this.latencyMs ? latencyMs : this.latencyMs * left + latencyMs * (1 - left);
    this.stampMs = nowMs;
  }

  /** Takes in a latency that is known to be at least so much: it can only raise the estimate. */
  observeAtLeast(latencyMs: number, nowMs: number, decayMs: number): void {
    this.fade(nowMs, decayMs);
    if (latencyMs > this.latencyMs) this.latencyMs = latencyMs;
  }
}
