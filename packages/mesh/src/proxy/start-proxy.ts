import type { AddressInfo } from 'node:net';
import type { Clock, Random } from '@weir/core';
import { createAdminHandler } from '../admin/admin-pages.js';
import { listenAdmin, type AdminServer } from '../admin/admin-server.js';
import { readProcess } from '../admin/process-metrics.js';
import { proxyPages } from '../admin/proxy-pages.js';
import { RequestMetrics } from '../admin/request-metrics.js';
import { TrafficCounters } from '../admin/traffic-counters.js';
import { FieldInterner } from '../http2/hpack/header-field.js';
import { DEFAULT_CONNECTION_OPTIONS, type ConnectionOptions } from '../http2/options.js';
import { SegmentPool } from '../http2/output-buffer.js';
import type { Logger } from '../system/logger.js';
import { FlushQueue } from '../transport/flush-queue.js';
import { AdsClient } from '../xds/client/ads-client.js';
import { adsOverHttp2 } from '../xds/client/ads-over-http2.js';
import type { NodeIdentity } from '../xds/client/node.js';
import { TYPE_CLUSTER, TYPE_LISTENER } from '../xds/type-urls.js';
import { ProxyConfig } from './config/proxy-config.js';
import { Outbound, type Destination, type ListenAddress } from './outbound.js';
import type { RelayContext } from './relay/relay-context.js';
import { DEFAULT_RELAY_OPTIONS, type RelayOptions } from './relay/relay-options.js';
import { Upstreams } from './upstream/upstreams.js';

/** A local port that stands for one port of a service. */
export interface ProxyListener {
  readonly destination: Destination;
  readonly address: ListenAddress;
}

export interface ProxyOptions {
  /** The control plane. */
  readonly xds: ListenAddress;
  readonly node: NodeIdentity;
  readonly listeners: readonly ProxyListener[];
  /** Where HTTP CONNECT is taken; undefined for nowhere. */
  readonly outbound: ListenAddress | undefined;
  readonly admin: ListenAddress;
  readonly clock: Clock;
  /** A clock whose timers do not keep the process alive. */
  readonly backgroundClock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly http2?: Partial<ConnectionOptions>;
  readonly relay?: Partial<RelayOptions>;
}

export interface RunningProxy {
  /** Addresses bound, in the order of `ProxyOptions.listeners`. */
  readonly listeners: readonly AddressInfo[];
  readonly outbound: AddressInfo | undefined;
  readonly admin: ListenAddress;
  /** Not ready, GOAWAY to every caller, and resolves when the streams in flight have ended, or were cut off after `drainMs`. */
  close(drainMs: number): Promise<void>;
}

/**
 * Starts the sidecar: binds its ports, connects to the control plane, serves.
 *
 * @throws when a port cannot be bound; nothing is left open then.
 */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { clock, backgroundClock, random, logger, xds } = options;
  const counters = new TrafficCounters();
  const metrics = new RequestMetrics();
  const flushQueue = new FlushQueue();
  const shared = { segments: new SegmentPool(), interner: new FieldInterner(), nowMs: () => clock.nowMs() };
  const upstreams = new Upstreams(() => context);
  const config = new ProxyConfig({
    clock: backgroundClock,
    random,
    logger,
    controlPlane: `${xds.host}:${xds.port}`,
    onSubscriptions: (typeUrl, names) => ads.subscribe(typeUrl, names),
    onEndpointForgotten: (address) => metrics.forgetEndpoint(address),
    onServiceForgotten: (service) => metrics.forgetService(service),
  });
  const ads = new AdsClient({
    connect: adsOverHttp2({ ...xds, clock: backgroundClock, flushQueue, shared }),
    node: options.node,
    clock: backgroundClock,
    random,
    logger,
    handler: config,
  });
  const context: RelayContext = {
    clock: backgroundClock,
    random,
    logger,
    config,
    counters,
    metrics,
    flushQueue,
    shared,
    upstreams,
    http2: { ...DEFAULT_CONNECTION_OPTIONS, ...options.http2 },
    options: { ...DEFAULT_RELAY_OPTIONS, ...options.relay },
  };
  let draining = false;
  const readiness = (): true | string => {
    if (draining) return 'draining';
    return config.configured ? true : `not configured: ${config.reason}`;
  };
  const view = {
    readiness,
    config,
    get xdsConnected() {
      return ads.connected;
    },
    get clusters() {
      return config.clusters;
    },
  };
  const pages = proxyPages(() => ({
    proxy: view,
    traffic: counters,
    requests: metrics,
    process: readProcess(),
  }));
  const outbound = new Outbound({ ...context, clock });
  let admin: AdminServer | undefined;
  try {
    admin = await listenAdmin(
      options.admin.host,
      options.admin.port,
      createAdminHandler('weir proxy', pages),
    );
    const listeners: AddressInfo[] = [];
    for (const { destination, address } of options.listeners) {
      listeners.push(await outbound.listenFor(destination, address));
    }
    const connectPort = options.outbound && (await outbound.listenForConnect(options.outbound));
    ads.subscribe(TYPE_CLUSTER, 'wildcard');
    ads.subscribe(TYPE_LISTENER, 'wildcard');
    ads.start();
    const adminServer = admin;
    return {
      listeners,
      outbound: connectPort,
      admin: { host: options.admin.host, port: admin.port },
      close: async (drainMs) => {
        draining = true;
        await outbound.close(drainMs);
        ads.stop();
        config.close();
        await adminServer.close();
      },
    };
  } catch (error) {
    outbound.destroy();
    await admin?.close();
    throw error;
  }
}
