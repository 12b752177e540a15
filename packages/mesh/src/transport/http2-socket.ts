import type { OnReadOpts, Socket } from 'node:net';
import type { Clock, Timer } from '@weir/core';
import type { Http2Connection } from '../http2/connection.js';
import { FULL_OUTPUT_BYTES } from '../http2/output-buffer.js';
import type { FlushQueue, Flushable } from './flush-queue.js';
import { sharedReads } from './shared-reads.js';

/** How long a socket stays open after its last byte was written, so that the peer can read it before a reset. */
const LINGER_MS = 1000;

/** How long a slow reader may take for the last bytes of a connection that ended in good order. */
const WRITE_OUT_MS = 30_000;

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
  /** The last byte is with the socket. */
  #ended = false;
  #gone = false;
  #timer: Timer | undefined = undefined;
  #bytesRead = 0;
  #bytesWritten = 0;

  /**
   * @param open - makes the socket, with this as its option `onread` if it is one that takes it
   * @param onGone - called once, when the socket is closed for whatever reason; nothing follows it.
   */
  constructor(
    open: (onread: OnReadOpts) => Socket,
    connection: Http2Connection<Owner>,
    queue: FlushQueue,
    clock: Clock,
    onGone: (error: Error | undefined) => void,
  ) {
    const socket = open(sharedReads((buffer, bytes) => this.#read(buffer, bytes)));
    this.socket = socket;
    this.#connection = connection;
    this.#queue = queue;
    this.#clock = clock;
    let failure: Error | undefined;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
    socket.on('data', (chunk: Buffer) => this.#read(chunk, chunk.length));
    socket.on('drain', () => connection.blockOutput(false));
    socket.on('error', (error: Error) => (failure = error));
    // Without the peer's bytes no call can be answered: a half-closed connection is of no use in HTTP/2.
    socket.on('end', () => {
      this.close();
      this.#destroyIn(LINGER_MS);
    });
    socket.on('close', () => {
      this.#gone = true;
      this.#timer?.cancel();
      onGone(failure);
    });
    socket.resume();
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

  /** The connection has output: it is written at the end of this loop turn, or, when it is much, after this read. */
  wake(): void {
    if (this.#connection.pendingOutputBytes < FULL_OUTPUT_BYTES) this.#queue.add(this);
    else this.#queue.addFull(this);
  }

  flush(): void {
    const { socket } = this;
    if (!socket.writable) return;
    const batch = this.#connection.takeOutput();
    const { parts } = batch;
    this.#bytesWritten += batch.bytes;
    if (parts.length === 1) {
      socket.write(parts[0]!);
    } else if (parts.length > 1) {
      socket.cork();
      for (const part of parts) socket.write(part);
      socket.uncork();
    }
    // Nothing is left with the socket, so the kernel has it all, and the segments are free again. Otherwise they
    // may be read at any time until the write ends, and are left to the collector.
    if (socket.writableLength === 0) this.#connection.releaseOutput(batch);
    else if (socket.writableNeedDrain) this.#connection.blockOutput(true);
    if (!this.#closing) return;
    // A socket that is written to after its end drops what it still holds.
    this.#ended = true;
    socket.end();
  }

  /** Writes what is there, then closes; what the peer sends from then on is not looked at. */
  close(): void {
    if (this.#closing || this.#gone) return;
    this.#closing = true;
    this.#queue.add(this);
    this.#destroyIn(this.#connection.failed ? LINGER_MS : WRITE_OUT_MS);
    this.socket.once('finish', () => this.#destroyIn(LINGER_MS));
  }

  /** Drops the socket at once. */
  destroy(): void {
    this.socket.destroy();
  }

  #read(buffer: Buffer, bytes: number): void {
    this.#bytesRead += bytes;
    // What comes after the end is read only so that the kernel need not answer it with a reset, which would
    // overtake our last bytes.
    if (!this.#ended) this.#connection.receive(buffer, bytes);
    this.#queue.flushFull();
  }

  #destroyIn(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(delayMs, () => this.socket.destroy());
  }
}
