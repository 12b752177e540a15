import type { FaultPolicy } from '../resilience/fault.js';
import type { LocalRateLimitPolicy } from '../resilience/local-rate-limit.js';
import type { HeaderOperation } from './header-operations.js';

/** What can be said of a virtual host, of a route and of one of its clusters alike. */
export interface Overrides {
  /**
   * Changes to the request. Those of all levels are made, the cluster's first and the virtual host's last,
   * or the other way round where the table says `mostSpecificHeadersWin`.
   */
  readonly requestHeaders?: readonly HeaderOperation[];
  /** Changes to the response, likewise. */
  readonly responseHeaders?: readonly HeaderOperation[];
  /** The most specific level that has one counts alone (`typed_per_filter_config`). */
  readonly fault?: FaultPolicy;
  /** The most specific level that has one counts alone. */
  readonly rateLimit?: LocalRateLimitPolicy;
}
