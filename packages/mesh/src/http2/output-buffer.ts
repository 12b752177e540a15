import { copyBytes } from './copy-bytes.js';
import type { SegmentPool } from './segment-pool.js';

/** From here on output is to be written without waiting for the end of the loop turn. */
export const FULL_OUTPUT_BYTES = 32 * 1024;

/**
 * Payloads up to this size are copied into the segment; larger ones are chained, which costs a vector in
 * writev. Copying into a buffer that is in the cache is cheaper for all that fits into a frame of usual size.
 */
const COPY_LIMIT_BYTES = 16_384;

/** One flush: the parts to write in order, and the segments to give back once they are written. */
export interface OutputBatch {
  readonly parts: readonly Buffer[];
  readonly segments: readonly Buffer[];
  readonly bytes: number;
}

/** Collects the frames of one connection until its owner flushes them, once per turn of the event loop. */
export class OutputBuffer {
  readonly #pool: SegmentPool;
  #parts: Buffer[] = [];
  #segments: Buffer[] = [];
  /** Where the next frame goes; valid from `reserve` to `commit`. */
  current: Buffer | undefined;
  #start = 0;
  #end = 0;
  #sealedBytes = 0;

  constructor(pool: SegmentPool) {
    this.#pool = pool;
  }

  /** Bytes not taken yet. */
  get pendingBytes(): number {
    return this.#sealedBytes + this.#end - this.#start;
  }

  /** Makes room for `bytes` in `current`; returns the offset to write at. Follow with `commit`. */
  reserve(bytes: number): number {
    const current = this.current;
    if (current !== undefined && this.#end + bytes <= current.length) return this.#end;
    if (!this.#grow(bytes)) this.#replace(bytes);
    return this.#end;
  }

  /** Says how far `current` was written. */
  commit(end: number): void {
    this.#end = end;
  }

  /**
   * Appends payload bytes. Small ones are copied. Large ones are referenced, so the caller must leave
   * them alone until they are written; pass `stable` false to have them copied all the same.
   */
  append(payload: Buffer, start: number, end: number, stable: boolean): void {
    const length = end - start;
    if (length <= COPY_LIMIT_BYTES || !stable) {
      const offset = this.reserve(length);
      copyBytes(payload, start, end, this.current!, offset);
      this.commit(offset + length);
      return;
    }
    this.#seal();
    this.#parts.push(payload.subarray(start, end));
    this.#sealedBytes += length;
  }

  /** Hands over everything collected. The caller writes `parts`, then calls `release`. */
  take(): OutputBatch {
    this.#seal();
    if (this.current !== undefined) this.#segments.push(this.current);
    const batch = { parts: this.#parts, segments: this.#segments, bytes: this.#sealedBytes };
    this.#parts = [];
    this.#segments = [];
    this.current = undefined;
    this.#start = 0;
    this.#end = 0;
    this.#sealedBytes = 0;
    return batch;
  }

  /** Gives the segments of a written batch back for reuse. */
  release(batch: OutputBatch): void {
    for (const segment of batch.segments) this.#pool.give(segment);
  }

  #seal(): void {
    if (this.#end === this.#start) return;
    this.#parts.push(this.current!.subarray(this.#start, this.#end));
    this.#sealedBytes += this.#end - this.#start;
    this.#start = this.#end;
  }

  /** Moves what is in a small segment to a large one, so that it need not be written in two pieces. */
  #grow(bytes: number): boolean {
    const { small, large } = this.#pool;
    const segment = this.current;
    if (segment === undefined || segment.length !== small.bytes || this.#start > 0) return false;
    if (this.#end + bytes > large.bytes) return false;
    this.current = large.take();
    segment.copy(this.current, 0, 0, this.#end);
    small.give(segment);
    return true;
  }

  #replace(bytes: number): void {
    this.#seal();
    if (this.current !== undefined) this.#segments.push(this.current);
    const { small, large } = this.#pool;
    if (bytes > large.bytes) this.current = Buffer.allocUnsafeSlow(bytes);
    else if (bytes > small.bytes || this.#sealedBytes > 0) this.current = large.take();
    else this.current = small.take();
    this.#start = 0;
    this.#end = 0;
  }
}
