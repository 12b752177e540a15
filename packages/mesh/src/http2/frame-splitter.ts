import { FRAME_HEADER_BYTES, readUint31 } from './frame.js';
import type { BufferPool } from './segment-pool.js';

/** Shorter frames get a buffer of their size, which Node cuts from a larger one. */
const SHORT_FRAME_BYTES = 1024;

/** Receives whole frames; `chunk[start, end)` is the payload. Returns false to stop the reading for good. */
export interface FrameSink {
  /** A header says the frame is larger than allowed. */
  onOversizedFrame(type: number, streamId: number): void;
  onFrame(type: number, flags: number, streamId: number, chunk: Buffer, start: number, end: number): boolean;
}

/**
 * Cuts a stream of bytes into frames. A frame that lies whole in a chunk is passed on in place; one that is
 * spread over chunks is collected in a buffer of its own, which is used again when the sink has returned.
 */
export class FrameSplitter {
  readonly #sink: FrameSink;
  readonly #maxFrameBytes: number;
  readonly #buffers: BufferPool;
  #header: Buffer | undefined = undefined;
  #frame: Buffer | undefined = undefined;
  /** Bytes of the unfinished frame that are here. */
  #collected = 0;
  #begun = 0;

  constructor(sink: FrameSink, maxFrameBytes: number, buffers: BufferPool) {
    this.#sink = sink;
    this.#maxFrameBytes = maxFrameBytes;
    this.#buffers = buffers;
  }

  /** A number for the frame whose end is still to come, another for each; 0 when there is none. */
  get unfinished(): number {
    return this.#collected === 0 ? 0 : this.#begun;
  }

  /** Takes `chunk[offset, end)`. Returns false when the sink or an oversized frame ended the reading. */
  push(chunk: Buffer, offset: number, end = chunk.length): boolean {
    let at = offset;
    if (this.#collected > 0) {
      at = this.#collect(chunk, at, end);
      if (at < 0) return false;
    }
    while (end - at >= FRAME_HEADER_BYTES) {
      const length = (chunk[at]! << 16) | (chunk[at + 1]! << 8) | chunk[at + 2]!;
      const start = at + FRAME_HEADER_BYTES;
      if (length > this.#maxFrameBytes) return this.#refuse(chunk, at);
      if (start + length > end) break;
      at = start + length;
      if (
        !this.#sink.onFrame(
          chunk[start - 6]!,
          chunk[start - 5]!,
          readUint31(chunk, start - 4),
          chunk,
          start,
          at,
        )
      )
        return false;
    }
    return at === end || this.#begin(chunk, at, end);
  }

  /** Stores the beginning of a frame whose end is still to come. */
  #begin(chunk: Buffer, at: number, end: number): boolean {
    this.#begun = (this.#begun & 0x3fffffff) + 1;
    this.#header ??= Buffer.allocUnsafe(FRAME_HEADER_BYTES);
    return this.#collect(chunk, at, end) >= 0;
  }

  /** Adds bytes to the unfinished frame; returns the offset behind those used, or -1 when reading ended. */
  #collect(chunk: Buffer, offset: number, end: number): number {
    const header = this.#header!;
    let at = offset;
    while (this.#collected < FRAME_HEADER_BYTES) {
      if (at === end) return at;
      header[this.#collected++] = chunk[at++]!;
    }
    const length = (header[0]! << 16) | (header[1]! << 8) | header[2]!;
    if (length > this.#maxFrameBytes) {
      this.#refuse(header, 0);
      return -1;
    }
    this.#frame ??= this.#bufferFor(length);
    const have = this.#collected - FRAME_HEADER_BYTES;
    const take = Math.min(length - have, end - at);
    chunk.copy(this.#frame, have, at, at + take);
    this.#collected += take;
    if (have + take < length) return at + take;
    const frame = this.#frame;
    this.#frame = undefined;
    this.#collected = 0;
    const goesOn = this.#sink.onFrame(header[3]!, header[4]!, readUint31(header, 5), frame, 0, length);
    this.#buffers.give(frame);
    return goesOn ? at + take : -1;
  }

  #bufferFor(length: number): Buffer {
    if (length <= SHORT_FRAME_BYTES || length > this.#buffers.bytes) return Buffer.allocUnsafe(length);
    return this.#buffers.take();
  }

  #refuse(header: Buffer, at: number): false {
    this.#sink.onOversizedFrame(header[at + 3]!, readUint31(header, at + 5));
    return false;
  }
}
