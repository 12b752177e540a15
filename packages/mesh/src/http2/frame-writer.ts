import { copyBytes } from './copy-bytes.js';
import {
  CLIENT_PREFACE,
  CONTINUATION,
  DATA,
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_HEADER_BYTES,
  GOAWAY,
  HEADERS,
  PING,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
  writeFrameHeader,
  writeUint32,
} from './frame.js';
import type { HeaderField } from './hpack/header-field.js';
import { HpackEncoder } from './hpack/hpack-encoder.js';
import { FULL_OUTPUT_BYTES, OutputBuffer, type OutputBatch } from './output-buffer.js';
import type { SegmentPool } from './segment-pool.js';
import type { PeerSettings } from './settings.js';

const PING_BYTES = 8;
const EMPTY_PING = Buffer.alloc(PING_BYTES);

/** Writes the frames of one connection into its output, and says so when there was none before. */
export class FrameWriter {
  /** The owner's socket takes no more for now. */
  blocked = false;
  /** How often the output was taken. */
  takes = 0;
  /** Answers to the peer's frames since the output was last taken by a socket that was ready. */
  queuedControlFrames = 0;
  /** HEADERS and RST_STREAM written while the socket was blocked. */
  queuedFrames = 0;
  /** Octets of the header blocks among them. */
  queuedHeaderBytes = 0;
  readonly #output: OutputBuffer;
  readonly #encoder: HpackEncoder;
  readonly #peer: PeerSettings;
  readonly #listener: { onOutput(): void };
  #awake = false;
  #full = false;

  /**
   * @param listener - told by `onOutput` when there is output where there was none, and once more when it is full
   */
  constructor(
    listener: { onOutput(): void },
    peer: PeerSettings,
    encoderTableBytes: number,
    segments: SegmentPool,
  ) {
    this.#listener = listener;
    this.#peer = peer;
    this.#output = new OutputBuffer(segments);
    this.#encoder = new HpackEncoder({ maxTableBytes: encoderTableBytes });
  }

  get pendingBytes(): number {
    return this.#output.pendingBytes;
  }

  take(): OutputBatch {
    this.#awake = false;
    this.#full = false;
    this.takes++;
    if (!this.blocked) this.queuedControlFrames = 0;
    return this.#output.take();
  }

  release(batch: OutputBatch): void {
    this.#output.release(batch);
  }

  /** Frames written from now on wait (or no longer wait) for the socket. */
  block(blocked: boolean): void {
    this.blocked = blocked;
    this.queuedFrames = 0;
    this.queuedHeaderBytes = 0;
    this.queuedControlFrames = 0;
  }

  /** The most the encoder's dynamic table may use (SETTINGS_HEADER_TABLE_SIZE). */
  setEncoderTableBytes(bytes: number): void {
    this.#encoder.setMaxTableBytes(bytes);
  }

  preface(): void {
    const at = this.#output.reserve(CLIENT_PREFACE.length);
    this.#end(at + this.#output.current!.write(CLIENT_PREFACE, at, 'latin1'));
  }

  /** A header block: HEADERS, and CONTINUATION as far as one frame is not enough. */
  headers(id: number, fields: readonly HeaderField[], endStream: boolean): void {
    const bound = this.#encoder.encodedBound(fields);
    if (this.blocked) {
      this.queuedFrames++;
      this.queuedHeaderBytes += bound;
    }
    const endFlag = endStream ? FLAG_END_STREAM : 0;
    if (bound > this.#peer.maxFrameBytes) return this.#longHeaders(id, fields, bound, endFlag);
    const at = this.#output.reserve(FRAME_HEADER_BYTES + bound);
    const out = this.#output.current!;
    const end = this.#encoder.encode(fields, out, at + FRAME_HEADER_BYTES);
    writeFrameHeader(out, at, end - at - FRAME_HEADER_BYTES, HEADERS, FLAG_END_HEADERS | endFlag, id);
    this.#end(end);
  }

  /** One DATA frame; the caller has seen to the windows and to SETTINGS_MAX_FRAME_SIZE. See `OutputBuffer.append`. */
  data(id: number, chunk: Buffer, start: number, end: number, endStream: boolean, stable: boolean): void {
    const at = this.#output.reserve(FRAME_HEADER_BYTES);
    const flags = endStream ? FLAG_END_STREAM : 0;
    this.#end(writeFrameHeader(this.#output.current!, at, end - start, DATA, flags, id));
    if (end > start) this.#output.append(chunk, start, end, stable);
    if (this.#full || this.#output.pendingBytes < FULL_OUTPUT_BYTES) return;
    this.#full = true;
    this.#listener.onOutput();
  }

  reset(id: number, errorCode: number): void {
    if (this.blocked) this.queuedFrames++;
    const at = this.#begin(4, RST_STREAM, 0, id);
    this.#end(writeUint32(this.#output.current!, at, errorCode));
  }

  ping(): void {
    this.#ping(0, EMPTY_PING, 0);
  }

  /** Answers a PING whose payload begins at `payload[start]`. */
  pong(payload: Buffer, start: number): void {
    this.#ping(FLAG_ACK, payload, start);
  }

  settings(values: readonly (readonly [id: number, value: number])[]): void {
    let at = this.#begin(values.length * 6, SETTINGS, 0, 0);
    const out = this.#output.current!;
    for (const [id, value] of values) {
      out[at] = id >>> 8;
      out[at + 1] = id;
      at = writeUint32(out, at + 2, value);
    }
    this.#end(at);
  }

  settingsAck(): void {
    this.#end(this.#begin(0, SETTINGS, FLAG_ACK, 0));
  }

  windowUpdate(id: number, increment: number): void {
    const at = this.#begin(4, WINDOW_UPDATE, 0, id);
    this.#end(writeUint32(this.#output.current!, at, increment));
  }

  goaway(lastStreamId: number, errorCode: number, debugData: string): void {
    let at = this.#begin(8 + debugData.length, GOAWAY, 0, 0);
    const out = this.#output.current!;
    at = writeUint32(out, at, lastStreamId);
    at = writeUint32(out, at, errorCode);
    this.#end(at + out.write(debugData, at, 'latin1'));
  }

  #ping(flags: number, payload: Buffer, start: number): void {
    const at = this.#begin(PING_BYTES, PING, flags, 0);
    copyBytes(payload, start, start + PING_BYTES, this.#output.current!, at);
    this.#end(at + PING_BYTES);
  }

  #longHeaders(id: number, fields: readonly HeaderField[], bound: number, endFlag: number): void {
    const block = Buffer.allocUnsafe(bound);
    const length = this.#encoder.encode(fields, block, 0);
    const limit = this.#peer.maxFrameBytes;
    let start = 0;
    do {
      const end = Math.min(start + limit, length);
      const flags = (start === 0 ? endFlag : 0) | (end === length ? FLAG_END_HEADERS : 0);
      const type = start === 0 ? HEADERS : CONTINUATION;
      const at = this.#output.reserve(FRAME_HEADER_BYTES);
      this.#end(writeFrameHeader(this.#output.current!, at, end - start, type, flags, id));
      this.#output.append(block, start, end, true);
      start = end;
    } while (start < length);
  }

  #begin(length: number, type: number, flags: number, id: number): number {
    const at = this.#output.reserve(FRAME_HEADER_BYTES + length);
    return writeFrameHeader(this.#output.current!, at, length, type, flags, id);
  }

  #end(end: number): void {
    this.#output.commit(end);
    if (this.#awake) return;
    this.#awake = true;
    this.#listener.onOutput();
  }
}
