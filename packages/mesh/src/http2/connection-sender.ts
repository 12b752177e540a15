import { ClosedStreams, ENDED, RESET_BY_US } from './closed-streams.js';
import type { ConnectionHandler } from './connection-handler.js';
import type { ConnectionRole, ConnectionShared } from './connection-shared.js';
import { ENHANCE_YOUR_CALM, NO_ERROR } from './error-code.js';
import { FloodGuard, LIMIT_MESSAGES, type LimitName } from './flood-guard.js';
import { FrameWriter } from './frame-writer.js';
import { asksForHead } from './header-block.js';
import type { HeaderField } from './hpack/header-field.js';
import type { ConnectionOptions } from './options.js';
import type { OutputBatch } from './output-buffer.js';
import { DEFAULT_WINDOW_BYTES, PeerSettings } from './settings.js';
import { Http2Stream } from './stream.js';

const LARGEST_STREAM_ID = 0x7fffffff;

const NOT_WAITING = 0;
const WAITING_FOR_STREAM_WINDOW = 1;
const WAITING_IN_QUEUE = 2;

/** The sending half of a connection: its streams, the peer's windows, and the end of everything. */
export abstract class ConnectionSender<Owner> {
  readonly role: ConnectionRole;
  /** What the peer allows. */
  readonly peer: PeerSettings;
  readonly options: ConnectionOptions;
  protected readonly handler: ConnectionHandler<Owner>;
  protected readonly writer: FrameWriter;
  protected readonly guard: FloodGuard;
  protected readonly streams = new Map<number, Http2Stream<Owner>>();
  protected readonly closedStreams = new ClosedStreams();
  /** Bytes of DATA we may send on the whole connection. */
  protected sendWindow = DEFAULT_WINDOW_BYTES;
  /** Bytes of DATA the peer may send on the whole connection. */
  protected receiveWindow = DEFAULT_WINDOW_BYTES;
  /** The highest stream of the peer that was or will be served: GOAWAY names it. */
  protected lastPeerStreamId = 0;
  protected peerStreams = 0;
  protected pingsUnderWay = 0;
  readonly #peerParity: number;
  #nextStreamId = 1;
  #unacknowledged = 0;
  #queue: Http2Stream<Owner>[] = [];
  #goawaySent = false;
  #goawayReceived = false;
  #failed = false;

  protected constructor(
    role: ConnectionRole,
    handler: ConnectionHandler<Owner>,
    options: ConnectionOptions,
    shared: ConnectionShared,
  ) {
    this.role = role;
    this.peer = new PeerSettings(role);
    this.handler = handler;
    this.options = options;
    this.writer = new FrameWriter(handler, this.peer, options.encoderTableBytes, shared.segments);
    this.guard = new FloodGuard(options, shared.nowMs);
    this.#peerParity = role === 'server' ? 1 : 0;
  }

  /** Streams open now, both sides' together. */
  get activeStreams(): number {
    return this.streams.size;
  }

  /** A connection error has ended this connection. */
  get failed(): boolean {
    return this.#failed;
  }

  /** The limit whose passing ended this connection: the name of its option. */
  get limitHit(): LimitName | undefined {
    return this.guard.limitHit;
  }

  /** Either side has said GOAWAY, or ids are used up: no new streams, the open ones go on. */
  get draining(): boolean {
    return this.#goawaySent || this.#goawayReceived || this.exhausted;
  }

  /** A request can be opened now (client role). */
  get canOpen(): boolean {
    return !this.draining && !this.#failed && this.streams.size < this.peer.maxConcurrentStreams;
  }

  /**
   * Ids are used up. RFC 9113 5.1.1: "A client that is unable to establish a new stream identifier can establish a
   * new connection for new streams."
   */
  get exhausted(): boolean {
    return this.#nextStreamId > this.options.largestStreamId;
  }

  /** Bytes in `takeOutput`'s next batch. */
  get pendingOutputBytes(): number {
    return this.writer.pendingBytes;
  }

  /** Takes what there is to write. Write its parts in order, then `releaseOutput` it. */
  takeOutput(): OutputBatch {
    return this.writer.take();
  }

  /** The batch is written, down to its last byte: its buffers may be written into again. */
  releaseOutput(batch: OutputBatch): void {
    this.writer.release(batch);
  }

  /**
   * Opens a stream with a request (client role). The caller has checked `canOpen`.
   */
  openStream(fields: readonly HeaderField[], endStream: boolean, owner: Owner): Http2Stream<Owner> {
    const id = this.#nextStreamId;
    this.#nextStreamId += 2;
    const stream = new Http2Stream<Owner>(id, this.peer.initialWindowBytes, this.options.streamWindowBytes);
    stream.owner = owner;
    stream.openedBeforeFlush = this.writer.takes;
    stream.localEnded = endStream;
    stream.expectsNoContent = asksForHead(fields);
    this.streams.set(id, stream);
    this.guard.streamOpened();
    this.writer.headers(id, fields, endStream);
    this.#checkQueue();
    return stream;
  }

  /** The HEADERS that opened the stream has not been taken from the output: the peer can't have seen it. */
  isUnsent(stream: Http2Stream<Owner>): boolean {
    return stream.openedBeforeFlush === this.writer.takes;
  }

  /** Sends response headers (server role) or trailers (`endStream`). Nothing happens on a closed or ended stream. */
  sendHeaders(stream: Http2Stream<Owner>, fields: readonly HeaderField[], endStream: boolean): void {
    if (stream.closed || stream.localEnded || this.#failed) return;
    this.writer.headers(stream.id, fields, endStream);
    stream.sentCount = (stream.sentCount + 1) | 0;
    this.#checkQueue();
    if (endStream) this.#endLocal(stream);
  }

  /**
   * Sends as much of `chunk[start, end)` as the windows and the socket take, and END_STREAM with the last
   * byte if `endStream`. Returns how many bytes went; if not all, `onSendable` will call. On a closed or
   * ended stream all bytes go, to nowhere. Pass `stable` when the chunk's bytes will not change any more:
   * large payloads are then not copied.
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
        this.writer.data(stream.id, chunk, start, end, true, true);
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
      if (length <= 0 || this.writer.blocked) {
        this.#wait(stream);
        return at - start;
      }
      const last = endStream && at + length === end;
      this.writer.data(stream.id, chunk, at, at + length, last, stable);
      this.guard.dataSent();
      stream.sendWindow -= length;
      stream.sentCount = (stream.sentCount + length) | 0;
      this.sendWindow -= length;
      at += length;
      if (last) this.#endLocal(stream);
    }
    return at - start;
  }

  /** Ends the stream at once with RST_STREAM. Its owner is told by `onClosed` only. */
  resetStream(stream: Http2Stream<Owner>, errorCode: number): void {
    if (stream.closed || this.#failed) return;
    this.writer.reset(stream.id, errorCode);
    this.#checkQueue();
    this.forget(stream, RESET_BY_US);
  }

  /** `bytes` of the stream's DATA were used: gives its window back, in steps of half a window. */
  consume(stream: Http2Stream<Owner>, bytes: number): void {
    if (stream.closed || stream.remoteEnded || this.#failed) return;
    stream.unacknowledged += bytes;
    if (stream.unacknowledged * 2 < this.options.streamWindowBytes) return;
    stream.receiveWindow += stream.unacknowledged;
    this.writer.windowUpdate(stream.id, stream.unacknowledged);
    stream.unacknowledged = 0;
  }

  /** Gives `bytes` of the connection's window back, in steps of half a window. */
  consumeConnection(bytes: number): void {
    this.#unacknowledged += bytes;
    if (this.#unacknowledged * 2 < this.options.connectionWindowBytes || this.#failed) return;
    this.receiveWindow += this.#unacknowledged;
    this.writer.windowUpdate(0, this.#unacknowledged);
    this.#unacknowledged = 0;
  }

  /** Asks for a sign of life; the answer is `onPong`. */
  ping(): void {
    if (this.#failed) return;
    this.pingsUnderWay++;
    this.writer.ping();
  }

  /**
   * First step of a graceful end (server role). RFC 9113 6.8: "A server that is attempting to gracefully shut
   * down a connection SHOULD send an initial GOAWAY frame with the last stream identifier set to 2^31-1 and a
   * NO_ERROR code." Streams still come; call `goaway` a round trip later.
   */
  announceGoaway(): void {
    if (this.#failed || this.#goawaySent) return;
    this.writer.goaway(LARGEST_STREAM_ID, NO_ERROR, '');
  }

  /** Says GOAWAY: streams up to the last one seen go on, later ones are ignored. */
  goaway(errorCode: number, debugData = ''): void {
    if (this.#failed || this.#goawaySent) return;
    this.#goawaySent = true;
    this.writer.goaway(this.lastPeerStreamId, errorCode, debugData);
  }

  /** Ends the connection for a reason of the owner's, as if the peer had broken a rule: GOAWAY, then `onFailure`. */
  abort(errorCode: number, message: string): void {
    this.fail(errorCode, message);
  }

  /** The owner's socket can (not) take more; while blocked no DATA is taken, other frames still are. */
  blockOutput(blocked: boolean): void {
    if (this.writer.blocked === blocked) return;
    this.writer.block(blocked);
    if (!blocked) this.resumeQueue();
  }

  /** Forgets all streams, since the socket is gone; returns them for their owners to be told. */
  abandonStreams(): Http2Stream<Owner>[] {
    const abandoned = [...this.streams.values()];
    this.streams.clear();
    this.#queue = [];
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

  /** Connection error (RFC 9113 5.4.1): GOAWAY with the reason, and nothing after it. */
  protected fail(errorCode: number, message: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#goawaySent = true;
    this.writer.goaway(this.lastPeerStreamId, errorCode, message);
    this.handler.onFailure(errorCode, message);
  }

  /** The peer passed a limit. Returns false, for the caller to pass on. */
  protected failLimit(limit: LimitName): false {
    this.guard.hit(limit);
    this.fail(ENHANCE_YOUR_CALM, LIMIT_MESSAGES[limit]);
    return false;
  }

  /** Drops a stream from the books and tells the handler. */
  protected forget(stream: Http2Stream<Owner>, ending: number): void {
    stream.closed = true;
    if (!this.streams.delete(stream.id)) return;
    this.closedStreams.add(stream.id, ending);
    if (this.isPeerStream(stream.id)) this.peerStreams--;
    if (stream.waiting === WAITING_IN_QUEUE) this.#queue.splice(this.#queue.indexOf(stream), 1);
    stream.waiting = NOT_WAITING;
    this.handler.onClosed(stream);
  }

  protected isPeerStream(id: number): boolean {
    return (id & 1) === this.#peerParity;
  }

  /** One of our own ids that we have not used yet. */
  protected isUnopened(id: number): boolean {
    return id >= this.#nextStreamId;
  }

  /** Raises the connection's receive window from the protocol's 65 535 to the configured size. */
  protected openConnectionWindow(): void {
    const increment = this.options.connectionWindowBytes - DEFAULT_WINDOW_BYTES;
    if (increment <= 0) return;
    this.receiveWindow += increment;
    this.writer.windowUpdate(0, increment);
  }

  /** The stream's window grew. */
  protected resumeStream(stream: Http2Stream<Owner>): void {
    if (stream.waiting !== WAITING_FOR_STREAM_WINDOW || stream.sendWindow <= 0) return;
    stream.waiting = NOT_WAITING;
    if (this.writer.blocked || this.sendWindow <= 0) this.#wait(stream);
    else this.handler.onSendable(stream);
  }

  /**
   * The connection's window grew, or the socket drained: those who waited go on, first come first served. A
   * stream that the window was not enough for queues again at the end.
   */
  protected resumeQueue(): void {
    for (let turns = this.#queue.length; turns > 0; turns--) {
      if (this.writer.blocked || this.sendWindow <= 0) return;
      const stream = this.#queue.shift();
      if (stream === undefined) return;
      stream.waiting = NOT_WAITING;
      this.handler.onSendable(stream);
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

  /** A peer that does not read must not make us keep frames without end; flow control holds back DATA only. */
  #checkQueue(): void {
    if (!this.writer.blocked) return;
    if (this.writer.queuedFrames > this.options.maxQueuedFrames) this.failLimit('maxQueuedFrames');
    else if (this.writer.queuedHeaderBytes > this.options.maxQueuedHeaderBytes)
      this.failLimit('maxQueuedHeaderBytes');
  }
}
