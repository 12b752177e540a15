import { ENDED, RESET_BY_US, UNKNOWN } from './closed-streams.js';
import { ConnectionControl } from './connection-control.js';
import type { ConnectionHandler } from './connection-handler.js';
import type { ConnectionRole, ConnectionShared } from './connection-shared.js';
import {
  COMPRESSION_ERROR,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  STREAM_CLOSED,
} from './error-code.js';
import {
  CLIENT_PREFACE,
  CONTINUATION,
  DATA,
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
} from './frame.js';
import { LIMIT_MESSAGES } from './flood-guard.js';
import { FrameSplitter } from './frame-splitter.js';
import { HeaderAssembly } from './header-assembly.js';
import { opensRequest, readRequest, readResponse, readTrailers, type HeaderBlock } from './header-block.js';
import type { HeaderField } from './hpack/header-field.js';
import { DECODE_ERROR, DECODE_LIST_TOO_LARGE, HpackDecoder } from './hpack/hpack-decoder.js';
import type { ConnectionOptions } from './options.js';
import { DEFAULT_TABLE_BYTES, ownSettings } from './settings.js';
import { Http2Stream } from './stream.js';

export type { ConnectionRole, ConnectionShared } from './connection-shared.js';

/**
 * One HTTP/2 connection, either role, without a socket: bytes in by `receive`, events out by the handler,
 * bytes out by `takeOutput`. This class tells frames apart and makes messages of HEADERS and DATA.
 */
export class Http2Connection<Owner> extends ConnectionControl<Owner> {
  readonly #splitter: FrameSplitter;
  readonly #decoder: HpackDecoder;
  readonly #assembly: HeaderAssembly;
  /** Octets of the client's preface seen so far (server role). */
  #prefaceSeen: number;

  constructor(
    role: ConnectionRole,
    handler: ConnectionHandler<Owner>,
    options: ConnectionOptions,
    shared: ConnectionShared,
  ) {
    super(role, handler, options, shared);
    this.#splitter = new FrameSplitter(this, options.maxFrameBytes, shared.segments.frame);
    this.#assembly = new HeaderAssembly(options.maxContinuationFrames, options.maxHeaderListBytes);
    this.#decoder = new HpackDecoder({
      // Until it has acknowledged our settings the peer may use the protocol's initial size.
      maxTableBytes: Math.max(options.decoderTableBytes, DEFAULT_TABLE_BYTES),
      maxListBytes: options.maxHeaderListBytes,
      maxFields: options.maxHeaderFields,
      interner: shared.interner,
    });
    this.#prefaceSeen = role === 'server' ? 0 : CLIENT_PREFACE.length;
  }

  /** Sends our connection preface (RFC 9113 3.4): the client's magic, SETTINGS, and the connection's window. */
  start(): void {
    if (this.role === 'client') this.writer.preface();
    this.writer.settings(ownSettings(this.role, this.options));
    this.openConnectionWindow();
  }

  /**
   * Takes what the socket read, `chunk[0, end)`. Everything that follows from it happens inside this call, and
   * nothing of the chunk is kept after it.
   */
  receive(chunk: Buffer, end = chunk.length): void {
    if (this.failed) return;
    let at = 0;
    while (this.#prefaceSeen < CLIENT_PREFACE.length && at < end) {
      if (chunk[at++] !== CLIENT_PREFACE.charCodeAt(this.#prefaceSeen++))
        return this.fail(PROTOCOL_ERROR, 'the connection preface is not that of HTTP/2');
    }
    if (at < end) this.#splitter.push(chunk, at, end);
  }

  /**
   * Names the frame or header block that has begun and is not whole yet; 0 when there is none. As long as it
   * stays the same, the peer owes us the rest.
   */
  get unfinished(): number {
    return this.#assembly.streamId === 0 ? this.#splitter.unfinished : -this.#assembly.streamId;
  }

  /** @internal FrameSink */
  onOversizedFrame(): void {
    this.guard.hit('maxFrameBytes');
    this.fail(FRAME_SIZE_ERROR, `${LIMIT_MESSAGES.maxFrameBytes} ${this.options.maxFrameBytes}`);
  }

  /** @internal FrameSink */
  onFrame(type: number, flags: number, id: number, chunk: Buffer, start: number, end: number): boolean {
    const blockOf = this.#assembly.streamId;
    if (blockOf !== 0 && (type !== CONTINUATION || id !== blockOf)) {
      // 6.10: "A receiver MUST treat the receipt of any other type of frame or a frame on a different stream as a
      // connection error of type PROTOCOL_ERROR."
      this.fail(PROTOCOL_ERROR, 'a header block was interrupted by another frame');
      return false;
    }
    if (!this.established && type !== SETTINGS) {
      // 3.4: the preface's SETTINGS "MUST be the first frame".
      this.fail(PROTOCOL_ERROR, 'the first frame is not SETTINGS');
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
        this.onPriority(id, chunk, start, end);
        break;
      case RST_STREAM:
        this.onRstStream(id, chunk, start, end);
        break;
      case SETTINGS:
        this.onSettings(flags, id, chunk, start, end);
        break;
      case PUSH_PROMISE:
        // 8.4: "A client cannot push"; and our client role disables push, so 6.6 makes any PUSH_PROMISE an error.
        this.fail(PROTOCOL_ERROR, 'PUSH_PROMISE although push is not enabled');
        break;
      case PING:
        this.onPing(flags, id, chunk, start, end);
        break;
      case GOAWAY:
        this.onGoaway(id, chunk, start, end);
        break;
      case WINDOW_UPDATE:
        this.onWindowUpdate(id, chunk, start, end);
        break;
      case CONTINUATION:
        this.#onContinuation(flags, chunk, start, end);
        break;
      default:
        // 4.1: "Implementations MUST ignore and discard frames of unknown types."
        this.glitch();
    }
    return !this.failed;
  }

  protected override onSettingsInForce(): void {
    this.#decoder.setMaxTableBytes(this.options.decoderTableBytes);
  }

  #onData(flags: number, id: number, chunk: Buffer, start: number, end: number): void {
    if (id === 0) return this.fail(PROTOCOL_ERROR, 'DATA on stream 0');
    const flowBytes = end - start;
    if (flowBytes > this.receiveWindow)
      return this.fail(FLOW_CONTROL_ERROR, "DATA beyond the connection's window");
    this.receiveWindow -= flowBytes;
    let first = start;
    let last = end;
    if ((flags & FLAG_PADDED) !== 0) {
      if (flowBytes === 0) return this.fail(FRAME_SIZE_ERROR, 'DATA too short for its padding');
      const padding = chunk[start]!;
      // 6.1: padding as long as the payload or longer is "a connection error of type PROTOCOL_ERROR".
      if (padding >= flowBytes) return this.fail(PROTOCOL_ERROR, 'padding longer than the DATA frame');
      first = start + 1;
      last = end - padding;
    }
    const stream = this.streams.get(id);
    if (stream === undefined || stream.remoteEnded || flowBytes > stream.receiveWindow) {
      this.consumeConnection(flowBytes);
      if (stream === undefined) return this.#onLateData(id, flowBytes);
      return this.streamError(stream, stream.remoteEnded ? STREAM_CLOSED : FLOW_CONTROL_ERROR);
    }
    stream.receiveWindow -= flowBytes;
    stream.receivedCount = (stream.receivedCount + flowBytes) | 0;
    const payloadBytes = last - first;
    const padded = flowBytes - payloadBytes;
    if (padded > 0) this.consumeConnection(padded);
    const endStream = (flags & FLAG_END_STREAM) !== 0;
    if (!stream.headersReceived || !isWithinContentLength(stream, payloadBytes, endStream)) {
      this.consumeConnection(payloadBytes);
      return this.streamError(stream, PROTOCOL_ERROR);
    }
    if (payloadBytes === 0 && !endStream && !this.glitch()) return;
    if (endStream) stream.remoteEnded = true;
    else if (padded > 0) this.consume(stream, padded);
    this.handler.onData(stream, chunk, first, last, endStream);
    if (endStream) this.#closeIfEnded(stream);
  }

  /** DATA on a stream that is not open. */
  #onLateData(id: number, flowBytes: number): void {
    if (this.isIdle(id)) return this.fail(PROTOCOL_ERROR, 'DATA on an idle stream');
    if (flowBytes === 0 && !this.glitch()) return;
    if (this.closedStreams.endingOf(id) !== ENDED) return;
    if (!this.guard.provokedReset()) return void this.failLimit('provokedResetBurst');
    this.writer.reset(id, STREAM_CLOSED);
    this.countAnswer();
  }

  #onHeaders(flags: number, id: number, chunk: Buffer, start: number, end: number): void {
    if (id === 0) return this.fail(PROTOCOL_ERROR, 'HEADERS on stream 0');
    const padded = (flags & FLAG_PADDED) !== 0;
    const priority = (flags & FLAG_PRIORITY) !== 0;
    const first = start + (padded ? 1 : 0) + (priority ? 5 : 0);
    if (first > end) return this.fail(FRAME_SIZE_ERROR, 'HEADERS too short for its flags');
    const last = padded ? end - chunk[start]! : end;
    // 6.2: padding that exceeds "the size remaining for the field block fragment MUST be treated as a
    // PROTOCOL_ERROR".
    if (last < first) return this.fail(PROTOCOL_ERROR, 'padding longer than the HEADERS frame');
    // RFC 7540 5.3.1: "A stream cannot depend on itself."
    if (priority && readUint31(chunk, first - 5) === id)
      return this.fail(PROTOCOL_ERROR, 'a stream depends on itself');
    const endStream = (flags & FLAG_END_STREAM) !== 0;
    if ((flags & FLAG_END_HEADERS) !== 0) this.#onBlock(id, endStream, chunk, first, last);
    else this.#assembly.begin(id, endStream, chunk, first, last);
  }

  #onContinuation(flags: number, chunk: Buffer, start: number, end: number): void {
    const assembly = this.#assembly;
    const { streamId, endStream } = assembly;
    if (streamId === 0) return this.fail(PROTOCOL_ERROR, 'CONTINUATION without HEADERS');
    const limit = assembly.add(chunk, start, end);
    if (limit !== undefined) return void this.failLimit(limit);
    if ((flags & FLAG_END_HEADERS) === 0) return;
    const block = assembly.finish();
    this.#onBlock(streamId, endStream, block, 0, block.length);
  }

  /** A whole header block. It is decoded whatever becomes of it, or the dynamic tables would part (4.3). */
  #onBlock(id: number, endStream: boolean, chunk: Buffer, start: number, end: number): void {
    const fields: HeaderField[] = [];
    const result = this.#decoder.decode(chunk, start, end, fields);
    if (result === DECODE_ERROR) return this.fail(COMPRESSION_ERROR, 'a header block could not be decoded');
    const tooLarge = result === DECODE_LIST_TOO_LARGE;
    const stream = this.streams.get(id);
    if (stream !== undefined) return this.#onFurtherHeaders(stream, fields, endStream, tooLarge);
    if (this.role === 'client' || !this.isPeerStream(id) || !this.isIdle(id))
      return this.#onLateHeaders(id, fields);
    if (this.goawaySent) {
      // 6.8: after GOAWAY "the sender can discard frames for streams initiated by the receiver with identifiers
      // higher than the identified last stream".
      this.lastIgnoredStreamId = id;
      return;
    }
    this.lastPeerStreamId = id;
    if (this.peerStreams >= this.options.maxConcurrentStreams) return this.#refuse(id);
    const opened = new Http2Stream<Owner>(id, this.peer.initialWindowBytes, this.options.streamWindowBytes);
    opened.headersReceived = true;
    opened.remoteEnded = endStream;
    this.streams.set(id, opened);
    this.peerStreams++;
    this.guard.streamOpened();
    if (tooLarge) return this.handler.onHeaderListTooLarge(opened, endStream);
    const block = readRequest(fields);
    if (block === undefined || (endStream && block.contentLength > 0))
      return this.streamError(opened, PROTOCOL_ERROR);
    opened.contentRemaining = endStream ? -1 : block.contentLength;
    this.handler.onHeaders(opened, block, endStream);
    if (endStream) this.#closeIfEnded(opened);
  }

  /** 5.1.2: "An endpoint that receives a HEADERS frame that causes its advertised concurrent stream limit to be exceeded". */
  #refuse(id: number): void {
    this.refusedStreams++;
    this.closedStreams.add(id, RESET_BY_US);
    // Before it knows our limit the peer cannot be blamed for passing it.
    if (!this.settingsAcknowledged) {
      if (!this.glitch()) return;
    } else if (!this.guard.provokedReset()) {
      return void this.failLimit('provokedResetBurst');
    }
    this.writer.reset(id, REFUSED_STREAM);
    this.countAnswer();
  }

  /** Trailers, or (client role) a response. */
  #onFurtherHeaders(
    stream: Http2Stream<Owner>,
    fields: readonly HeaderField[],
    endStream: boolean,
    tooLarge: boolean,
  ): void {
    if (stream.remoteEnded) return this.streamError(stream, STREAM_CLOSED);
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
        return this.streamError(stream, PROTOCOL_ERROR);
      stream.remoteEnded = true;
      this.handler.onTrailers(stream, trailers);
      return this.#closeIfEnded(stream);
    }
    const block = readResponse(fields);
    if (block === undefined) return this.streamError(stream, PROTOCOL_ERROR);
    if (block.informational) {
      if (endStream) return this.streamError(stream, PROTOCOL_ERROR);
      if (this.glitch()) this.handler.onHeaders(stream, block, false);
      return;
    }
    stream.headersReceived = true;
    stream.remoteEnded = endStream;
    stream.contentRemaining = contentOf(stream, block);
    if (endStream && stream.contentRemaining > 0) return this.streamError(stream, PROTOCOL_ERROR);
    this.handler.onHeaders(stream, block, endStream);
    if (endStream) this.#closeIfEnded(stream);
  }

  /** HEADERS on a stream that is not open and cannot be opened. */
  #onLateHeaders(id: number, fields: readonly HeaderField[]): void {
    // 5.1.1: "An endpoint that receives an unexpected stream identifier MUST respond with a connection error of
    // type PROTOCOL_ERROR."
    if (this.isIdle(id)) return this.fail(PROTOCOL_ERROR, 'HEADERS with an unexpected stream identifier');
    const ending = this.closedStreams.endingOf(id);
    // 5.1: any frame but PRIORITY on a closed stream may be treated as "a connection error of type STREAM_CLOSED",
    // and the peer has no excuse: it had ended the stream itself.
    if (ending === ENDED) return this.fail(STREAM_CLOSED, 'HEADERS on a closed stream');
    // 5.1.1: "The identifier of a newly established stream MUST be numerically greater than all streams that the
    // initiating endpoint has opened or reserved."
    if (ending === UNKNOWN && this.isPeerStream(id) && id <= this.lastPeerStreamId) {
      if (this.closedStreams.complete || opensRequest(fields))
        return this.fail(PROTOCOL_ERROR, 'HEADERS with an unexpected stream identifier');
    }
    // They were under way when we reset the stream, maybe long ago.
    this.glitch();
  }

  #closeIfEnded(stream: Http2Stream<Owner>): void {
    if (stream.localEnded && !stream.closed) this.forget(stream, ENDED);
  }
}

/**
 * Counts a DATA payload. 8.1.1: "A request or response is also malformed if the value of a content-length
 * header field does not equal the sum of the DATA frame payload lengths".
 */
function isWithinContentLength<Owner>(
  stream: Http2Stream<Owner>,
  payloadBytes: number,
  endStream: boolean,
): boolean {
  if (stream.contentRemaining < 0) return true;
  stream.contentRemaining -= payloadBytes;
  return endStream ? stream.contentRemaining === 0 : stream.contentRemaining >= 0;
}

/** Octets of DATA that the response promises, -1 for any number. */
function contentOf<Owner>(stream: Http2Stream<Owner>, block: HeaderBlock): number {
  // RFC 9110 8.6: the answer to HEAD and a 304 may have the content-length of what they leave out.
  return stream.expectsNoContent || block.status!.value === '304' ? 0 : block.contentLength;
}
