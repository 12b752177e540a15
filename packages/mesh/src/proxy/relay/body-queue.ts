import type { Http2Connection } from '../../http2/connection.js';
import { copyBytes } from '../../http2/copy-bytes.js';
import type { Http2Stream } from '../../http2/stream.js';

/** Smaller pieces are copied, so that seven bytes don't keep the 64 KiB alive that they were read with. */
const COPY_BELOW_BYTES = 4096;

/**
 * From the second small piece on they are gathered in buffers of these sizes, each twice the one before: a
 * buffer object for each of a thousand tiny messages would be many times as large as the messages.
 */
const FIRST_GATHER_BYTES = 256;
const LAST_GATHER_BYTES = 16_384;

const NOTHING = Buffer.alloc(0);

/**
 * The bytes of one body that could not be passed on yet; while `retaining`, also those that were, so that
 * the body can be sent again from its start.
 */
export class BodyQueue {
  readonly #chunks: Buffer[] = [];
  #next = 0;
  #offset = 0;
  /** What the last chunk is the beginning of, if there is room behind it. */
  #gather: Buffer | undefined = undefined;
  #gatherBytes = FIRST_GATHER_BYTES / 2;
  #retaining: boolean;
  #replayable = true;
  #sentBytes = 0;
  /** The most that any pass has sent. */
  #furthestBytes = 0;
  #pushedBytes = 0;
  #heldBytes = 0;

  constructor(retaining: boolean) {
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

  push(chunk: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length === 0) return;
    if (length < COPY_BELOW_BYTES) {
      this.#copy(chunk, start, end);
    } else {
      this.#chunks.push(chunk.subarray(start, end));
      this.#gather = undefined;
    }
    this.#heldBytes += length;
    this.#pushedBytes += length;
  }

  /**
   * Sends what the stream takes, and with the last byte END_STREAM if `endStream`. Returns how many bytes
   * went out for the first time.
   */
  sendTo<Owner>(connection: Http2Connection<Owner>, stream: Http2Stream<Owner>, endStream: boolean): number {
    const before = this.#sentBytes;
    while (this.#next < this.#chunks.length) {
      const chunk = this.#chunks[this.#next]!;
      const last = endStream && this.#next === this.#chunks.length - 1;
      const taken = connection.sendData(stream, chunk, this.#offset, chunk.length, last, true);
      this.#sentBytes += taken;
      this.#offset += taken;
      if (this.#offset < chunk.length) break;
      this.#next++;
      this.#offset = 0;
    }
    // The last byte had gone before the end was known, or there never was one.
    if (endStream && this.#next === this.#chunks.length && this.#sentBytes === before)
      connection.sendData(stream, NOTHING, 0, 0, true, true);
    if (!this.#retaining) this.#dropSent();
    const fresh = this.#sentBytes - this.#furthestBytes;
    if (fresh <= 0) return 0;
    this.#furthestBytes = this.#sentBytes;
    return fresh;
  }

  /** Starts over, for another attempt. Only while `replayable`. */
  rewind(): void {
    this.#next = 0;
    this.#offset = 0;
    this.#sentBytes = 0;
  }

  /** The body will not be sent again: forgets what was sent. */
  stopRetaining(): void {
    if (!this.#retaining) return;
    this.#retaining = false;
    this.#dropSent();
  }

  #copy(chunk: Buffer, start: number, end: number): void {
    const chunks = this.#chunks;
    const length = end - start;
    if (chunks.length === 0) {
      // Most bodies are one small message.
      const piece = Buffer.allocUnsafe(length);
      copyBytes(chunk, start, end, piece, 0);
      chunks.push(piece);
      return;
    }
    const at = chunks.length - 1;
    const before = this.#gather === undefined ? 0 : chunks[at]!.length;
    if (this.#gather !== undefined && before + length <= this.#gather.length) {
      copyBytes(chunk, start, end, this.#gather, before);
      chunks[at] = this.#gather.subarray(0, before + length);
      // It was sent as it was before; what was added was not.
      if (this.#next > at) {
        this.#next = at;
        this.#offset = before;
      }
      return;
    }
    if (this.#gatherBytes < LAST_GATHER_BYTES) this.#gatherBytes *= 2;
    this.#gather = Buffer.allocUnsafeSlow(Math.max(this.#gatherBytes, length));
    copyBytes(chunk, start, end, this.#gather, 0);
    chunks.push(this.#gather.subarray(0, length));
  }

  #dropSent(): void {
    if (this.#next === 0) return;
    this.#replayable = false;
    for (const chunk of this.#chunks.splice(0, this.#next)) this.#heldBytes -= chunk.length;
    this.#next = 0;
    if (this.#chunks.length === 0) this.#gather = undefined;
  }
}
