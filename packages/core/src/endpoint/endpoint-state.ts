import type { Endpoint } from './endpoint.js';
import type { EndpointStats } from './endpoint-stats.js';

/** An endpoint as a balancer sees it: what is said of it now, and what has been learnt about it over time. */
export interface EndpointState {
  /** Replaced when an update changes the endpoint; balancers look at it only in `update`. */
  endpoint: Endpoint;
  /** Survives every update. */
  readonly stats: EndpointStats;
}
