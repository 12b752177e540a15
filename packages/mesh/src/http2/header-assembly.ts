import type { LimitName } from './flood-guard.js';

/** The header block that a HEADERS frame began and CONTINUATION frames go on with (RFC 9113 6.10). */
export class HeaderAssembly {
  /** The stream of the block under way; 0 when there is none. */
  streamId = 0;
  /** END_STREAM of the HEADERS frame. */
  endStream = false;
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  #block: Buffer | undefined = undefined;
  #frames = 0;

  /**
   * @param maxFrames - CONTINUATION frames behind one HEADERS frame
   * @param maxBytes - of the encoded block
   */
  constructor(maxFrames: number, maxBytes: number) {
    this.#maxFrames = maxFrames;
    this.#maxBytes = maxBytes;
  }

  begin(streamId: number, endStream: boolean, chunk: Buffer, start: number, end: number): void {
    this.streamId = streamId;
    this.endStream = endStream;
    this.#block = Buffer.from(chunk.subarray(start, end));
    this.#frames = 0;
  }

  /** Adds a fragment; returns the limit it passes, if any. */
  add(chunk: Buffer, start: number, end: number): LimitName | undefined {
    const block = this.#block!;
    if (++this.#frames > this.#maxFrames) return 'maxContinuationFrames';
    if (block.length + end - start > this.#maxBytes) return 'maxHeaderListBytes';
    this.#block = Buffer.concat([block, chunk.subarray(start, end)]);
    return undefined;
  }

  /** The whole block. The assembly is free for the next one. */
  finish(): Buffer {
    const block = this.#block!;
    this.#block = undefined;
    this.streamId = 0;
    return block;
  }
}
