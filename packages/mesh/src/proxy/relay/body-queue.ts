import type { Http2Connection } from '../../http2/connection.js';
import { copyBytes } from '../../http2/copy-bytes.js';
import type { SegmentPool } from '../../http2/segment-pool.js';
import type { Http2Stream } from '../../http2/stream.js';

/**
 * Buffers after the first are of these sizes, each twice the one before: a buffer object for each of a
 * thousand tiny messages would be many times as large as the messages. What would need more than the last is
 * put into a frame's buffer of the pool.
 */
const FIRST_GATHER_BYTES = 256;
const LAST_GATHER_BYTES = 4096;

const NOTHING = Buffer.alloc(0);

/**
 * The bytes of one body that could not be passed on yet; while `retaining`, also those that were, so that
 * the body can be sent again from its start.
 */
export class BodyQueue {
  readonly #segments: SegmentPool;
  readonly #buffers: Buffer[] = [];
  /** How far each buffer is filled. */
  readonly #filled: number[] = [];
  #gatherBytes = FIRST_GATHER_BYTES / 2;
  #next = 0;
  #offset = 0;
  #retaining: boolean;
  #replayable = true;
  #sentBytes = 0;
  /** The most that any pass has sent. */
  #furthestBytes = 0;
  #pushedBytes = 0;
  #heldBytes = 0;

  constructor(segments: SegmentPool, retaining: boolean) {
    this.#segments = segments;
    this.#retaining = retaining;
  }

  /** Bytes kept here, sent or not. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Nothing was dropped yet: the body can be sent from its start. */
  get replayable(): boolean {
    return this.#replayable;
  }

  /** Bytes still to be sent in this pass. */
  get unsentBytes(): number {
    return this.#pushedBytes - this.#sentBytes;
  }

  /** Bytes that no pass has sent. */
  get freshBytes(): number {
    return this.#pushedBytes - this.#furthestBytes;
  }

  /** Nothing waits here and nothing has to be kept: what comes may pass by. */
  get passable(): boolean {
    return !this.#retaining && this.#pushedBytes === this.#sentBytes;
  }

  /** Copies `chunk[start, end)`. */
  push(chunk: Buffer, start: number, end: number): void {
    this.#heldBytes += end - start;
    this.#pushedBytes += end - start;
    let at = start;
    while (at < end) {
      const last = this.#filled.length - 1;
      const room = last === -1 ? 0 : this.#buffers[last]!.length - this.#filled[last]!;
      if (room === 0) this.#addBuffer(end - at);
      else at = this.#fill(last, chunk, at, Math.min(end, at + room));
    }
  }

  /**
   * Sends what the stream takes, and with the last byte END_STREAM if `endStream`. Returns how many bytes
   * went out for the first time.
   */
  sendTo<Owner>(connection: Http2Connection<Owner>, stream: Http2Stream<Owner>, endStream: boolean): number {
    const before = this.#sentBytes;
    const buffers = this.#buffers;
    while (this.#next < buffers.length) {
      const end = this.#filled[this.#next]!;
      const last = endStream && this.#next === buffers.length - 1;
      const taken = connection.sendData(stream, buffers[this.#next]!, this.#offset, end, last, false);
      this.#sentBytes += taken;
      this.#offset += taken;
      if (this.#offset < end) break;
      this.#next++;
      this.#offset = 0;
    }
    // The last byte had gone before the end was known, or there never was one.
    if (endStream && this.#next === buffers.length && this.#sentBytes === before)
      connection.sendData(stream, NOTHING, 0, 0, true, false);
    if (!this.#retaining) this.#dropSent();
    const fresh = this.#sentBytes - this.#furthestBytes;
    if (fresh <= 0) return 0;
    this.#furthestBytes = this.#sentBytes;
    return fresh;
  }

  /** Sends `chunk[start, end)` without keeping it, as far as the stream takes it; returns how far that was. Only while `passable`. */
  passBy<Owner>(
    connection: Http2Connection<Owner>,
    stream: Http2Stream<Owner>,
    chunk: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): number {
    this.#replayable = false;
    return start + connection.sendData(stream, chunk, start, end, endStream, false);
  }

  /** Copies all there is into another queue. Only while nothing was sent. */
  copyTo(other: BodyQueue): void {
    this.#buffers.forEach((buffer, index) => other.push(buffer, 0, this.#filled[index]!));
  }

  /** What is sent next comes after the first `bytes`: 0 starts over, for another attempt. Only while `replayable`. */
  seek(bytes: number): void {
    let next = 0;
    let offset = bytes;
    while (next < this.#filled.length && offset >= this.#filled[next]!) offset -= this.#filled[next++]!;
    this.#next = next;
    this.#offset = offset;
    this.#sentBytes = bytes;
  }

  /** Bytes sent in this pass. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** The body will not be sent again: forgets what was sent. */
  stopRetaining(): void {
    if (!this.#retaining) return;
    this.#retaining = false;
    this.#dropSent();
  }

  /** Nobody wants any of it; the queue is not used after this. */
  drop(): void {
    this.#giveAll();
  }

  #addBuffer(bytes: number): void {
    const { frame } = this.#segments;
    let buffer: Buffer;
    if (bytes > LAST_GATHER_BYTES) {
      buffer = frame.take();
    } else if (this.#buffers.length === 0) {
      // Most bodies are one small message.
      buffer = Buffer.allocUnsafe(bytes);
    } else {
      this.#gatherBytes *= 2;
      buffer =
        this.#gatherBytes > LAST_GATHER_BYTES
          ? frame.take()
          : Buffer.allocUnsafe(Math.max(this.#gatherBytes, bytes));
    }
    this.#buffers.push(buffer);
    this.#filled.push(0);
  }

  #fill(index: number, chunk: Buffer, start: number, end: number): number {
    const before = this.#filled[index]!;
    copyBytes(chunk, start, end, this.#buffers[index]!, before);
    this.#filled[index] = before + end - start;
    // It was sent as it was before; what was added was not.
    if (this.#next > index) {
      this.#next = index;
      this.#offset = before;
    }
    return end;
  }

  #giveAll(): void {
    for (let buffer = this.#buffers.pop(); buffer !== undefined; buffer = this.#buffers.pop()) {
      this.#segments.frame.give(buffer);
      this.#filled.pop();
    }
  }

  #dropSent(): void {
    if (this.#next === 0) return;
    this.#replayable = false;
    if (this.#next === this.#buffers.length) {
      this.#heldBytes = 0;
      this.#giveAll();
    } else {
      for (const bytes of this.#filled.splice(0, this.#next)) this.#heldBytes -= bytes;
      for (const buffer of this.#buffers.splice(0, this.#next)) this.#segments.frame.give(buffer);
    }
    this.#next = 0;
  }
}
