import type { Http2Connection } from '../../http2/connection.js';
import type { Wire } from './wire.js';

export interface MemoryWireEvents {
  readonly onOpen?: () => void;
  readonly onEnd?: () => void;
  readonly onGone: (error: Error | undefined) => void;
}

/** Whoever plays the other end. */
export interface WirePeer {
  receive(bytes: Buffer): void;
  /** What it has to say. */
  take(): Buffer | undefined;
}

type WireConnection = Pick<
  Http2Connection<unknown>,
  'pendingOutputBytes' | 'takeOutput' | 'releaseOutput' | 'receive'
>;

/**
 * A wire between one of the relay's connections and a peer that a test plays, made of nothing but buffers.
 * Like a socket it tells nothing from within a call: everything happens in `step`.
 */
export class MemoryWire implements Wire {
  readonly #connection: WireConnection;
  readonly #peer: WirePeer;
  readonly #events: MemoryWireEvents;
  #open = false;
  #closing = false;
  #lost = false;
  #ended = false;
  #error: Error | undefined = undefined;
  #read = 0;
  #written = 0;
  /** The peer's machine answers nothing, not even that it will not. */
  silent = false;
  gone = false;

  constructor(connection: WireConnection, peer: WirePeer, events: MemoryWireEvents) {
    this.#connection = connection;
    this.#peer = peer;
    this.#events = events;
  }

  wake(): void {}

  close(): void {
    this.#closing = true;
  }

  destroy(): void {
    this.#lost = true;
  }

  takeBytesRead(): number {
    const bytes = this.#read;
    this.#read = 0;
    return bytes;
  }

  takeBytesWritten(): number {
    const bytes = this.#written;
    this.#written = 0;
    return bytes;
  }

  /** The peer's machine drops the connection. */
  lose(error: Error | undefined): void {
    this.#lost = true;
    this.#error = error;
  }

  /** The peer closes its half in good order. */
  end(): void {
    this.#ended = true;
  }

  /** Moves what there is to move; false when there was nothing. */
  step(): boolean {
    if (this.gone) return false;
    if (this.#lost) return this.#finish();
    if (this.silent) return false;
    if (!this.#open) {
      this.#open = true;
      this.#events.onOpen?.();
    }
    const outward = this.#write();
    const inward = this.#peer.take();
    if (inward !== undefined) {
      this.#read += inward.length;
      this.#connection.receive(inward);
    }
    if (this.#ended) {
      this.#ended = false;
      this.#events.onEnd?.();
      this.close();
      return true;
    }
    if (this.#closing) {
      this.#write();
      return this.#finish();
    }
    return outward || inward !== undefined;
  }

  #write(): boolean {
    if (this.#connection.pendingOutputBytes === 0) return false;
    const batch = this.#connection.takeOutput();
    const bytes = Buffer.concat(batch.parts);
    this.#connection.releaseOutput(batch);
    this.#written += bytes.length;
    this.#peer.receive(bytes);
    return true;
  }

  #finish(): boolean {
    this.gone = true;
    this.#events.onGone(this.#error);
    return true;
  }
}
