import { ENDED, RESET_BY_US, UNKNOWN } from './closed-streams.js';
import type { ConnectionHandler } from './connection-handler.js';
import { ConnectionSender } from './connection-sender.js';
import {
  COMPRESSION_ERROR,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  NO_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  STREAM_CLOSED,
} from './error-code.js';
import {
  CLIENT_PREFACE,
  CONTINUATION,
  DATA,
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FLAG_PADDED,
  FLAG_PRIORITY,
  GOAWAY,
  HEADERS,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
  readUint31,
  readUint32,
} from './frame.js';
import { FrameSplitter } from './frame-splitter.js';
import { readRequest, readResponse, readTrailers, type HeaderBlock } from './header-block.js';
import type { FieldInterner, HeaderField } from './hpack/header-field.js';
import { DECODE_ERROR, DECODE_LIST_TOO_LARGE, HpackDecoder } from './hpack/hpack-decoder.js';
import type { ConnectionOptions } from './options.js';
import type { SegmentPool } from './output-buffer.js';
import {
  DEFAULT_FRAME_BYTES,
  MAX_WINDOW_BYTES,
  SETTINGS_ENABLE_PUSH,
  SETTINGS_HEADER_TABLE_SIZE,
  SETTINGS_INITIAL_WINDOW_SIZE,
  SETTINGS_MAX_CONCURRENT_STREAMS,
  SETTINGS_MAX_FRAME_SIZE,
  SETTINGS_MAX_HEADER_LIST_SIZE,
} from './settings.js';
import { Http2Stream } from './stream.js';
import { TokenBucket } from './token-bucket.js';

export type ConnectionRole = 'client' | 'server';

/** What all connections of a thread share. */
export interface ConnectionShared {
  readonly segments: SegmentPool;
  readonly interner: FieldInterner;
  /** Monotonic milliseconds, for the rate limits. */
  readonly nowMs: () => number;
}

/**
 * One HTTP/2 connection, either role, without a socket: bytes in by `receive`, events out by the handler,
 * bytes out by `takeOutput`.
 */
export class Http2Connection<Owner> extends ConnectionSender<Owner> {
  readonly role: ConnectionRole;
  readonly #splitter: FrameSplitter;
  readonly #decoder: HpackDecoder;
  readonly #nowMs: () => number;
  readonly #resets: TokenBucket;
  readonly #provokedResets: TokenBucket;
  readonly #glitches: TokenBucket;
  /** Octets of the client's preface seen so far (server role). */
  #prefaceSeen: number;
  #settingsSeen = false;
  #settingsAcknowledged = false;
  /** The header block being continued: its fragments, its stream and the flags of its HEADERS frame. */
  #fragments: Buffer | undefined = undefined;
  #fragmentsStreamId = 0;
  #fragmentsEndStream = false;
  #continuations = 0;

  constructor(
    role: ConnectionRole,
    handler: ConnectionHandler<Owner>,
    options: ConnectionOptions,
    shared: ConnectionShared,
  ) {
    super(handler, options, shared.segments);
    this.role = role;
    this.#nowMs = shared.nowMs;
    const nowMs = shared.nowMs();
    this.#resets = new TokenBucket(options.resetBurst, options.resetsPerSecond, nowMs);
    this.#provokedResets = new TokenBucket(options.provokedResetBurst, options.provokedResetsPerSecond, nowMs);
    this.#glitches = new TokenBucket(options.glitchBurst, options.glitchesPerSecond, nowMs);
    this.#splitter = new FrameSplitter(this, options.maxFrameBytes);
    this.#decoder = new HpackDecoder({
      maxTableBytes: options.decoderTableBytes,
      maxListBytes: options.maxHeaderListBytes,
      maxFields: options.maxHeaderFields,
      interner: shared.interner,
    });
    this.#prefaceSeen = role === 'server' ? 0 : CLIENT_PREFACE.length;
  }

  /** The peer has acknowledged our settings. */
  get settingsAcknowledged(): boolean {
    return this.#settingsAcknowledged;
  }

  /** The peer has proved that it speaks HTTP/2: its preface is complete. */
  get established(): boolean {
    return this.#settingsSeen;
  }

  /** Sends our connection preface (RFC 9113 3.4): the client's magic, SETTINGS, and the connection's window. */
  start(): void {
    const { options } = this;
    if (this.role === 'client') {
      const at = this.output.reserve(CLIENT_PREFACE.length);
      this.output.commit(at + this.output.current!.write(CLIENT_PREFACE, at, 'latin1'));
    }
    const values: [number, number][] = [
      [SETTINGS_INITIAL_WINDOW_SIZE, options.streamWindowBytes],
      [SETTINGS_MAX_HEADER_LIST_SIZE, options.maxHeaderListBytes],
    ];
    if (this.role === 'client') values.push([SETTINGS_ENABLE_PUSH, 0]);
    else values.push([SETTINGS_MAX_CONCURRENT_STREAMS, options.maxConcurrentStreams]);
    if (options.maxFrameBytes !== DEFAULT_FRAME_BYTES) values.push([SETTINGS_MAX_FRAME_SIZE, options.maxFrameBytes]);
    if (options.decoderTableBytes !== 4096) values.push([SETTINGS_HEADER_TABLE_SIZE, options.decoderTableBytes]);
    this.writeSettings(SETTINGS, 0, values);
    this.openConnectionWindow();
  }

  /** Takes what the socket read. Everything that follows from it happens inside this call. */
  receive(chunk: Buffer): void {
    if (this.failed) return;
    let at = 0;
    while (this.#prefaceSeen < CLIENT_PREFACE.length && at < chunk.length) {
      if (chunk[at++] !== CLIENT_PREFACE.charCodeAt(this.#prefaceSeen++))
        return this.#fail(PROTOCOL_ERROR, 'the connection preface is not that of HTTP/2');
    }
    if (at < chunk.length || chunk.length === 0) this.#splitter.push(chunk, at);
  }

  protected isPeerStream(id: number): boolean {
    return (id & 1) === (this.role === 'server' ? 1 : 0);
  }

  /** @internal FrameSink */
  onOversizedFrame(): void {
    this.#fail(FRAME_SIZE_ERROR, `a frame is longer than SETTINGS_MAX_FRAME_SIZE ${this.options.maxFrameBytes}`);
  }

  /** @internal FrameSink */
  onFrame(type: number, flags: number, id: number, chunk: Buffer, start: number, end: number): boolean {
    if (this.#fragments !== undefined && (type !== CONTINUATION || id !== this.#fragmentsStreamId)) {
      // 6.10: "A receiver MUST treat the receipt of any other type of frame or a frame on a different stream as a
      // connection error of type PROTOCOL_ERROR."
      this.#fail(PROTOCOL_ERROR, 'a header block was interrupted by another frame');
      return false;
    }
    if (!this.#settingsSeen && type !== SETTINGS) {
      // 3.4: the preface's SETTINGS "MUST be the first frame".
      this.#fail(PROTOCOL_ERROR, 'the first frame is not SETTINGS');
      return false;
    }
    switch (type) {
      case DATA:
        this.#onData(flags, id, chunk, start, end);
        break;
      case HEADERS:
        this.#onHeaders(flags, id, chunk, start, end);
        break;
      case PRIORITY:
        this.#onPriority(id, chunk, start, end);
        break;
      case RST_STREAM:
        this.#onRstStream(id, chunk, start, end);
        break;
      case SETTINGS:
        this.#onSettings(flags, id, chunk, start, end);
        break;
      case PUSH_PROMISE:
        // 8.4: "A client cannot push"; and our client role disables push, so 6.6 makes any PUSH_PROMISE an error.
        this.#fail(PROTOCOL_ERROR, 'PUSH_PROMISE although push is not enabled');
        break;
      case PING:
        this.#onPing(flags, id, chunk, start, end);
        break;
      case GOAWAY:
        this.#onGoaway(id, chunk, start, end);
        break;
      case WINDOW_UPDATE:
        this.#onWindowUpdate(id, chunk, start, end);
        break;
      case CONTINUATION:
        this.#onContinuation(flags, chunk, start, end);
        break;
      default:
        // 4.1: "Implementations MUST ignore and discard frames of unknown types."
        this.#glitch();
    }
    return !this.failed;
  }

  #onData(flags: number, id: number, chunk: Buffer, start: number, end: number): void {
    if (id === 0) return this.#fail(PROTOCOL_ERROR, 'DATA on stream 0');
    const flowBytes = end - start;
    if (flowBytes > this.receiveWindow) return this.#fail(FLOW_CONTROL_ERROR, "DATA beyond the connection's window");
    this.receiveWindow -= flowBytes;
    let first = start;
    let last = end;
    if ((flags & FLAG_PADDED) !== 0) {
      // 6.1: padding as long as the payload or longer is "a connection error of type PROTOCOL_ERROR".
      if (flowBytes === 0) return this.#fail(FRAME_SIZE_ERROR, 'DATA too short for its padding');
      const padding = chunk[start]!;
      if (padding >= flowBytes) return this.#fail(PROTOCOL_ERROR, 'padding longer than the DATA frame');
      first = start + 1;
      last = end - padding;
    }
    const stream = this.streams.get(id);
    if (stream === undefined || stream.remoteEnded) {
      this.consumeConnection(flowBytes);
      if (stream === undefined) this.#onLateFrame(id);
      else this.#streamError(stream, STREAM_CLOSED);
      return;
    }
    if (flowBytes > stream.receiveWindow) {
      this.consumeConnection(flowBytes);
      return this.#streamError(stream, FLOW_CONTROL_ERROR);
    }
    stream.receiveWindow -= flowBytes;
    const payloadBytes = last - first;
    const endStream = (flags & FLAG_END_STREAM) !== 0;
    const padded = flowBytes - payloadBytes;
    if (padded > 0) this.consumeConnection(padded);
    if (!stream.headersReceived) {
      this.consumeConnection(payloadBytes);
      return this.#streamError(stream, PROTOCOL_ERROR);
    }
    if (stream.contentRemaining >= 0) {
      // 8.1.1: "A request or response is also malformed if the value of a content-length header field does not
      // equal the sum of the DATA frame payload lengths".
      stream.contentRemaining -= payloadBytes;
      if (stream.contentRemaining < 0 || (endStream && stream.contentRemaining > 0)) {
        this.consumeConnection(payloadBytes);
        return this.#streamError(stream, PROTOCOL_ERROR);
      }
    }
    if (payloadBytes === 0 && !endStream && !this.#glitch()) return;
    if (endStream) stream.remoteEnded = true;
    else if (padded > 0) this.consume(stream, padded);
    this.handler.onData(stream, chunk, first, last, endStream);
    if (endStream) this.#closeIfEnded(stream);
  }

  #onHeaders(flags: number, id: number, chunk: Buffer, start: number, end: number): void {
    if (id === 0) return this.#fail(PROTOCOL_ERROR, 'HEADERS on stream 0');
    let first = start;
    let last = end;
    if ((flags & FLAG_PADDED) !== 0) {
      if (first === last) return this.#fail(FRAME_SIZE_ERROR, 'HEADERS too short for its padding');
      last -= chunk[first++]!;
    }
    if ((flags & FLAG_PRIORITY) !== 0) {
      if (last - first < 5) return this.#fail(FRAME_SIZE_ERROR, 'HEADERS too short for its priority');
      // 5.3.1 of RFC 7540: "A stream cannot depend on itself."
      if (readUint31(chunk, first) === id) return this.#fail(PROTOCOL_ERROR, 'a stream depends on itself');
      first += 5;
    }
    if (last < first) return this.#fail(PROTOCOL_ERROR, 'padding longer than the HEADERS frame');
    const endStream = (flags & FLAG_END_STREAM) !== 0;
    if ((flags & FLAG_END_HEADERS) !== 0) return this.#onBlock(id, endStream, chunk, first, last);
    this.#fragments = Buffer.from(chunk.subarray(first, last));
    this.#fragmentsStreamId = id;
    this.#fragmentsEndStream = endStream;
    this.#continuations = 0;
  }

  #onContinuation(flags: number, chunk: Buffer, start: number, end: number): void {
    const fragments = this.#fragments;
    if (fragments === undefined) return this.#fail(PROTOCOL_ERROR, 'CONTINUATION without HEADERS');
    if (++this.#continuations > this.options.maxContinuationFrames)
      return this.#fail(ENHANCE_YOUR_CALM, 'too many CONTINUATION frames');
    if (fragments.length + end - start > this.options.maxHeaderListBytes)
      return this.#fail(ENHANCE_YOUR_CALM, 'the header block is too long');
    const block = Buffer.concat([fragments, chunk.subarray(start, end)]);
    if ((flags & FLAG_END_HEADERS) === 0) {
      this.#fragments = block;
      return;
    }
    this.#fragments = undefined;
    this.#onBlock(this.#fragmentsStreamId, this.#fragmentsEndStream, block, 0, block.length);
  }

  /** A whole header block. It is decoded whatever becomes of it, or the dynamic tables would part (4.3). */
  #onBlock(id: number, endStream: boolean, chunk: Buffer, start: number, end: number): void {
    const fields: HeaderField[] = [];
    const result = this.#decoder.decode(chunk, start, end, fields);
    if (result === DECODE_ERROR) return this.#fail(COMPRESSION_ERROR, 'a header block could not be decoded');
    const tooLarge = result === DECODE_LIST_TOO_LARGE;
    const stream = this.streams.get(id);
    if (stream !== undefined) return this.#onFurtherHeaders(stream, fields, endStream, tooLarge);
    if (this.role === 'client' || !this.isPeerStream(id) || id <= this.lastPeerStreamId) return this.#onLateHeaders(id);
    if (this.goawaySent) return;
    this.lastPeerStreamId = id;
    if (this.peerStreams >= this.options.maxConcurrentStreams) {
      this.closedStreams.add(id, RESET_BY_US);
      if (this.#provoked()) this.writeReset(id, REFUSED_STREAM);
      return;
    }
    const opened = new Http2Stream<Owner>(id, this.peer.initialWindowBytes, this.options.streamWindowBytes);
    opened.headersReceived = true;
    opened.remoteEnded = endStream;
    this.streams.set(id, opened);
    this.peerStreams++;
    if (tooLarge) return this.handler.onHeaderListTooLarge(opened, endStream);
    const block = readRequest(fields);
    if (block === undefined || (endStream && block.contentLength > 0)) return this.#streamError(opened, PROTOCOL_ERROR);
    opened.contentRemaining = endStream ? -1 : block.contentLength;
    this.handler.onHeaders(opened, block, endStream);
    if (endStream) this.#closeIfEnded(opened);
  }

  /** Trailers, or (client role) a response. */
  #onFurtherHeaders(
    stream: Http2Stream<Owner>,
    fields: readonly HeaderField[],
    endStream: boolean,
    tooLarge: boolean,
  ): void {
    if (stream.remoteEnded) return this.#streamError(stream, STREAM_CLOSED);
    if (tooLarge) {
      if (endStream) stream.remoteEnded = true;
      this.handler.onHeaderListTooLarge(stream, endStream);
      if (endStream) this.#closeIfEnded(stream);
      return;
    }
    if (stream.headersReceived) {
      const trailers = readTrailers(fields);
      // 8.1: trailers end the message; "an endpoint that receives a HEADERS frame without the END_STREAM flag set
      // after receiving the HEADERS frame that opens a request or after receiving a final (non-informational)
      // status code MUST treat the corresponding request or response as malformed".
      if (trailers === undefined || !endStream || stream.contentRemaining > 0)
        return this.#streamError(stream, PROTOCOL_ERROR);
      stream.remoteEnded = true;
      this.handler.onTrailers(stream, trailers);
      return this.#closeIfEnded(stream);
    }
    const block = readResponse(fields);
    if (block === undefined || (block.informational && endStream)) return this.#streamError(stream, PROTOCOL_ERROR);
    if (!block.informational) this.#beginResponse(stream, block, endStream);
    this.handler.onHeaders(stream, block, endStream);
    if (endStream) this.#closeIfEnded(stream);
  }

  #beginResponse(stream: Http2Stream<Owner>, block: HeaderBlock, endStream: boolean): void {
    stream.headersReceived = true;
    stream.remoteEnded = endStream;
    // A response to HEAD and a 304 may carry the content-length of what they leave out (RFC 9110 8.6), so a
    // content-length is only held against DATA that does come.
    if (!endStream) stream.contentRemaining = block.contentLength;
  }

  #onLateHeaders(id: number): void {
    const ending = this.closedStreams.endingOf(id);
    if (ending === ENDED)
      // 5.1: frames other than PRIORITY after END_STREAM are "a connection error of type STREAM_CLOSED".
      return this.#fail(STREAM_CLOSED, 'HEADERS on a closed stream');
    const neverOpened = this.isPeerStream(id) ? this.closedStreams.complete : this.#isIdle(id);
    if (ending === UNKNOWN && neverOpened)
      // 5.1.1: "An endpoint that receives an unexpected stream identifier MUST respond with a connection error of
      // type PROTOCOL_ERROR."
      this.#fail(PROTOCOL_ERROR, 'HEADERS with an unexpected stream identifier');
    // Else they were under way when we reset the stream, maybe long ago.
  }

  /** DATA on a stream that is not open. */
  #onLateFrame(id: number): void {
    if (this.#isIdle(id)) return this.#fail(PROTOCOL_ERROR, 'DATA on an idle stream');
    if (this.closedStreams.endingOf(id) === ENDED && this.#provoked()) this.writeReset(id, STREAM_CLOSED);
  }

  /** The stream was never opened, by either side. */
  #isIdle(id: number): boolean {
    return this.isPeerStream(id) ? id > this.lastPeerStreamId : this.isUnopened(id);
  }

  #onPriority(id: number, chunk: Buffer, start: number, end: number): void {
    if (id === 0) return this.#fail(PROTOCOL_ERROR, 'PRIORITY on stream 0');
    const stream = this.streams.get(id);
    if (end - start !== 5) {
      // 6.3: "a stream error of type FRAME_SIZE_ERROR"; RST_STREAM may not be sent on an idle stream (6.4).
      if (stream !== undefined) return this.#streamError(stream, FRAME_SIZE_ERROR);
      return this.#fail(FRAME_SIZE_ERROR, 'PRIORITY is not 5 octets long');
    }
    if (readUint31(chunk, start) === id) {
      if (stream !== undefined) return this.#streamError(stream, PROTOCOL_ERROR);
      return this.#fail(PROTOCOL_ERROR, 'a stream depends on itself');
    }
    this.#glitch();
  }

  #onRstStream(id: number, chunk: Buffer, start: number, end: number): void {
    if (id === 0) return this.#fail(PROTOCOL_ERROR, 'RST_STREAM on stream 0');
    if (end - start !== 4) return this.#fail(FRAME_SIZE_ERROR, 'RST_STREAM is not 4 octets long');
    if (this.#isIdle(id)) return this.#fail(PROTOCOL_ERROR, 'RST_STREAM on an idle stream');
    if (this.role === 'server' && !this.#resets.take(this.#nowMs()))
      return this.#fail(ENHANCE_YOUR_CALM, 'too many RST_STREAM frames');
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    this.#end(stream, readUint32(chunk, start), true, ENDED);
  }

  #onSettings(flags: number, id: number, chunk: Buffer, start: number, end: number): void {
    if (id !== 0) return this.#fail(PROTOCOL_ERROR, 'SETTINGS on a stream');
    const length = end - start;
    if ((flags & FLAG_ACK) !== 0) {
      if (length !== 0) return this.#fail(FRAME_SIZE_ERROR, 'SETTINGS ACK with a payload');
      if (!this.#settingsSeen) return this.#fail(PROTOCOL_ERROR, 'the first frame is not SETTINGS');
      this.#settingsAcknowledged = true;
      return;
    }
    if (length % 6 !== 0) return this.#fail(FRAME_SIZE_ERROR, 'SETTINGS is not a multiple of 6 octets long');
    if (length / 6 > this.options.maxSettingsEntries)
      return this.#fail(ENHANCE_YOUR_CALM, 'too many entries in a SETTINGS frame');
    if (this.#settingsSeen && !this.#glitch()) return;
    const windowBefore = this.peer.initialWindowBytes;
    for (let at = start; at < end; at += 6) {
      const code = this.peer.set((chunk[at]! << 8) | chunk[at + 1]!, readUint32(chunk, at + 2));
      if (code !== NO_ERROR) return this.#fail(code, 'a value in SETTINGS is out of its range');
    }
    this.#settingsSeen = true;
    this.encoder.setMaxTableBytes(Math.min(this.peer.headerTableBytes, this.options.encoderTableBytes));
    this.writeSettings(SETTINGS, FLAG_ACK, []);
    this.#countControlFrame();
    this.#adjustWindows(this.peer.initialWindowBytes - windowBefore);
    if (!this.failed) this.handler.onSettings();
  }

  /** 6.9.2: "a receiver MUST adjust the size of all stream flow-control windows that it maintains by the difference". */
  #adjustWindows(difference: number): void {
    if (difference === 0) return;
    for (const stream of this.streams.values()) {
      stream.sendWindow += difference;
      if (stream.sendWindow > MAX_WINDOW_BYTES)
        return this.#fail(FLOW_CONTROL_ERROR, 'SETTINGS_INITIAL_WINDOW_SIZE makes a window overflow');
    }
    if (difference > 0) for (const stream of [...this.streams.values()]) this.resumeStream(stream);
  }

  #onPing(flags: number, id: number, chunk: Buffer, start: number, end: number): void {
    if (id !== 0) return this.#fail(PROTOCOL_ERROR, 'PING on a stream');
    if (end - start !== 8) return this.#fail(FRAME_SIZE_ERROR, 'PING is not 8 octets long');
    if ((flags & FLAG_ACK) !== 0) return this.handler.onPong();
    if (!this.#glitch()) return;
    this.writePing(FLAG_ACK, chunk, start);
    this.#countControlFrame();
  }

  #onGoaway(id: number, chunk: Buffer, start: number, end: number): void {
    if (id !== 0) return this.#fail(PROTOCOL_ERROR, 'GOAWAY on a stream');
    if (end - start < 8) return this.#fail(FRAME_SIZE_ERROR, 'GOAWAY is shorter than 8 octets');
    const lastStreamId = readUint31(chunk, start);
    this.noteGoawayReceived();
    this.handler.onGoaway(lastStreamId, readUint32(chunk, start + 4), chunk.toString('latin1', start + 8, end));
    if (this.role === 'server') return;
    // 6.8: streams with higher identifiers "were not or will not be processed" and can be retried elsewhere.
    for (const stream of [...this.streams.values()]) {
      if (stream.id > lastStreamId && !stream.closed) this.#end(stream, REFUSED_STREAM, true, RESET_BY_US);
    }
  }

  #onWindowUpdate(id: number, chunk: Buffer, start: number, end: number): void {
    if (end - start !== 4) return this.#fail(FRAME_SIZE_ERROR, 'WINDOW_UPDATE is not 4 octets long');
    const increment = readUint31(chunk, start);
    if (id === 0) {
      // 6.9: "errors on the connection flow-control window MUST be treated as a connection error".
      if (increment === 0) return this.#fail(PROTOCOL_ERROR, 'WINDOW_UPDATE of 0');
      if (this.sendWindow + increment > MAX_WINDOW_BYTES)
        return this.#fail(FLOW_CONTROL_ERROR, "the connection's window overflows");
      this.sendWindow += increment;
      return this.resumeQueue();
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.#isIdle(id)) this.#fail(PROTOCOL_ERROR, 'WINDOW_UPDATE on an idle stream');
      return;
    }
    if (increment === 0) return this.#streamError(stream, PROTOCOL_ERROR);
    if (stream.sendWindow + increment > MAX_WINDOW_BYTES) return this.#streamError(stream, FLOW_CONTROL_ERROR);
    stream.sendWindow += increment;
    this.resumeStream(stream);
  }

  #closeIfEnded(stream: Http2Stream<Owner>): void {
    if (stream.localEnded && !stream.closed) this.forget(stream, ENDED);
  }

  /** The peer broke a rule on this stream: reset it, tell its owner, and count how often that happens. */
  #streamError(stream: Http2Stream<Owner>, errorCode: number): void {
    if (!this.#provoked()) return;
    this.writeReset(stream.id, errorCode);
    this.#countControlFrame();
    this.#end(stream, errorCode, false, RESET_BY_US);
  }

  #end(stream: Http2Stream<Owner>, errorCode: number, byPeer: boolean, ending: number): void {
    stream.closed = true;
    this.handler.onReset(stream, errorCode, byPeer);
    this.forget(stream, ending);
  }

  #provoked(): boolean {
    if (this.#provokedResets.take(this.#nowMs())) return true;
    this.#fail(ENHANCE_YOUR_CALM, 'too many streams had to be reset');
    return false;
  }

  #glitch(): boolean {
    if (this.#glitches.take(this.#nowMs())) return true;
    this.#fail(ENHANCE_YOUR_CALM, 'too many frames that carry nothing');
    return false;
  }

  #countControlFrame(): void {
    if (++this.queuedControlFrames > this.options.maxQueuedControlFrames && !this.failed)
      this.#fail(ENHANCE_YOUR_CALM, 'too many answers wait to be read');
  }

  #fail(errorCode: number, message: string): void {
    if (this.failed) return;
    this.writeFailure(errorCode, message);
    this.markFailed();
    this.handler.onFailure(errorCode, message);
  }
}
