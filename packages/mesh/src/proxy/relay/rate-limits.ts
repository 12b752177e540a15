import { type Clock, LocalRateLimit, type LocalRateLimitPolicy, type RateLimitInForce } from '@weir/core';
import { type Portion, portionOfRate, WHOLE } from '../portion.js';

/** From so many on, buckets that nobody has used until they were full again are forgotten. */
const SWEEP_FROM = 256;

interface Bucket {
  readonly limit: LocalRateLimit;
  /** As it is configured, for all processes. */
  policy: LocalRateLimitPolicy;
  usedMs: number;
}

/**
 * The buckets of all rate limits of this process, by `RateLimitInForce.key`: a new configuration changes a
 * bucket and does not fill it.
 */
export class RateLimits {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  #sweepFrom = SWEEP_FROM;
  #portion: Portion = WHOLE;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many buckets are kept. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes the part of every rate that is this process's; tokens that were spent stay spent. */
  takePortion(portion: Portion): void {
    this.#portion = portion;
    const nowMs = this.#clock.nowMs();
    for (const { limit, policy } of this.#buckets.values()) {
      limit.configure(portionOfRate(policy, portion), nowMs);
    }
  }

  /** The bucket of a limit, set as the limit says. */
  bucketOf({ key, policy }: RateLimitInForce): LocalRateLimit {
    const nowMs = this.#clock.nowMs();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#sweepFrom) this.#sweep(nowMs);
      const limit = new LocalRateLimit(portionOfRate(policy, this.#portion), nowMs);
      bucket = { limit, policy, usedMs: nowMs };
      this.#buckets.set(key, bucket);
    } else if (bucket.policy !== policy) {
      bucket.limit.configure(portionOfRate(policy, this.#portion), nowMs);
      bucket.policy = policy;
    }
    bucket.usedMs = nowMs;
    return bucket.limit;
  }

  /** A bucket that has filled up unused is no different from a new one. */
  #sweep(nowMs: number): void {
    for (const [key, { policy, usedMs }] of this.#buckets) {
      const fills = Math.ceil(policy.maxTokens / policy.tokensPerFill);
      if (nowMs - usedMs > (fills + 1) * policy.fillIntervalMs) this.#buckets.delete(key);
    }
    this.#sweepFrom = Math.max(SWEEP_FROM, 2 * this.#buckets.size);
  }
}
