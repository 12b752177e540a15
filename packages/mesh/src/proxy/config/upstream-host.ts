import { type Endpoint, type EndpointState, EndpointStats } from '@weir/core';
import type { HostPool, Http1Pool } from '../host-pool.js';

/** One endpoint of a cluster as long as it lives: through updates of endpoints and of the cluster. */
export class UpstreamHost implements EndpointState {
  /** What the control plane says of it now. */
  endpoint: Endpoint;
  readonly stats = new EndpointStats();
  /** Made and used by the relay; given back (drained) here when the endpoint is removed. */
  pool: HostPool | undefined = undefined;
  /** Probes it has not answered yet, however long ago they were sent. */
  probesUnderWay = 0;
  /** It answers no probes, and is not asked before this, on the clock's `nowMs`. */
  noProbesUntilMs = -Infinity;
  /** Likewise, for callers of HTTP/1.1; there is none as long as there are no such callers. */
  http1: Http1Pool | undefined = undefined;
  /** Whether the endpoint is no longer in its cluster; it may come back. */
  removed = false;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }
}
