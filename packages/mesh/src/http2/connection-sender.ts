import { ClosedStreams, ENDED, RESET_BY_US } from './closed-streams.js';
import type { ConnectionHandler } from './connection-handler.js';
import { NO_ERROR } from './error-code.js';
import {
  CONTINUATION,
  DATA,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_HEADER_BYTES,
  GOAWAY,
  HEADERS,
  PING,
  RST_STREAM,
  WINDOW_UPDATE,
  writeFrameHeader,
  writeUint32,
} from './frame.js';
import type { HeaderField } from './hpack/header-field.js';
import { HpackEncoder } from './hpack/hpack-encoder.js';
import type { ConnectionOptions } from './options.js';
import { OutputBuffer, type OutputBatch, type SegmentPool } from './output-buffer.js';
import { DEFAULT_WINDOW_BYTES, PeerSettings } from './settings.js';
import { Http2Stream } from './stream.js';

const LARGEST_STREAM_ID = 0x7fffffff;

const NOT_WAITING = 0;
const WAITING_FOR_STREAM_WINDOW = 1;
const WAITING_IN_QUEUE = 2;

/** The sending half of a connection: streams, windows and frames out. */
export abstract class ConnectionSender<Owner> {
  /** What the peer allows. */
  readonly peer = new PeerSettings();
  readonly options: ConnectionOptions;
  protected readonly handler: ConnectionHandler<Owner>;
  protected readonly output: OutputBuffer;
  protected readonly encoder: HpackEncoder;
  protected readonly streams = new Map<number, Http2Stream<Owner>>();
  protected readonly closedStreams = new ClosedStreams();
  /** Bytes of DATA we may send on the whole connection. */
  protected sendWindow = DEFAULT_WINDOW_BYTES;
  protected receiveWindow = DEFAULT_WINDOW_BYTES;
  protected lastPeerStreamId = 0;
  protected peerStreams = 0;
  /** Answers to the peer's frames written since the output was last taken. */
  protected queuedControlFrames = 0;
  #nextStreamId = 1;
  #unacknowledged = 0;
  #outputBlocked = false;
  #awake = false;
  #flushes = 0;
  #queue: Http2Stream<Owner>[] = [];
  #goawaySent = false;
  #goawayReceived = false;
  #failed = false;

  protected constructor(handler: ConnectionHandler<Owner>, options: ConnectionOptions, segments: SegmentPool) {
    this.handler = handler;
    this.options = options;
    this.output = new OutputBuffer(segments);
    this.encoder = new HpackEncoder({ maxTableBytes: options.encoderTableBytes });
  }

  /** Streams open now, both sides' together. */
  get activeStreams(): number {
    return this.streams.size;
  }

  /** A connection error has ended this connection. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Either side has said GOAWAY: no new streams, the open ones go on. */
  get draining(): boolean {
    return this.#goawaySent || this.#goawayReceived;
  }

  /** A request can be opened now (client role). */
  get canOpen(): boolean {
    return (
      !this.draining &&
      !this.#failed &&
      this.streams.size < this.peer.maxConcurrentStreams &&
      this.#nextStreamId < LARGEST_STREAM_ID
    );
  }

  /** Ids are used up: this connection can serve its open streams only. */
  get exhausted(): boolean {
    return this.#nextStreamId >= LARGEST_STREAM_ID;
  }

  /** Bytes in `takeOutput`'s next batch. */
  get pendingOutputBytes(): number {
    return this.output.pendingBytes;
  }

  /** Takes what there is to write. Write its parts in order, then `releaseOutput` it. */
  takeOutput(): OutputBatch {
    this.#awake = false;
    this.#flushes++;
    this.queuedControlFrames = 0;
    return this.output.take();
  }

  releaseOutput(batch: OutputBatch): void {
    this.output.release(batch);
  }

  /**
   * Opens a stream with a request (client role). The caller has checked `canOpen`.
   */
  openStream(fields: readonly HeaderField[], endStream: boolean, owner: Owner): Http2Stream<Owner> {
    const id = this.#nextStreamId;
    this.#nextStreamId += 2;
    const stream = new Http2Stream<Owner>(id, this.peer.initialWindowBytes, this.options.streamWindowBytes);
    stream.owner = owner;
    stream.openedBeforeFlush = this.#flushes;
    this.streams.set(id, stream);
    this.#writeHeaders(id, fields, endStream);
    if (endStream) stream.localEnded = true;
    return stream;
  }

  /** The HEADERS that opened the stream has not been taken from the output: the peer can't have seen it. */
  isUnsent(stream: Http2Stream<Owner>): boolean {
    return stream.openedBeforeFlush === this.#flushes;
  }

  /** Sends response headers (server role) or trailers (`endStream`). Nothing happens on a closed or ended stream. */
  sendHeaders(stream: Http2Stream<Owner>, fields: readonly HeaderField[], endStream: boolean): void {
    if (stream.closed || stream.localEnded || this.#failed) return;
    this.#writeHeaders(stream.id, fields, endStream);
    if (endStream) this.#endLocal(stream);
  }

  /**
   * Sends as much of `chunk[start, end)` as the windows and the socket take, and END_STREAM with the last
   * byte if `endStream`. Returns how many bytes went; if not all, `onSendable` will call. Pass `stable` when
   * the chunk's bytes will not change any more: large payloads are then not copied.
   */
  sendData(
    stream: Http2Stream<Owner>,
    chunk: Buffer,
    start: number,
    end: number,
    endStream: boolean,
    stable: boolean,
  ): number {
    if (stream.closed || stream.localEnded || this.#failed) return end - start;
    if (start === end) {
      if (endStream) {
        this.#writeDataHeader(stream.id, 0, true);
        this.#endLocal(stream);
      }
      return 0;
    }
    let at = start;
    while (at < end) {
      let length = end - at;
      if (length > this.peer.maxFrameBytes) length = this.peer.maxFrameBytes;
      if (length > stream.sendWindow) length = stream.sendWindow;
      if (length > this.sendWindow) length = this.sendWindow;
      if (length <= 0 || this.#outputBlocked) {
        this.#wait(stream);
        return at - start;
      }
      const last = endStream && at + length === end;
      this.#writeDataHeader(stream.id, length, last);
      this.output.append(chunk, at, at + length, stable);
      stream.sendWindow -= length;
      this.sendWindow -= length;
      at += length;
      if (last) this.#endLocal(stream);
    }
    return at - start;
  }

  /** Ends the stream at once with RST_STREAM. Its owner is told by `onClosed` only. */
  resetStream(stream: Http2Stream<Owner>, errorCode: number): void {
    if (stream.closed || this.#failed) return;
    this.writeReset(stream.id, errorCode);
    this.forget(stream, RESET_BY_US);
  }

  /** `bytes` of the stream's DATA were used: gives its window back, in steps of half a window. */
  consume(stream: Http2Stream<Owner>, bytes: number): void {
    if (stream.closed || stream.remoteEnded) return;
    stream.unacknowledged += bytes;
    if (stream.unacknowledged * 2 < this.options.streamWindowBytes) return;
    stream.receiveWindow += stream.unacknowledged;
    this.#writeWindowUpdate(stream.id, stream.unacknowledged);
    stream.unacknowledged = 0;
  }

  /** Gives `bytes` of the connection's window back, in steps of half a window. */
  consumeConnection(bytes: number): void {
    this.#unacknowledged += bytes;
    if (this.#unacknowledged * 2 < this.options.connectionWindowBytes || this.#failed) return;
    this.receiveWindow += this.#unacknowledged;
    this.#writeWindowUpdate(0, this.#unacknowledged);
    this.#unacknowledged = 0;
  }

  /** Asks for a sign of life; the answer is `onPong`. */
  ping(): void {
    this.writePing(0, undefined, 0);
  }

  /**
   * First step of a graceful end (server role). RFC 9113 6.8: "A server that is attempting to gracefully shut
   * down a connection SHOULD send an initial GOAWAY frame with the last stream identifier set to 2^31-1 and a
   * NO_ERROR code." Streams still come; call `goaway` a round trip later.
   */
  announceGoaway(): void {
    if (this.#failed || this.#goawaySent) return;
    this.#writeGoaway(LARGEST_STREAM_ID, NO_ERROR, '');
  }

  /** Says GOAWAY: streams up to the last one seen go on, later ones are ignored. */
  goaway(errorCode: number, debugData = ''): void {
    if (this.#failed || this.#goawaySent) return;
    this.#goawaySent = true;
    this.#writeGoaway(this.lastPeerStreamId, errorCode, debugData);
  }

  /** The owner's socket can (not) take more; while blocked no DATA is taken, other frames still are. */
  blockOutput(blocked: boolean): void {
    if (this.#outputBlocked === blocked) return;
    this.#outputBlocked = blocked;
    if (!blocked) this.resumeQueue();
  }

  /** Forgets all streams, since the socket is gone; returns them for their owners to be told. */
  abandonStreams(): Http2Stream<Owner>[] {
    const abandoned = [...this.streams.values()];
    this.streams.clear();
    this.peerStreams = 0;
    this.#failed = true;
    for (const stream of abandoned) stream.closed = true;
    return abandoned;
  }

  /** The open streams, for the owner to look at. */
  openStreams(): IterableIterator<Http2Stream<Owner>> {
    return this.streams.values();
  }

  protected get goawaySent(): boolean {
    return this.#goawaySent;
  }

  protected noteGoawayReceived(): void {
    this.#goawayReceived = true;
  }

  protected markFailed(): void {
    this.#failed = true;
  }

  /** Drops a stream from the books and tells the handler. */
  protected forget(stream: Http2Stream<Owner>, ending: number): void {
    stream.closed = true;
    this.streams.delete(stream.id);
    this.closedStreams.add(stream.id, ending);
    if (this.isPeerStream(stream.id)) this.peerStreams--;
    this.handler.onClosed(stream);
  }

  protected abstract isPeerStream(id: number): boolean;

  /** One of our own ids that we have not used yet. */
  protected isUnopened(id: number): boolean {
    return id >= this.#nextStreamId;
  }

  protected writeReset(id: number, errorCode: number): void {
    const at = this.#beginControl(4, RST_STREAM, 0, id);
    this.#endControl(writeUint32(this.output.current!, at, errorCode));
  }

  protected writePing(flags: number, payload: Buffer | undefined, start: number): void {
    let at = this.#beginControl(8, PING, flags, 0);
    const out = this.output.current!;
    for (let index = 0; index < 8; index++) out[at++] = payload === undefined ? 0 : payload[start + index]!;
    this.#endControl(at);
  }

  protected writeSettings(type: number, flags: number, values: readonly (readonly [number, number])[]): void {
    let at = this.#beginControl(values.length * 6, type, flags, 0);
    const out = this.output.current!;
    for (const [id, value] of values) {
      out[at] = id >>> 8;
      out[at + 1] = id;
      at = writeUint32(out, at + 2, value);
    }
    this.#endControl(at);
  }

  /** Raises the connection's receive window from the protocol's 65 535 to the configured size. */
  protected openConnectionWindow(): void {
    const increment = this.options.connectionWindowBytes - DEFAULT_WINDOW_BYTES;
    if (increment <= 0) return;
    this.receiveWindow += increment;
    this.#writeWindowUpdate(0, increment);
  }

  /** The stream's window grew. */
  protected resumeStream(stream: Http2Stream<Owner>): void {
    if (stream.waiting !== WAITING_FOR_STREAM_WINDOW || stream.sendWindow <= 0) return;
    stream.waiting = NOT_WAITING;
    if (this.#outputBlocked || this.sendWindow <= 0) this.#wait(stream);
    else this.handler.onSendable(stream);
  }

  /** The connection's window grew, or the socket drained: those who waited go on, first come first served. */
  protected resumeQueue(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (let at = 0; at < queue.length; at++) {
      if (this.#outputBlocked || this.sendWindow <= 0) {
        this.#queue = queue.slice(at).concat(this.#queue);
        return;
      }
      const stream = queue[at]!;
      stream.waiting = NOT_WAITING;
      if (!stream.closed) this.handler.onSendable(stream);
    }
  }

  #wait(stream: Http2Stream<Owner>): void {
    if (stream.waiting !== NOT_WAITING) return;
    if (stream.sendWindow <= 0) {
      stream.waiting = WAITING_FOR_STREAM_WINDOW;
      return;
    }
    stream.waiting = WAITING_IN_QUEUE;
    this.#queue.push(stream);
  }

  #endLocal(stream: Http2Stream<Owner>): void {
    stream.localEnded = true;
    if (stream.remoteEnded && !stream.closed) this.forget(stream, ENDED);
  }

  #writeHeaders(id: number, fields: readonly HeaderField[], endStream: boolean): void {
    const bound = this.encoder.encodedBound(fields);
    const endFlag = endStream ? FLAG_END_STREAM : 0;
    if (bound > this.peer.maxFrameBytes) {
      this.#writeLongHeaders(id, fields, bound, endFlag);
    } else {
      const at = this.output.reserve(FRAME_HEADER_BYTES + bound);
      const out = this.output.current!;
      const end = this.encoder.encode(fields, out, at + FRAME_HEADER_BYTES);
      writeFrameHeader(out, at, end - at - FRAME_HEADER_BYTES, HEADERS, FLAG_END_HEADERS | endFlag, id);
      this.output.commit(end);
    }
    this.#wake();
  }

  #writeLongHeaders(id: number, fields: readonly HeaderField[], bound: number, endFlag: number): void {
    const block = Buffer.allocUnsafe(bound);
    const length = this.encoder.encode(fields, block, 0);
    const limit = this.peer.maxFrameBytes;
    let start = 0;
    do {
      const end = Math.min(start + limit, length);
      const flags = (start === 0 ? endFlag : 0) | (end === length ? FLAG_END_HEADERS : 0);
      const at = this.output.reserve(FRAME_HEADER_BYTES);
      const type = start === 0 ? HEADERS : CONTINUATION;
      this.output.commit(writeFrameHeader(this.output.current!, at, end - start, type, flags, id));
      this.output.append(block, start, end, true);
      start = end;
    } while (start < length);
  }

  #writeDataHeader(id: number, length: number, endStream: boolean): void {
    const at = this.output.reserve(FRAME_HEADER_BYTES);
    this.output.commit(
      writeFrameHeader(this.output.current!, at, length, DATA, endStream ? FLAG_END_STREAM : 0, id),
    );
    this.#wake();
  }

  #writeWindowUpdate(id: number, increment: number): void {
    const at = this.#beginControl(4, WINDOW_UPDATE, 0, id);
    this.#endControl(writeUint32(this.output.current!, at, increment));
  }

  #writeGoaway(lastStreamId: number, errorCode: number, debugData: string): void {
    let at = this.#beginControl(8 + debugData.length, GOAWAY, 0, 0);
    const out = this.output.current!;
    at = writeUint32(out, at, lastStreamId);
    at = writeUint32(out, at, errorCode);
    this.#endControl(at + out.write(debugData, at, 'latin1'));
  }

  protected writeFailure(errorCode: number, message: string): void {
    this.#goawaySent = true;
    this.#writeGoaway(this.lastPeerStreamId, errorCode, message);
  }

  #beginControl(length: number, type: number, flags: number, id: number): number {
    const at = this.output.reserve(FRAME_HEADER_BYTES + length);
    return writeFrameHeader(this.output.current!, at, length, type, flags, id);
  }

  #endControl(end: number): void {
    this.output.commit(end);
    this.#wake();
  }

  #wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    this.handler.onOutput();
  }
}
