import type { Clock, Random } from '@weir/core';
import { type LimitHits, noLimitHits } from '../admin/limit-hits.js';
import { RequestMetrics } from '../admin/request-metrics.js';
import { TrafficCounters } from '../admin/traffic-counters.js';
import type { ConnectionShared } from '../http2/connection.js';
import { FieldInterner } from '../http2/hpack/header-field.js';
import { DEFAULT_CONNECTION_OPTIONS, type ConnectionOptions } from '../http2/options.js';
import { SegmentPool } from '../http2/segment-pool.js';
import type { Logger } from '../system/logger.js';
import { FlushQueue } from '../transport/flush-queue.js';
import { ProxyConfig, type ProxyConfigOptions } from './config/proxy-config.js';
import { Outbound } from './outbound.js';
import { Patrol } from './relay/patrol.js';
import { RateLimits } from './relay/rate-limits.js';
import type { RelayContext } from './relay/relay-context.js';
import { DEFAULT_RELAY_OPTIONS, type RelayOptions } from './relay/relay-options.js';
import { dialTcp } from './upstream/dial-tcp.js';
import { Upstreams } from './upstream/upstreams.js';

export interface DataPlaneOptions {
  readonly clock: Clock;
  /** A clock whose timers do not keep the process alive. */
  readonly backgroundClock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly controlPlane: string;
  readonly onSubscriptions: ProxyConfigOptions['onSubscriptions'];
  readonly http2: Partial<ConnectionOptions>;
  readonly relay: Partial<RelayOptions>;
}

/** What moves the requests in one process. */
export interface DataPlane {
  readonly config: ProxyConfig;
  readonly outbound: Outbound;
  /** Brings the counters up to date, for whoever is going to read them. */
  readonly readCounters: () => TrafficCounters;
  readonly limits: LimitHits;
  readonly metrics: RequestMetrics;
  readonly flushQueue: FlushQueue;
  readonly shared: ConnectionShared;
}

export function createDataPlane(options: DataPlaneOptions): DataPlane {
  const { clock, backgroundClock, random, logger, controlPlane, onSubscriptions } = options;
  const counters = new TrafficCounters();
  const metrics = new RequestMetrics();
  const flushQueue = new FlushQueue();
  const shared = { segments: new SegmentPool(), interner: new FieldInterner(), nowMs: () => clock.nowMs() };
  const config = new ProxyConfig({
    clock: backgroundClock,
    random,
    logger,
    controlPlane,
    onSubscriptions,
    onEndpointForgotten: (address) => metrics.forgetEndpoint(address),
    onServiceForgotten: (service) => metrics.forgetService(service),
  });
  const limits = noLimitHits();
  const relayOptions = { ...DEFAULT_RELAY_OPTIONS, ...options.relay };
  const context: RelayContext = {
    clock: backgroundClock,
    random,
    logger,
    config,
    counters,
    limits,
    metrics,
    shared,
    patrol: new Patrol(backgroundClock, relayOptions),
    dial: dialTcp(flushQueue, backgroundClock),
    openConnections: new Set(),
    upstreams: new Upstreams(() => context),
    rateLimits: new RateLimits(backgroundClock),
    http2: { ...DEFAULT_CONNECTION_OPTIONS, ...options.http2 },
    options: relayOptions,
  };
  const readCounters = (): TrafficCounters => {
    for (const connection of context.openConnections) connection.countBytes();
    return counters;
  };
  const outbound = new Outbound({ ...context, clock }, flushQueue);
  return { config, outbound, readCounters, limits, metrics, flushQueue, shared };
}
