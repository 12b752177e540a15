import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Server, ServerCredentials, status as grpcStatus, type ConnectionInjector } from '@grpc/grpc-js';
import type { Clock } from '@weir/core';
import type { Logger } from '../../system/logger.js';
import { listenOptions } from '../../transport/listen-options.js';
import type { Node } from '../generated/envoy.config.core.v3.js';
import type { DeltaDiscoveryRequest, DiscoveryRequest } from '../generated/envoy.service.discovery.v3.js';
import type { Snapshot } from '../snapshot.js';
import type { ResourceType } from '../type-urls.js';
import { AdsStream, type AdsCall, type AdsStreamOptions } from './ads-stream.js';
import type { Rejection } from './answers.js';
import { DeltaType } from './delta-type.js';
import { PushMetrics } from './push-metrics.js';
import { adsService } from './service.js';
import { SnapshotCell, type SnapshotSource } from './snapshot-source.js';
import { SotwType } from './sotw-type.js';
import type { SubscriptionEngineOptions } from './subscription-engine.js';
import type { TypeStatus } from './type-status.js';
import { userAgentOf } from './user-agent.js';

export interface AdsServerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Which configuration a client gets, asked once for each stream; default: for all what `setSnapshot` was given. */
  readonly snapshotFor?: (node: Node) => SnapshotSource;
  /** A client refused a response; it stays with the last version it accepted. */
  readonly onNack?: (nack: Nack) => void;
}

export interface Nack extends Rejection {
  readonly nodeId: string;
  readonly typeUrl: ResourceType;
}

export interface ClientStatus {
  /** Undefined until the client has said who it is. */
  readonly node: Node | undefined;
  /** Empty until then. */
  readonly nodeId: string;
  readonly userAgent: string;
  readonly variant: 'sotw' | 'delta';
  /** The client's address, for people. */
  readonly peer: string;
  readonly types: ReadonlyMap<ResourceType, TypeStatus>;
}

const SERVER_OPTIONS = {
  // Clients are silent for as long as nothing changes: pings find the dead ones.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_send_message_length': -1,
  // A request lists the names of everything subscribed to.
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
  // It keeps a record of each connection that nobody reads here.
  'grpc.enable_channelz': 0,
};

/** After a restart all clients come back within moments; what the kernel drops comes again a second later. */
const BACKLOG = 4096;

/** Serves ADS, state of the world and incremental, without TLS: bind it to loopback, or put a NetworkPolicy before it. */
export class AdsServer {
  readonly metrics = new PushMetrics();
  readonly #options: AdsServerOptions;
  readonly #server = new Server(SERVER_OPTIONS);
  readonly #injector: ConnectionInjector;
  readonly #listener = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  /** By the peer's address as a call tells it. */
  readonly #sockets = new Map<string, Socket>();
  readonly #streams = new Map<AdsStream, ClientStatus['variant']>();
  readonly #snapshots = new SnapshotCell();

  constructor(options: AdsServerOptions) {
    this.#options = options;
    this.#server.addService(adsService, {
      streamAggregatedResources: (call: AdsCall<DiscoveryRequest>) =>
        this.#serve('sotw', call, (typeUrl, clock) => new SotwType(typeUrl, clock)),
      deltaAggregatedResources: (call: AdsCall<DeltaDiscoveryRequest>) =>
        this.#serve('delta', call, (typeUrl, clock) => new DeltaType(typeUrl, clock)),
    });
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  /** The gRPC server, for further services on the same port; to be added before `listen`. */
  get grpc(): Pick<Server, 'addService'> {
    return this.#server;
  }

  /** Binds; port 0 takes a free one. Returns the port bound; rejects when it is taken. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#listener.once('error', (error) => {
        const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
        reject(new Error(`cannot serve xDS on ${address}: ${error.message}`, { cause: error }));
      });
      this.#listener.listen({ ...listenOptions({ host, port }), backlog: BACKLOG }, () =>
        resolve((this.#listener.address() as AddressInfo).port),
      );
    });
  }

  /** What clients get when there is no `snapshotFor`. */
  setSnapshot(snapshot: Snapshot): void {
    this.#snapshots.set(snapshot);
  }

  /** Ends all streams with UNAVAILABLE, so that clients look for another server, and waits until they are gone. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    for (const { call } of this.#streams.keys()) {
      call.emit('error', { code: grpcStatus.UNAVAILABLE, details: 'the control plane is stopping' });
    }
    const drained = new Promise<void>((resolve, reject) => {
      this.#server.tryShutdown((error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
    return Promise.all([closed, drained]).then(() => {});
  }

  /** Breaks all connections at once. */
  destroy(): void {
    this.#listener.close();
    this.#server.forceShutdown();
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  /** One entry for each open stream. */
  status(): readonly ClientStatus[] {
    return [...this.#streams].map(([{ call, engine, node }, variant]) => ({
      node,
      nodeId: node?.id ?? '',
      userAgent: userAgentOf(node),
      variant,
      peer: call.getPeer(),
      types: engine?.status() ?? new Map(),
    }));
  }

  /** Open streams whose client has said who it is. */
  get streams(): Iterable<AdsStream> {
    return [...this.#streams.keys()].filter(({ node }) => node !== undefined);
  }

  #accept(socket: Socket): void {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#sockets.set(peer, socket);
    socket.once('close', () => this.#sockets.delete(peer));
    this.#injector.injectConnection(socket);
  }

  #serve<Request extends { readonly typeUrl?: string | undefined }>(
    variant: ClientStatus['variant'],
    call: AdsCall<Request>,
    createType: SubscriptionEngineOptions<Request>['createType'],
  ): void {
    const { clock, logger, onNack, snapshotFor = () => this.#snapshots } = this.#options;
    this.metrics.streamsTotal += 1;
    const options: AdsStreamOptions = {
      clock,
      logger,
      metrics: this.metrics,
      snapshotFor,
      onNack: (typeUrl, rejection, node) => onNack?.({ nodeId: node.id ?? '', typeUrl, ...rejection }),
      cutOff: () => this.#sockets.get(call.getPeer())?.destroy(),
    };
    const stream = new AdsStream<Request>(call, options, createType);
    this.#streams.set(stream as AdsStream, variant);
    call.on('data', (request: Request) => stream.receive(request));
    call.on('end', () => call.end());
    call.on('error', (error: Error) => logger.debug('an xDS stream broke', { node: stream.node?.id, error }));
    const forget = (): void => {
      if (!this.#streams.delete(stream as AdsStream)) return;
      stream.close();
      logger.debug('an xDS client left', { node: stream.node?.id });
    };
    call.on('close', forget);
    call.on('cancelled', forget);
  }
}
