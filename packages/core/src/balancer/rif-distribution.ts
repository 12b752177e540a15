/** Requests in flight beyond this count as this: such a host is hot by any measure. */
const MOST = 1_023;
const SIZE = MOST + 1;

/**
 * How requests in flight are distributed over hosts, with a quantile in logarithmic time (a Fenwick tree of
 * counts).
 */
export class RifDistribution {
  readonly #share: number;
  readonly #tree = new Int32Array(SIZE + 1);
  #count = 0;
  #isStale = false;
  /** As of the last `refresh`. */
  threshold = 0.5;

  /** @param share of the hosts, 0 to 1, that the threshold is not exceeded by */
  constructor(share: number) {
    this.#share = share;
    this.threshold = 0;
  }

  get count(): number {
    return this.#count;
  }

  add(requestsInFlight: number): void {
    this.#change(requestsInFlight, 1);
  }

  remove(requestsInFlight: number): void {
    this.#change(requestsInFlight, -1);
  }

  /**
   * Sets `threshold` to the number that the share of the hosts does not exceed, between two that occur if need
   * be; 0 when there are no hosts. Between, because of a handful of hosts the one that is far above the others
   * shall count as such: without, with fewer than seven hosts nobody would ever be above the 0.84 quantile.
   */
  refresh(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    const position = this.#share * (this.#count - 1);
    const whole = Math.floor(position);
    const lower = this.#count === 0 ? 0 : this.#ranked(whole + 1);
    const upper = position === whole || this.#count === 0 ? lower : this.#ranked(whole + 2);
    this.threshold = lower + (position - whole) * (upper - lower);
  }

  /** The number at this rank, from 1, in ascending order. */
  #ranked(rank: number): number {
    let below = 0;
    let at = 0;
    for (let step = SIZE; step > 0; step >>= 1) {
      const next = at + step;
      if (next > SIZE || below + this.#tree[next]! >= rank) continue;
      at = next;
      below += this.#tree[next]!;
    }
    return at;
  }

  #change(requestsInFlight: number, by: number): void {
    this.#count += by;
    this.#isStale = true;
    const value = Math.min(MOST, Math.max(0, Math.floor(requestsInFlight)));
    for (let at = value + 1; at <= SIZE; at += at & -at) this.#tree[at]! += by;
  }
}
