/** A rate limit with a burst: `burst` tokens at first, `perSecond` more each second, never above `burst`. */
export class TokenBucket {
  #tokens: number;
  #lastMs: number;
  readonly #burst: number;
  readonly #perMs: number;

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#tokens = burst;
    this.#lastMs = nowMs;
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
  }

  /** Takes one token; false when there is none. */
  take(nowMs: number): boolean {
    const refilled = this.#tokens + (nowMs - this.#lastMs) * this.#perMs;
    this.#lastMs = nowMs;
    this.#tokens = (refilled > this.#burst ? this.#burst : refilled) - 1;
    if (this.#tokens >= 0) return true;
    this.#tokens = 0;
    return false;
  }
}
