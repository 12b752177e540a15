import type { OnReadOpts, Socket } from 'node:net';
import { decide } from '@weir/core';
import {
  acceptConnect,
  readConnectRequest,
  refuse,
  type ConnectRequest,
} from '../capture/connect-request.js';
import { sniff } from '../capture/sniff.js';
import { splice, type SpliceTarget } from '../capture/splice.js';
import type { FlushQueue } from '../transport/flush-queue.js';
import { Http2Socket } from '../transport/http2-socket.js';
import { takeOver } from '../transport/shared-reads.js';
import type { Destination, Door } from './door.js';
import { DownstreamConnection } from './relay/downstream-connection.js';
import type { RelayContext } from './relay/relay-context.js';
import { Router } from './relay/router.js';

/** How long a caller may take to say its first byte before the server is taken to speak first. */
const SILENCE_MS = 5_000;
/** How long a connection is held while the proxy has no configuration yet. */
const UNCONFIGURED_MS = 10_000;
const CONFIGURED_POLL_MS = 10;

/**
 * How long a connection may go on without having shown what it is when the proxy stops: what is on its way gets
 * an answer, and silence holds nobody up.
 */
const UNDECIDED_GRACE_MS = 100;

const NO_BYTES = Buffer.alloc(0);

/** Takes the application's outgoing connections and hands each to what it turns out to be. */
export class Outbound {
  readonly #context: RelayContext;
  readonly #flushQueue: FlushQueue;
  /** Every socket accepted and not closed yet. */
  readonly #sockets = new Set<Socket>();
  /** Of those, the ones that have not shown yet what they are. */
  readonly #undecided = new Set<Socket>();
  readonly #connections = new Set<DownstreamConnection>();
  #closing = false;
  #onIdle: (() => void) | undefined = undefined;

  constructor(context: RelayContext, flushQueue: FlushQueue) {
    this.#context = context;
    this.#flushQueue = flushQueue;
  }

  /** Connections taken and not closed yet. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  /** Takes over a new, paused connection that came in at `door`. */
  accept(socket: Socket, door: Door): void {
    this.#sockets.add(socket);
    this.#undecided.add(socket);
    if (this.#closing) this.#endUndecided();
    // An error is followed by 'close', where it is dealt with.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#undecided.delete(socket);
      if (this.#sockets.size === 0) this.#onIdle?.();
    });
    if (door.kind === 'service') {
      this.#whenConfigured(socket, () => this.#sniffFor(socket, NO_BYTES, door.destination, true));
      return;
    }
    readConnectRequest(socket, this.#context.clock, (request) => {
      this.#whenConfigured(socket, () => this.#onConnectRequest(socket, request));
    });
  }

  /**
   * Tells every caller GOAWAY, and resolves when the last connection is gone or after `drainMs`, when the
   * rest is cut off. To be called when no more connections are handed in.
   */
  async close(drainMs: number): Promise<void> {
    this.#closing = true;
    this.#endUndecided();
    for (const connection of this.#connections) connection.close();
    if (this.#sockets.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#context.clock.setTimer(drainMs, () => {
        this.destroy();
        resolve();
      });
      this.#onIdle = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** Cuts everything off. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #endUndecided(): void {
    this.#context.clock.setTimer(UNDECIDED_GRACE_MS, () => {
      for (const socket of this.#undecided) socket.destroy();
    });
  }

  /** Holds a connection that came before the first configuration: an application may start before its proxy is ready. */
  #whenConfigured(socket: Socket, then: () => void): void {
    const { config, clock } = this.#context;
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
    if (this.#context.config.knows(host, port)) {
      acceptConnect(socket);
      return this.#sniffFor(socket, early, destination, false);
    }
    // Not ours to balance: a tunnel to wherever it was going.
    const onOpen = (): void => acceptConnect(socket);
    this.#passThrough(socket, early, destination, onOpen, (reason) => {
      const text = `weir: ${host}:${port} is no service of the mesh and cannot be reached: ${reason}\n`;
      refuse(socket, this.#context.clock, '502 Bad Gateway', text);
    });
  }

  #sniffFor(socket: Socket, early: Buffer, destination: Destination, fixed: boolean): void {
    sniff(socket, early, this.#context.clock, SILENCE_MS, (what, bytes) => {
      if (what === 'http2') this.#relay(socket, bytes, destination, fixed);
      else this.#passToEndpoint(socket, bytes, destination);
    });
  }

  #relay(socket: Socket, bytes: Buffer, { host, port }: Destination, fixed: boolean): void {
    this.#undecided.delete(socket);
    const { remoteAddress = '', remotePort = 0 } = socket;
    const router = new Router(this.#context, port, `${host}:${port}`, fixed);
    const connection: DownstreamConnection = new DownstreamConnection(
      this.#context,
      (http2, onGone) => {
        const open = (onread: OnReadOpts): Socket => takeOver(socket, onread);
        return new Http2Socket(open, http2, this.#flushQueue, this.#context.clock, onGone);
      },
      { ip: remoteAddress, connection: `${remoteAddress}:${remotePort}` },
      router,
      () => this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    connection.start(bytes);
    if (this.#closing) connection.close();
  }

  /** What is not HTTP/2 goes to one endpoint of the service, as kube-proxy would do it, or to the name itself. */
  #passToEndpoint(socket: Socket, bytes: Buffer, { host, port }: Destination): void {
    const { config, clock, random } = this.#context;
    const table = config.route(port);
    const request = { authority: `${host}:${port}`, path: '/', method: 'CONNECT', header: () => undefined };
    const decision = table && decide(request, table, clock, random);
    const endpoint =
      decision?.kind === 'forward' ? config.cluster(decision.cluster)?.pick()?.endpoint : undefined;
    const nothing = (): void => {};
    this.#passThrough(socket, bytes, endpoint ?? { host, port }, nothing, (reason) => {
      this.#context.logger.warn('a connection that is not HTTP/2 could not be passed through', {
        service: `${host}:${port}`,
        reason,
      });
      socket.destroy();
    });
  }

  #passThrough(
    socket: Socket,
    early: Buffer,
    target: SpliceTarget,
    onOpen: () => void,
    onRefused: (reason: string) => void,
  ): void {
    const { clock, counters } = this.#context;
    this.#undecided.delete(socket);
    counters.splicedConnectionsTotal++;
    splice(socket, early, target, clock, onOpen, onRefused);
  }
}
