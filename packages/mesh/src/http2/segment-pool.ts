/** Buffers of one size that are not in use. */
export class BufferPool {
  readonly bytes: number;
  readonly #maxFree: number;
  readonly #free: Buffer[] = [];

  /**
   * @param bytes - length of each buffer
   * @param maxFree - so many are kept; the rest is left to the collector
   */
  constructor(bytes: number, maxFree: number) {
    this.bytes = bytes;
    this.#maxFree = maxFree;
  }

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.bytes);
  }

  /** Takes back what nobody refers to any more. A buffer of another size is left to the collector. */
  give(buffer: Buffer): void {
    if (buffer.length === this.bytes && this.#free.length < this.#maxFree) this.#free.push(buffer);
  }
}

/**
 * Buffers for bytes on their way, shared by all connections of a thread: whoever has nothing to write and
 * nothing unfinished to keep holds none, so an idle connection costs no buffer.
 */
export class SegmentPool {
  /** Output of one turn on most connections. Small, so that what hundreds of them write stays in the processor's cache. */
  readonly small = new BufferPool(4096, 1024);
  /** A frame of the usual largest size (SETTINGS_MAX_FRAME_SIZE 16 384): one that came in pieces, one that waits. */
  readonly frame = new BufferPool(16_384, 256);
  /** Output that is almost full, what one read of 64 KiB adds to it, and some frame headers: written in one piece. */
  readonly large = new BufferPool(100 * 1024, 32);

  give(buffer: Buffer): void {
    if (buffer.length === this.small.bytes) this.small.give(buffer);
    else if (buffer.length === this.frame.bytes) this.frame.give(buffer);
    else this.large.give(buffer);
  }
}
