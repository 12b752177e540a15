import type { Socket } from 'node:net';
import type { Clock, Random } from '@weir/core';
import type { ByDirection, TrafficCounts } from '../admin/direction.js';
import { noLimitHits } from '../admin/limit-hits.js';
import { RequestMetrics } from '../admin/request-metrics.js';
import { TrafficCounters } from '../admin/traffic-counters.js';
import type { ConnectionShared } from '../http2/connection.js';
import { FieldInterner } from '../http2/hpack/header-field.js';
import { DEFAULT_CONNECTION_OPTIONS, type ConnectionOptions } from '../http2/options.js';
import { SegmentPool } from '../http2/segment-pool.js';
import type { Logger } from '../system/logger.js';
import { FlushQueue } from '../transport/flush-queue.js';
import { AddressClusters } from './config/address-clusters.js';
import { addressSettings } from './config/address-settings.js';
import type { Cluster } from './config/cluster.js';
import type { ProxyPlace } from './config/proxy-place.js';
import { ProxyConfig, type ProxyConfigOptions } from './config/proxy-config.js';
import type { Door } from './door.js';
import { Inbound } from './inbound.js';
import { Applications } from './inbound/applications.js';
import type { LoadAudience } from './inbound/load-settings.js';
import { Outbound } from './outbound.js';
import type { Portion } from './portion.js';
import { CallTimers } from './relay/call-timers.js';
import { Patrol } from './relay/patrol.js';
import { RateLimits } from './relay/rate-limits.js';
import type { RelayConfig, RelayContext } from './relay/relay-context.js';
import { DEFAULT_RELAY_OPTIONS, type RelayOptions } from './relay/relay-options.js';
import { LoadProber } from './upstream/load-prober.js';
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
  readonly place: ProxyPlace;
  readonly http2: Partial<ConnectionOptions>;
  readonly relay: Partial<RelayOptions>;
  /** Who is told of the load of the application. */
  readonly load: LoadAudience;
  /** Use of the processor by the application, a fraction; 0: not known. */
  readonly cpuUtilization: () => number;
}

/** What moves the requests in one process. */
export interface DataPlane {
  readonly config: ProxyConfig;
  /** Connections taken and not closed yet. */
  readonly openConnections: number;
  /** Of those, the ones of the application itself, whose calls limits are for. */
  readonly outboundConnections: number;
  /** The clusters of both directions. */
  readonly clusters: Iterable<Cluster>;
  readonly flushQueue: FlushQueue;
  readonly shared: ConnectionShared;
  /** Takes the part of all limits that is this process's. */
  takePortion(portion: Portion): void;
  /** Takes over a new, paused connection that came in at `door`. */
  accept(socket: Socket, door: Door): void;
  /** Brings the counters up to date, for whoever is going to read them. */
  readCounts(): ByDirection<TrafficCounts>;
  /**
   * Drains callers of the application; then, as no call can need it any more, what the application itself has
   * open. No connections may be handed in meanwhile but outbound ones before `onInboundDrained`.
   *
   * @param drainMs - for both together; what is left then is cut off
   */
  close(drainMs: number, onInboundDrained?: () => void): Promise<void>;
}

/** The application is next door, and every caller of the pod shares what is open to it. */
const MAX_APPLICATION_CONNECTIONS = 100;

export function createDataPlane(options: DataPlaneOptions): DataPlane {
  const { clock, backgroundClock, random, logger, controlPlane, onSubscriptions } = options;
  const flushQueue = new FlushQueue();
  const shared = { segments: new SegmentPool(), interner: new FieldInterner(), nowMs: () => clock.nowMs() };
  const relayOptions = { ...DEFAULT_RELAY_OPTIONS, ...options.relay };
  const callTimers = new CallTimers(backgroundClock);
  const patrol = new Patrol(backgroundClock, relayOptions);
  const createContext = (
    config: RelayConfig,
    { requests, traffic, limits }: TrafficCounts,
    ownOptions: RelayOptions,
  ): RelayContext => {
    const context: RelayContext = {
      clock: callTimers,
      random,
      logger,
      config,
      counters: traffic,
      limits,
      metrics: requests,
      shared,
      patrol,
      dial: dialTcp(flushQueue, backgroundClock),
      openConnections: new Set(),
      upstreams: new Upstreams(() => context),
      rateLimits: new RateLimits(backgroundClock),
      http2: { ...DEFAULT_CONNECTION_OPTIONS, ...options.http2 },
      options: ownOptions,
    };
    return context;
  };
  const counts = { outbound: noCounts(), inbound: noCounts() };
  const { requests } = counts.outbound;
  const config = new ProxyConfig({
    clock: backgroundClock,
    random,
    logger,
    controlPlane,
    onSubscriptions,
    place: options.place,
    probes: (cluster) => new LoadProber(() => contexts.outbound, cluster),
    onEndpointForgotten: (address) => requests.forgetEndpoint(address),
    onServiceForgotten: (service) => requests.forgetService(service),
  });
  const applications = new Applications({
    clock: backgroundClock,
    random,
    measures: options.load !== 'none',
    cpuUtilization: options.cpuUtilization,
  });
  const strangers = new AddressClusters({
    clock: backgroundClock,
    random,
    direction: 'outbound',
    settings: () => addressSettings('PassthroughCluster'),
  });
  const contexts = {
    outbound: createContext(config, counts.outbound, relayOptions),
    inbound: createContext(applications, counts.inbound, {
      ...relayOptions,
      maxConnectionsPerHost: MAX_APPLICATION_CONNECTIONS,
    }),
    beyond: createContext(strangers, counts.outbound, relayOptions),
  };
  const beyond = { context: contexts.beyond, addresses: strangers };
  const outbound = new Outbound({ ...contexts.outbound, clock }, flushQueue, beyond);
  const inbound = new Inbound({ ...contexts.inbound, clock }, flushQueue, applications, options.load);
  return {
    config,
    flushQueue,
    shared,
    get openConnections() {
      return outbound.openConnections + inbound.openConnections;
    },
    get outboundConnections() {
      return outbound.openConnections;
    },
    get clusters() {
      return [...config.clusters, ...applications.clusters, ...strangers.clusters];
    },
    takePortion: (portion) => {
      config.takePortion(portion);
      contexts.outbound.rateLimits.takePortion(portion);
    },
    accept: (socket, door) => {
      if (door.kind === 'inbound') inbound.accept(socket, door);
      else outbound.accept(socket, door);
    },
    readCounts: () => {
      for (const { openConnections } of Object.values(contexts)) {
        for (const connection of openConnections) connection.countBytes();
      }
      return counts;
    },
    close: async (drainMs, onInboundDrained) => {
      const deadlineMs = clock.nowMs() + drainMs;
      await inbound.close(drainMs);
      onInboundDrained?.();
      await outbound.close(Math.max(0, deadlineMs - clock.nowMs()));
      applications.close();
      strangers.close();
    },
  };
}

function noCounts(): TrafficCounts {
  return { requests: new RequestMetrics(), traffic: new TrafficCounters(), limits: noLimitHits() };
}
