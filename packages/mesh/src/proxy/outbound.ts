import type { Socket } from 'node:net';
import { decide, findVirtualHost } from '@weir/core';
import {
  acceptConnect,
  readConnectRequest,
  refuse,
  type ConnectRequest,
} from '../capture/connect-request.js';
import { awaitFirstWord } from '../capture/first-word.js';
import { readHead } from '../capture/read-head.js';
import { dialPlain } from '../capture/splice.js';
import type { FlushQueue } from '../transport/flush-queue.js';
import type { AddressClusters } from './config/address-clusters.js';
import type { Destination, OutboundDoor } from './door.js';
import type { Http1Routes } from './http1/http1-connection.js';
import { Http1Server } from './http1/http1-server.js';
import { Exchange } from './relay/exchange.js';
import { FixedRouter } from './relay/fixed-router.js';
import { PassingRouter } from './relay/passing-router.js';
import type { RelayContext } from './relay/relay-context.js';
import { type OpenStream, type RequestRouter, Router } from './relay/router.js';
import { TrafficSide } from './traffic-side.js';

/** How long a caller may take to say its first byte before the server is asked whether it speaks first. */
const QUIET_MS = 50;
/** How long a connection is held while the proxy has no configuration yet. */
const UNCONFIGURED_MS = 10_000;
const CONFIGURED_POLL_MS = 10;

const NO_BYTES = Buffer.alloc(0);
/** What metrics name in the place of a method: the paths of HTTP/1.1 are too many. */
const HTTP1_METHOD = 'HTTP/1.1';

/** Addresses that are none of the mesh's, as the relay sees them. */
export interface Beyond {
  /** Its configuration is `addresses`. */
  readonly context: RelayContext;
  readonly addresses: AddressClusters;
}

/** Takes the application's outgoing connections and hands each to what it turns out to be. */
export class Outbound extends TrafficSide {
  readonly #beyond: Beyond;
  readonly #http1: Http1Server;

  constructor(context: RelayContext, flushQueue: FlushQueue, beyond: Beyond) {
    super(context, flushQueue);
    this.#beyond = beyond;
    this.#http1 = new Http1Server(context.options);
  }

  /** Takes over a new, paused connection that came in at `door`. */
  accept(socket: Socket, door: OutboundDoor): void {
    this.take(socket);
    if (door.kind === 'service') {
      this.#whenConfigured(socket, () =>
        this.#sniffFor(
          socket,
          NO_BYTES,
          door.destination,
          this.#router(door.destination, true),
          this.#http1Routes(door.destination, true),
        ),
      );
      return;
    }
    if (door.kind === 'captured') {
      this.#whenConfigured(socket, () => this.#onCaptured(socket, door.destination));
      return;
    }
    readConnectRequest(socket, this.context.clock, (request) => {
      this.#whenConfigured(socket, () => this.#onConnectRequest(socket, request));
    });
  }

  /** Holds a connection that came before the first configuration: an application may start before its proxy is ready. */
  #whenConfigured(socket: Socket, then: () => void): void {
    const { config, clock } = this.context;
    const deadlineMs = clock.nowMs() + UNCONFIGURED_MS;
    const check = (): void => {
      if (socket.destroyed) return;
      if (config.configured || clock.nowMs() >= deadlineMs) then();
      else clock.setTimer(CONFIGURED_POLL_MS, check);
    };
    check();
  }

  #onConnectRequest(socket: Socket, { host, port, early }: ConnectRequest): void {
    const destination = { host, port };
    if (this.context.config.knows(host, port)) {
      acceptConnect(socket);
      const router = this.#router(destination, false);
      return this.#sniffFor(socket, early, destination, router, this.#http1Routes(destination, false));
    }
    // Not ours to balance: a tunnel to wherever it was going.
    const onOpen = (): void => acceptConnect(socket);
    this.passThrough(socket, early, dialPlain(destination), onOpen, (reason) => {
      const text = `weir: ${host}:${port} is no service of the mesh and cannot be reached: ${reason}\n`;
      refuse(socket, this.context.clock, '502 Bad Gateway', text);
    });
  }

  /**
   * A connection that the kernel has redirected here on its way to an address. What the address, or a request's
   * `:authority` on a port of the mesh, has routes for is balanced; everything else goes where it was going.
   */
  #onCaptured(socket: Socket, destination: Destination): void {
    const { config } = this.context;
    const { host, port } = destination;
    if (config.route(port) === undefined) return this.#passToEndpoint(socket, NO_BYTES, destination);
    const router = this.#router(destination, false);
    const http1 = this.#http1Routes(destination, false);
    if (config.knows(host, port)) return this.#sniffFor(socket, NO_BYTES, destination, router, http1);
    const { context, addresses } = this.#beyond;
    const address = addresses.admit(destination);
    socket.once('close', () => addresses.release(address));
    const open: OpenStream = (downstream, stream, request, routed, endStream) =>
      new Exchange(context, downstream, stream, request, routed, endStream);
    const onward = new FixedRouter(context, address, () => open);
    const http1Onward = { context, router: new FixedRouter(context, address, () => open, HTTP1_METHOD) };
    this.#sniffFor(socket, NO_BYTES, destination, new PassingRouter(router, onward), {
      ...http1,
      onward: http1Onward,
    });
  }

  #router({ host, port }: Destination, fixed: boolean): Router {
    return new Router(this.context, port, `${host}:${port}`, fixed);
  }

  #http1Routes({ host, port }: Destination, fixed: boolean): Http1Routes {
    const destination = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    const router = new Router(this.context, port, `${host}:${port}`, fixed, HTTP1_METHOD);
    return { context: this.context, router, destination };
  }

  #sniffFor(
    socket: Socket,
    early: Buffer,
    destination: Destination,
    router: RequestRouter,
    http1: Http1Routes,
  ): void {
    const { clock } = this.context;
    const dial = (): Socket => dialPlain(this.#endpointFor(destination));
    awaitFirstWord(socket, early, clock, QUIET_MS, dial, (what, bytes, target) => {
      if (what === 'http2') return this.relay(socket, bytes, router);
      if (what !== 'http1') return this.#passToEndpoint(socket, bytes, destination, target);
      const take = (all: Buffer): void => {
        target?.on('error', () => {}).destroy();
        this.keep(socket, this.#http1.accept(socket, all, http1));
      };
      if (http1.onward === undefined) return take(bytes);
      readHead(socket, bytes, clock, (all, host) => {
        const table = this.context.config.route(destination.port);
        const isKnown = table !== undefined && findVirtualHost(table, host ?? '') !== undefined;
        if (isKnown) take(all);
        else this.#passToEndpoint(socket, all, destination, target);
      });
    });
  }

  /** What is no HTTP goes to one endpoint of the service, as kube-proxy would do it, or to the name itself. */
  #passToEndpoint(
    socket: Socket,
    bytes: Buffer,
    destination: Destination,
    target: Socket = dialPlain(this.#endpointFor(destination)),
  ): void {
    const { host, port } = destination;
    const nothing = (): void => {};
    this.passThrough(socket, bytes, target, nothing, (reason) => {
      this.context.logger.warn('a connection that is not HTTP could not be passed through', {
        service: `${host}:${port}`,
        reason,
      });
      socket.resetAndDestroy();
    });
  }

  #endpointFor({ host, port }: Destination): Destination {
    const { config, clock, random } = this.context;
    const table = config.route(port);
    const request = { authority: `${host}:${port}`, path: '/', method: 'CONNECT', header: () => undefined };
    const decision = table && decide(request, table, clock, random);
    const endpoint =
      decision?.kind === 'forward' ? config.cluster(decision.cluster)?.pick()?.endpoint : undefined;
    return endpoint ?? { host, port };
  }
}
