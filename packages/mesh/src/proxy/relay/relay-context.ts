import type { Clock, Random, RouteTable } from '@weir/core';
import type { LimitHits } from '../../admin/limit-hits.js';
import type { TrafficCounters } from '../../admin/traffic-counters.js';
import type { RequestMetrics } from '../../admin/request-metrics.js';
import type { ConnectionShared } from '../../http2/connection.js';
import type { ConnectionOptions } from '../../http2/options.js';
import type { Logger } from '../../system/logger.js';
import type { Cluster } from '../config/cluster.js';
import type { Upstreams } from '../upstream/upstreams.js';
import type { Patrol } from './patrol.js';
import type { RateLimits } from './rate-limits.js';
import type { RelayOptions } from './relay-options.js';
import type { Dial } from './wire.js';

/** What every part of the relay works with. */
export interface RelayContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly config: RelayConfig;
  readonly counters: TrafficCounters;
  readonly limits: LimitHits;
  readonly metrics: RequestMetrics;
  readonly shared: ConnectionShared;
  readonly http2: ConnectionOptions;
  readonly options: RelayOptions;
  readonly upstreams: Upstreams;
  readonly rateLimits: RateLimits;
  readonly dial: Dial;
  /** Looks at every connection now and then. */
  readonly patrol: Patrol;
  /** The HTTP/2 connections open now, for whoever wants their byte counts. */
  readonly openConnections: Set<ByteMeter>;
}

/** The configuration as the relay asks it; `ProxyConfig` is the one that xDS feeds. */
export interface RelayConfig {
  /** Whether a complete configuration has come since the start. */
  readonly configured: boolean;
  /** What `configured` waits for. */
  readonly reason: string;
  /** Changes whenever kept decisions are void. */
  readonly configVersion: number;
  /** The routes for traffic meant for a port. */
  route(port: number): RouteTable | undefined;
  cluster(name: string): Cluster | undefined;
  /** Whether `host:port` is a destination that the routes know. */
  knows(host: string, port: number): boolean;
}

/** A connection whose bytes are counted by itself until somebody asks. */
export interface ByteMeter {
  /** Adds what was read and written since the last call to `TrafficCounters`. */
  countBytes(): void;
}
