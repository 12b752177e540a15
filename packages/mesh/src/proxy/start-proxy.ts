import type { AddressInfo, Server, Socket } from 'node:net';
import type { Clock, Random } from '@weir/core';
import { createAdminHandler } from '../admin/admin-pages.js';
import { type AdminServer, listenAdmin } from '../admin/admin-server.js';
import { type Direction, DIRECTIONS } from '../admin/direction.js';
import type { MetricsSources } from '../admin/metrics-page.js';
import { readProcess } from '../admin/process-metrics.js';
import { proxyPages } from '../admin/proxy-pages.js';
import { mergeReports } from '../admin/worker-report.js';
import type { ConnectionOptions } from '../http2/options.js';
import type { CpuSource } from '../system/cpu-utilization.js';
import type { Logger } from '../system/logger.js';
import { AdsClient } from '../xds/client/ads-client.js';
import { adsOverHttp2 } from '../xds/client/ads-over-http2.js';
import type { NodeIdentity } from '../xds/client/node.js';
import { TYPE_CLUSTER, TYPE_LISTENER } from '../xds/type-urls.js';
import { bindError } from './bind-error.js';
import { explainPage } from './explain/explain-page.js';
import { type CaptureDoor, captureDoors, type CaptureOptions, isFamilyAbsent } from './capture-doors.js';
import type { ProxyPlace } from './config/proxy-place.js';
import { createDataPlane, type DataPlane } from './data-plane.js';
import { type CapturedDoor, type Destination, type Door, type ListenAddress, openDoor } from './door.js';
import { DEFAULT_LOAD_SETTINGS, type LoadSettings } from './inbound/load-settings.js';
import { listenPodPages, type PodPages } from './pod-pages.js';
import type { RelayOptions } from './relay/relay-options.js';
import type { ToWorker } from './workers/messages.js';
import { WorkerPool } from './workers/worker-pool.js';

/** A local port that stands for one port of a service. */
export interface ProxyListener {
  readonly destination: Destination;
  readonly address: ListenAddress;
}

/** A port at which callers of the application come in. */
export interface InboundListener {
  readonly application: Destination;
  readonly address: ListenAddress;
}

/** Begins to follow the use of a processor; what it returns tells it, as a fraction. */
export type FollowCpu = (source: CpuSource) => () => number;

export interface ProxyOptions {
  /** The control plane. */
  readonly xds: ListenAddress;
  readonly node: NodeIdentity;
  readonly listeners: readonly ProxyListener[];
  /** Where callers of the application come in, and where it listens. */
  readonly inbound?: readonly InboundListener[];
  /** Where HTTP CONNECT is taken; undefined for nowhere. */
  readonly outbound: ListenAddress | undefined;
  readonly pod?: PodPages;
  /** Takes what the kernel redirects, in both directions. */
  readonly capture?: CaptureOptions | undefined;
  readonly admin: ListenAddress;
  readonly clock: Clock;
  /** A clock whose timers do not keep the process alive. */
  readonly backgroundClock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly http2?: Partial<ConnectionOptions>;
  readonly relay?: Partial<RelayOptions>;
  /** What is said of the application's load. Default: to all callers, without the processor. */
  readonly load?: LoadSettings;
  /** Follows the use of a processor. */
  readonly followCpu: FollowCpu;
  /** Processes that relay, this one included. Default 1. */
  readonly concurrency?: number;
  /** The program of the other processes; it calls `serveWorker`. */
  readonly workerModulePath: string;
}

export interface RunningProxy {
  /** Addresses bound, in the order of `ProxyOptions.listeners`. */
  readonly listeners: readonly AddressInfo[];
  /** The same for `ProxyOptions.inbound`. */
  readonly inbound: readonly AddressInfo[];
  readonly outbound: AddressInfo | undefined;
  readonly admin: ListenAddress;
  /** Not ready, GOAWAY to every caller, and resolves when the streams in flight have ended, or were cut off after `drainMs`. */
  close(drainMs: number): Promise<void>;
}

/** What binds each kind of door, for people. */
const OPTIONS = { service: '--listen', connect: '--outbound', inbound: '--inbound' } as const;

/**
 * Starts the sidecar: binds its ports, connects to the control plane, serves.
 *
 * @throws when a port cannot be bound; nothing is left open then.
 */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { clock, backgroundClock, random, logger, xds, http2 = {}, relay = {}, concurrency = 1 } = options;
  const { load = DEFAULT_LOAD_SETTINGS, followCpu } = options;
  const plane: DataPlane = createDataPlane({
    clock,
    backgroundClock,
    random,
    logger,
    http2,
    relay,
    load: load.audience,
    cpuUtilization: followCpu(load.cpu),
    controlPlane: `${xds.host}:${xds.port}`,
    place: placeOf(options.node),
    onSubscriptions: (typeUrl, names) => ads.subscribe(typeUrl, names),
  });
  const { config, flushQueue, shared } = plane;
  const workers = new WorkerPool({
    modulePath: options.workerModulePath,
    count: concurrency - 1,
    settings: { http2, relay, load, place: placeOf(options.node) },
    clock: backgroundClock,
    logger,
    ownConnections: () => plane.outboundConnections,
    onPortion: (portion) => plane.takePortion(portion),
    configSoFar: () => configSoFar(plane),
  });
  const ads: AdsClient = new AdsClient({
    connect: adsOverHttp2({ ...xds, clock: backgroundClock, flushQueue, shared }),
    node: options.node,
    clock: backgroundClock,
    random,
    logger,
    handler: {
      apply(typeUrl, version, resources) {
        const errors = config.apply(typeUrl, version, resources);
        workers.applyConfig(typeUrl, version, resources);
        return errors;
      },
    },
  });
  let draining = false;
  const sources = async () => mergeReports(ownSources(plane, ads, draining), await workers.reports());
  const pages = [...proxyPages(sources), explainPage(config, async () => (await sources()).proxy)];
  const admin = await listenAdmin(
    options.admin.host,
    options.admin.port,
    createAdminHandler('weir proxy', pages),
  ).catch((error: unknown) => {
    workers.destroy();
    throw bindError('--admin', options.admin.host, options.admin.port, error);
  });
  const servers: Record<Direction, Server[]> = { outbound: [], inbound: [] };
  const stopListening = (direction: Direction): void => {
    for (const server of servers[direction]) server.close();
  };
  const take = (socket: Socket, door: Door): void => {
    if (workers.take(socket, door, plane.openConnections)) return;
    plane.accept(socket, door);
    if (door.kind === 'inbound') return;
    socket.once('close', () => workers.divide(false));
    workers.divide(plane.outboundConnections === 1);
  };
  const open = async (address: ListenAddress, door: Exclude<Door, CapturedDoor>): Promise<AddressInfo> => {
    const opened = await openDoor(address, () => door, take, logger).catch((error: unknown) => {
      throw bindError(OPTIONS[door.kind], address.host, address.port, error);
    });
    servers[door.kind === 'inbound' ? 'inbound' : 'outbound'].push(opened.server);
    return opened.address;
  };
  const openCapture = async ({ address, optional, direction, doorOf }: CaptureDoor): Promise<void> => {
    try {
      const { server } = await openDoor(address, doorOf, take, logger);
      servers[direction].push(server);
    } catch (error) {
      if (optional && isFamilyAbsent(error)) return;
      throw bindError('--capture', address.host, address.port, error);
    }
  };
  const podServers: AdminServer[] = [];
  const closePages = async (): Promise<void> => {
    await Promise.all([admin, ...podServers].map((server) => server.close()));
  };
  try {
    podServers.push(...(await listenPodPages(options.pod ?? {}, pages, backgroundClock)));
    const listeners: AddressInfo[] = [];
    for (const { destination, address } of options.listeners) {
      listeners.push(await open(address, { kind: 'service', destination }));
    }
    const inbound: AddressInfo[] = [];
    for (const { application, address } of options.inbound ?? []) {
      inbound.push(await open(address, { kind: 'inbound', application }));
    }
    for (const door of options.capture === undefined ? [] : captureDoors(options.capture))
      await openCapture(door);
    const connectPort = options.outbound && (await open(options.outbound, { kind: 'connect' }));
    ads.subscribe(TYPE_CLUSTER, 'wildcard');
    ads.subscribe(TYPE_LISTENER, 'wildcard');
    ads.start();
    return {
      listeners,
      inbound,
      outbound: connectPort,
      admin: { host: options.admin.host, port: admin.port },
      close: async (drainMs) => {
        draining = true;
        stopListening('inbound');
        await Promise.all([plane.close(drainMs, () => stopListening('outbound')), workers.close(drainMs)]);
        ads.stop();
        config.close();
        await closePages();
      },
    };
  } catch (error) {
    for (const direction of DIRECTIONS) stopListening(direction);
    workers.destroy();
    await closePages();
    throw error;
  }
}

function placeOf({ id, locality: { region = '', zone = '', subZone = '' } = {} }: NodeIdentity): ProxyPlace {
  return { id, locality: [region, zone, subZone].join('/').replace(/\/+$/, '') };
}

/** What the admin pages show of this process. */
function ownSources(plane: DataPlane, ads: AdsClient, draining: boolean): MetricsSources {
  const { config, clusters } = plane;
  const readiness = (): true | string => {
    if (draining) return 'draining';
    return config.configured ? true : `not configured: ${config.reason}`;
  };
  const proxy = { readiness, config, xdsConnected: ads.connected, clusters };
  return { proxy, counts: plane.readCounts(), process: readProcess() };
}

/** What has been received, as responses that bring another process to the same state. */
function* configSoFar({ config }: DataPlane): Iterable<Extract<ToWorker, { kind: 'config' }>> {
  for (const { typeUrl, version, received, resources } of config.types) {
    if (!received) continue;
    yield { kind: 'config', typeUrl, version, resources: resources.map(({ value }) => ({ typeUrl, value })) };
  }
}
