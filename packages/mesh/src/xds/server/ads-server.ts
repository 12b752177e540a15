import { Server, ServerCredentials, status as grpcStatus, type ServerDuplexStream } from '@grpc/grpc-js';
import type { Clock } from '@weir/core';
import type { Logger } from '../../system/logger.js';
import type { Node } from '../generated/envoy.config.core.v3.js';
import type { DiscoveryRequest } from '../generated/envoy.service.discovery.v3.js';
import type { Snapshot } from '../snapshot.js';
import { shortTypeName, type ResourceType } from '../type-urls.js';
import { adsService } from './service.js';
import { SnapshotCell, type SnapshotSource } from './snapshot-source.js';
import { SubscriptionEngine, type TypeStatus } from './subscription-engine.js';

export interface AdsServerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Which configuration a client gets, asked once for each stream; default: for all what `setSnapshot` was given. */
  readonly snapshotFor?: (node: Node) => SnapshotSource;
  /** A client refused a response; it stays with the last version it accepted. */
  readonly onNack?: (nack: Nack) => void;
}

export interface Nack {
  readonly nodeId: string;
  readonly typeUrl: ResourceType;
  /** The version refused. */
  readonly version: string;
  /** The client's own words: the field at fault, as a rule. */
  readonly message: string;
}

export interface ClientStatus {
  /** Empty until the client has said who it is. */
  readonly nodeId: string;
  readonly userAgent: string;
  /** The client's address, for people. */
  readonly peer: string;
  readonly types: ReadonlyMap<ResourceType, TypeStatus>;
}

type AdsCall = ServerDuplexStream<DiscoveryRequest, Buffer>;

interface Client {
  readonly call: AdsCall;
  readonly engine: SubscriptionEngine;
  node: Node | undefined;
}

const SERVER_OPTIONS = {
  // Clients are silent for as long as nothing changes: pings find the dead ones.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_send_message_length': -1,
  // A request lists the names of everything subscribed to.
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
};

/** Serves state-of-the-world ADS over gRPC without TLS: bind it to loopback, or put a NetworkPolicy before it. */
export class AdsServer {
  readonly #options: AdsServerOptions;
  readonly #server = new Server(SERVER_OPTIONS);
  readonly #clients = new Set<Client>();
  readonly #snapshots = new SnapshotCell();

  constructor(options: AdsServerOptions) {
    this.#options = options;
    this.#server.addService(adsService, { streamAggregatedResources: (call: AdsCall) => this.#serve(call) });
  }

  /** Binds; port 0 takes a free one. Returns the port bound; rejects when it is taken. */
  listen(host: string, port: number): Promise<number> {
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(new Error(`cannot serve xDS on ${address}: ${error.message}`, { cause: error }));
      });
    });
  }

  /** What clients get when there is no `snapshotFor`. */
  setSnapshot(snapshot: Snapshot): void {
    this.#snapshots.set(snapshot);
  }

  /** Ends all streams with UNAVAILABLE, so that clients look for another server, and waits until they are gone. */
  close(): Promise<void> {
    for (const { call } of this.#clients) {
      call.emit('error', { code: grpcStatus.UNAVAILABLE, details: 'the control plane is stopping' });
    }
    return new Promise((resolve, reject) => {
      this.#server.tryShutdown((error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  /** Breaks all connections at once. */
  destroy(): void {
    this.#server.forceShutdown();
  }

  /** One entry for each open stream. */
  status(): readonly ClientStatus[] {
    return [...this.#clients].map(({ call, engine, node }) => ({
      nodeId: node?.id ?? '',
      userAgent: userAgentOf(node),
      peer: call.getPeer(),
      types: engine.status(),
    }));
  }

  #serve(call: AdsCall): void {
    const { clock, logger, onNack, snapshotFor = () => this.#snapshots } = this.#options;
    const engine = new SubscriptionEngine({
      clock,
      send: (response) => call.write(response),
      onNack: (typeUrl, { version, message }) => {
        const nodeId = client.node?.id ?? '';
        logger.warn('a client refused its configuration', {
          node: nodeId,
          type: shortTypeName(typeUrl),
          version,
          message,
        });
        onNack?.({ nodeId, typeUrl, version, message });
      },
    });
    const client: Client = { call, engine, node: undefined };
    this.#clients.add(client);
    let unwatch = () => {};

    call.on('data', (request: DiscoveryRequest) => {
      // xDS protocol: "only the first request on a stream is guaranteed to carry the node identifier".
      if (client.node === undefined) {
        client.node = request.node ?? {};
        logger.debug('an xDS client connected', { node: client.node.id, agent: userAgentOf(client.node) });
        const source = snapshotFor(client.node);
        const push = () => {
          const snapshot = source.current();
          if (snapshot !== undefined) engine.update(snapshot);
        };
        unwatch = source.onChange(push);
        push();
      }
      engine.receive(request);
    });
    call.on('end', () => call.end());
    call.on('error', (error: Error) => logger.debug('an xDS stream broke', { node: client.node?.id, error }));
    call.on('close', () => forget());
    call.on('cancelled', () => forget());

    const forget = () => {
      if (!this.#clients.delete(client)) return;
      unwatch();
      engine.stop();
      logger.debug('an xDS client left', { node: client.node?.id });
    };
  }
}

function userAgentOf(node: Node | undefined): string {
  return [node?.userAgentName, node?.userAgentVersion].filter(Boolean).join(' ');
}
