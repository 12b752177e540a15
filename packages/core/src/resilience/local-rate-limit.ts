import type { Fraction } from '../fraction.js';

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
