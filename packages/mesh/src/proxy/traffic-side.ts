import type { OnReadOpts, Socket } from 'node:net';
import { splice } from '../capture/splice.js';
import type { FlushQueue } from '../transport/flush-queue.js';
import { Http2Socket } from '../transport/http2-socket.js';
import { takeOver } from '../transport/shared-reads.js';
import { DownstreamConnection } from './relay/downstream-connection.js';
import type { RelayContext } from './relay/relay-context.js';
import type { RequestRouter } from './relay/router.js';

/**
 * How long a connection may go on without having shown what it is when the proxy stops: what is on its way gets
 * an answer, and silence holds nobody up.
 */
const UNDECIDED_GRACE_MS = 100;

/** A connection that can be told to take no more requests, and to close when those it has are over. */
export interface Drainable {
  close(): void;
}

/** The connections of one direction of traffic, from the moment they are accepted until the last one is gone. */
export abstract class TrafficSide {
  protected readonly context: RelayContext;
  readonly #flushQueue: FlushQueue;
  /** Every socket accepted and not closed yet. */
  readonly #sockets = new Set<Socket>();
  /** Of those, the ones that have not shown yet what they are. */
  readonly #undecided = new Set<Socket>();
  /** What takes requests from its caller. */
  readonly #connections = new Set<Drainable>();
  #closing = false;
  #onIdle: (() => void) | undefined = undefined;

  constructor(context: RelayContext, flushQueue: FlushQueue) {
    this.context = context;
    this.#flushQueue = flushQueue;
  }

  /** Connections taken and not closed yet. */
  get openConnections(): number {
    return this.#sockets.size;
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
      const timer = this.context.clock.setTimer(drainMs, () => {
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

  /** Takes over a new, paused connection. */
  protected take(socket: Socket): void {
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
  }

  /** Relays a connection that speaks HTTP/2; `bytes` were read of it already. */
  protected relay(socket: Socket, bytes: Buffer, router: RequestRouter): void {
    this.#undecided.delete(socket);
    const { remoteAddress = '', remotePort = 0 } = socket;
    const connection: DownstreamConnection = new DownstreamConnection(
      this.context,
      (http2, onGone) => {
        const open = (onread: OnReadOpts): Socket => takeOver(socket, onread);
        return new Http2Socket(open, http2, this.#flushQueue, this.context.clock, onGone);
      },
      { ip: remoteAddress, connection: `${remoteAddress}:${remotePort}` },
      router,
      () => this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    connection.start(bytes);
    if (this.#closing) connection.close();
  }

  /** Takes note that a connection takes requests, which is told when the proxy stops. */
  protected keep(socket: Socket, connection: Drainable): void {
    this.#undecided.delete(socket);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
    if (this.#closing) connection.close();
  }

  /** Joins a connection to the place it was meant for, byte for byte; `target` was made by `dialPlain`. */
  protected passThrough(
    socket: Socket,
    early: Buffer,
    target: Socket,
    onOpen: () => void,
    onRefused: (reason: string) => void,
  ): void {
    const { clock, counters } = this.context;
    this.#undecided.delete(socket);
    counters.splicedConnectionsTotal++;
    splice(socket, early, target, clock, onOpen, onRefused);
  }

  #endUndecided(): void {
    this.context.clock.setTimer(UNDECIDED_GRACE_MS, () => {
      for (const socket of this.#undecided) socket.destroy();
    });
  }
}
