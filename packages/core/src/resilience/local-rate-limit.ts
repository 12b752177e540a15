import { all, checkFraction, type Fraction, isDrawn } from '../fraction.js';
import type { Random } from '../random.js';

/** Envoy's `LocalRateLimit` filter. */
export interface LocalRateLimitPolicy {
  /** Most requests at once; at least 1 (`TokenBucket.max_tokens`). */
  readonly maxTokens: number;
  /** Tokens added each time, at least 1 (`tokens_per_fill`, default 1). */
  readonly tokensPerFill: number;
  /** Milliseconds between fills, more than 0 (`fill_interval`). */
  readonly fillIntervalMs: number;
  /** Requests that take a token at all (`filter_enabled`). Default: all. */
  readonly enabled?: Fraction;
  /** Requests that are refused when there is no token (`filter_enforced`). Default: all. */
  readonly enforced?: Fraction;
}

/**
 * The bucket of one rate limit. It begins full; every `fillIntervalMs` it gains `tokensPerFill`, up to
 * `maxTokens`. To be kept for as long as its key is in the configuration, or every push would fill it.
 */
export class LocalRateLimit {
  #policy: LocalRateLimitPolicy;
  #tokens: number;
  #filledMs: number;
  /** Requests that took a token, or needed none. */
  admitted = 0;
  /** Requests that were turned away. */
  refused = 0;
  /** Requests that found no token and were let through, as the limit is not enforced on them. */
  notEnforced = 0;

  /** @throws {RangeError} when a setting is out of its range */
  constructor(policy: LocalRateLimitPolicy, nowMs: number) {
    checkPolicy(policy);
    this.#policy = policy;
    this.#tokens = policy.maxTokens;
    this.#filledMs = nowMs;
  }

  /**
   * Takes new settings; tokens that were spent stay spent.
   *
   * @throws {RangeError} when a setting is out of its range
   */
  configure(policy: LocalRateLimitPolicy, nowMs: number): void {
    checkPolicy(policy);
    this.#fill(nowMs);
    const spent = this.#policy.maxTokens - this.#tokens;
    this.#tokens = Math.max(0, policy.maxTokens - spent);
    this.#policy = policy;
  }

  /** Whether a request may pass; takes its token when it may. */
  admit(nowMs: number, random: Random): boolean {
    const { enabled = all, enforced = all } = this.#policy;
    this.#fill(nowMs);
    if (isDrawn(enabled, random)) {
      if (this.#tokens === 0 && isDrawn(enforced, random)) {
        this.refused += 1;
        return false;
      }
      if (this.#tokens === 0) {
        this.notEnforced += 1;
        return true;
      }
      this.#tokens -= 1;
    }
    this.admitted += 1;
    return true;
  }

  /**
   * Whole milliseconds until there is a token, at least 0: what a refusal says in `grpc-retry-pushback-ms`.
   */
  msUntilToken(nowMs: number): number {
    this.#fill(nowMs);
    if (this.#tokens > 0) return 0;
    return Math.ceil(this.#filledMs + this.#policy.fillIntervalMs - nowMs);
  }

  #fill(nowMs: number): void {
    const { maxTokens, tokensPerFill, fillIntervalMs } = this.#policy;
    const fills = Math.floor((nowMs - this.#filledMs) / fillIntervalMs);
    if (fills <= 0) return;
    // Only whole intervals: what is left of this one counts for the next.
    this.#filledMs += fills * fillIntervalMs;
    this.#tokens = Math.min(maxTokens, this.#tokens + fills * tokensPerFill);
  }
}

function checkPolicy({
  maxTokens,
  tokensPerFill,
  fillIntervalMs,
  enabled,
  enforced,
}: LocalRateLimitPolicy): void {
  for (const [field, value] of Object.entries({ max_tokens: maxTokens, tokens_per_fill: tokensPerFill })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`local rate limit: ${field} must be an integer of at least 1, not ${value}`);
    }
  }
  if (!(fillIntervalMs > 0 && fillIntervalMs < Infinity)) {
    throw new RangeError(`local rate limit: fill_interval must be longer than 0, not ${fillIntervalMs} ms`);
  }
  if (enabled !== undefined) checkFraction(enabled, 'local rate limit: filter_enabled');
  if (enforced !== undefined) checkFraction(enforced, 'local rate limit: filter_enforced');
}
