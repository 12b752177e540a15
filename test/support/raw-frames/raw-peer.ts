import type { Socket } from 'node:net';
import {
  CONTINUATION,
  describeFrame,
  END_HEADERS,
  FrameReader,
  HEADERS,
  MAGIC,
  PADDED,
  PRIORITY_FLAG,
  type Frame,
} from './frame.js';
import { HpackReader, type DecodedField } from './hpack-reader.js';

/** How long to wait for a frame that has to come. */
const PATIENCE_MS = 2_000;

/** A frame, or a whole header block: HEADERS with all its CONTINUATION frames, decoded. */
export interface Received extends Frame {
  readonly fields: readonly DecodedField[];
}

export type PeerEvent = Received | 'closed';

/**
 * One end of a connection that sends what it is told and hands out what comes in the order it came. It never
 * answers by itself, not even SETTINGS or PING.
 */
export class RawPeer {
  readonly socket: Socket;
  /** All frames as they came, CONTINUATION apart. */
  readonly wire: Frame[] = [];
  readonly #reader = new FrameReader();
  readonly #hpack: HpackReader;
  readonly #events: PeerEvent[] = [];
  #waiting: (() => void) | undefined;
  #preface: Buffer | undefined;
  #open: { frame: Frame; fragments: Buffer[] } | undefined;
  #failure: Error | undefined;
  #closed = false;

  /**
   * @param expectMagic - the other end is a client, which begins with 24 octets that are no frame
   * @param tableBytes - the SETTINGS_HEADER_TABLE_SIZE that the other end is or will be told
   */
  constructor(socket: Socket, expectMagic: boolean, tableBytes = 4096) {
    this.socket = socket;
    this.#hpack = new HpackReader(tableBytes);
    this.#preface = expectMagic ? Buffer.alloc(0) : undefined;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => {
      // A reset is an end like any other here; 'close' follows.
    });
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
  }

  /** Nothing more will come: the other end has closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Writes all parts at once. */
  send(...parts: readonly Uint8Array[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(parts));
  }

  /** What came next. Throws if nothing comes in time. */
  async next(what = 'anything'): Promise<PeerEvent> {
    const end = performance.now() + PATIENCE_MS;
    while (this.#events.length === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      if (!(await this.#activity(end - performance.now())))
        throw new Error(`waited ${PATIENCE_MS} ms for ${what}; ${this.transcript()}`);
    }
    return this.#events.shift() ?? 'closed';
  }

  /** The next frame that `wanted` accepts; those before it are passed over. Throws if the connection ends first. */
  async until(what: string, wanted: (frame: Received) => boolean): Promise<Received> {
    for (;;) {
      const event = await this.next(what);
      if (event === 'closed') throw new Error(`closed before ${what}; ${this.transcript()}`);
      if (wanted(event)) return event;
    }
  }

  /** Whether a frame that `wanted` accepts has come and was not handed out yet. */
  has(wanted: (frame: Received) => boolean): boolean {
    return this.#events.some((event) => event !== 'closed' && wanted(event));
  }

  /** What has come so far, for the message of a failed test. */
  transcript(): string {
    const lines = this.wire.map(describeFrame);
    return `so far came: ${lines.join('; ') || 'nothing'}${this.#closed ? '; then the end' : ''}`;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #activity(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting = undefined;
        resolve(false);
      }, timeoutMs);
      this.#waiting = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.push('closed');
    this.#wake();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(this.#afterMagic(chunk))) this.#take(frame);
    } catch (error) {
      this.#failure = error as Error;
    }
    this.#wake();
  }

  #afterMagic(chunk: Buffer): Buffer {
    if (this.#preface === undefined) return chunk;
    this.#preface = Buffer.concat([this.#preface, chunk]);
    if (this.#preface.length < MAGIC.length) return Buffer.alloc(0);
    if (!this.#preface.subarray(0, MAGIC.length).equals(MAGIC))
      throw new Error('the connection does not begin with the preface of HTTP/2');
    const rest = this.#preface.subarray(MAGIC.length);
    this.#preface = undefined;
    return rest;
  }

  #take(frame: Frame): void {
    this.wire.push(frame);
    if (frame.type === HEADERS) this.#open = { frame, fragments: [withoutPadding(frame)] };
    else if (frame.type === CONTINUATION) this.#open?.fragments.push(frame.payload);
    else this.#events.push({ ...frame, fields: [] });
    if (this.#open === undefined || (frame.flags & END_HEADERS) === 0) return;
    if (frame.type !== HEADERS && frame.type !== CONTINUATION) return;
    const { frame: first, fragments } = this.#open;
    this.#open = undefined;
    this.#events.push({ ...first, fields: this.#hpack.read(Buffer.concat(fragments)) });
  }
}

function withoutPadding({ flags, payload }: Frame): Buffer {
  let start = 0;
  let end = payload.length;
  if ((flags & PADDED) !== 0) end -= payload.readUInt8(start++);
  if ((flags & PRIORITY_FLAG) !== 0) start += 5;
  return payload.subarray(start, end);
}
