import type { HeaderMatcher } from '../route/match.js';
import type { BackoffSettings } from './backoff.js';
import type { RetryOn } from './retry-on.js';

/** When and how often an attempt that failed is made again (Envoy `RetryPolicy`). */
export interface RetryPolicy {
  readonly on: RetryOn;
  /** Attempts beyond the first; 0 means none (`num_retries`). */
  readonly maxRetries: number;
  /**
   * Length of each attempt in milliseconds; 0 means none but the call's own (`per_try_timeout`). No effect
   * when it is not shorter than the route's timeout.
   */
  readonly perTryTimeoutMs: number;
  /** Longest time of an attempt without a byte of response, in milliseconds; 0, the default, means none. */
  readonly perTryIdleTimeoutMs?: number;
  readonly backoff: BackoffSettings;
  /** A header of the response that makes it worth a retry, under `retriable-headers`; any one suffices. */
  readonly retriableHeaders?: readonly HeaderMatcher[];
  /** Hosts tried before are avoided while there are others (`previous_hosts`). */
  readonly avoidPreviousHosts: boolean;
  /**
   * After so many attempts, priorities tried before are avoided as well (`previous_priorities`,
   * `update_frequency`); 0, the default, means never.
   */
  readonly previousPrioritiesUpdateFrequency?: number;
  /**
   * Whether the application can be asked twice. `false` leaves only attempts that it provably has not seen.
   * Default: true, since whoever writes a policy says so.
   */
  readonly idempotent?: boolean;
}
