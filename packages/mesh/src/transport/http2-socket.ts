import type { Socket } from 'node:net';
import type { Clock } from '@weir/core';
import type { Http2Connection } from '../http2/connection.js';
import type { FlushQueue, Flushable } from './flush-queue.js';

/** How long a socket stays open after GOAWAY for an error, so that the peer can read the reason. */
const LINGER_MS = 1000;

/** TCP keepalive probes begin after this silence; they find a peer whose machine vanished. */
const TCP_KEEPALIVE_MS = 30_000;

/**
 * Joins a connection to its socket: reads in, writes out once per loop turn, and tells the connection when
 * the socket takes no more.
 */
export class Http2Socket<Owner> implements Flushable {
  readonly socket: Socket;
  readonly #connection: Http2Connection<Owner>;
  readonly #queue: FlushQueue;
  readonly #clock: Clock;
  #closing = false;
  #gone = false;
  #bytesRead = 0;
  #bytesWritten = 0;

  /**
   * @param onGone - called once, when the socket is closed for whatever reason; nothing follows it.
   */
  constructor(
    socket: Socket,
    connection: Http2Connection<Owner>,
    queue: FlushQueue,
    clock: Clock,
    onGone: (error: Error | undefined) => void,
  ) {
    this.socket = socket;
    this.#connection = connection;
    this.#queue = queue;
    this.#clock = clock;
    let failure: Error | undefined;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
    socket.on('data', (chunk: Buffer) => {
      this.#bytesRead += chunk.length;
      connection.receive(chunk);
    });
    socket.on('drain', () => connection.blockOutput(false));
    socket.on('error', (error: Error) => (failure = error));
    // Without the peer's bytes no call can be answered: a half-closed connection is of no use in HTTP/2.
    socket.on('end', () => this.close());
    socket.on('close', () => {
      this.#gone = true;
      onGone(failure);
    });
  }

  /** Bytes read since this was last asked. */
  takeBytesRead(): number {
    const bytes = this.#bytesRead;
    this.#bytesRead = 0;
    return bytes;
  }

  /** Bytes written since this was last asked. */
  takeBytesWritten(): number {
    const bytes = this.#bytesWritten;
    this.#bytesWritten = 0;
    return bytes;
  }

  /** The connection has output: it is written at the end of this loop turn. */
  wake(): void {
    this.#queue.add(this);
  }

  flush(): void {
    if (this.#gone || this.socket.destroyed) return;
    const { socket } = this;
    const batch = this.#connection.takeOutput();
    const { parts } = batch;
    this.#bytesWritten += batch.bytes;
    let ready = true;
    if (parts.length === 1) {
      ready = socket.write(parts[0]!);
    } else if (parts.length > 1) {
      socket.cork();
      for (const part of parts) ready = socket.write(part);
      socket.uncork();
      ready = !socket.writableNeedDrain;
    }
    // Written at once by the kernel: the segments are free again. Otherwise they are left to the collector.
    if (socket.writableLength === 0) this.#connection.releaseOutput(batch);
    if (!ready) this.#connection.blockOutput(true);
    if (this.#closing) socket.end();
  }

  /** Writes what is there, then closes. */
  close(): void {
    if (this.#closing || this.#gone) return;
    this.#closing = true;
    this.#queue.add(this);
    const timer = this.#clock.setTimer(LINGER_MS, () => this.socket.destroy());
    this.socket.once('close', () => timer.cancel());
  }

  /** Drops the socket at once. */
  destroy(): void {
    this.socket.destroy();
  }
}
