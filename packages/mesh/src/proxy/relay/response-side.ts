import { isGrpc } from '../../grpc/content-type.js';
import { CANCELLED, NO_STATUS, RESOURCE_EXHAUSTED, UNAVAILABLE } from '../../grpc/status.js';
import { statusTrailers } from '../../grpc/status-fields.js';
import { ENHANCE_YOUR_CALM, INTERNAL_ERROR } from '../../http2/error-code.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import { type Answer, sendAnswer } from './answer.js';
import type { StreamDelay } from './connection-watch.js';
import { replyLocally } from './local-reply.js';
import { RequestSide } from './request-side.js';
import { ResponseBacklog } from './response-backlog.js';

/**
 * The response of an exchange: the endpoint's goes to the caller, or waits for it; where there is none, or only
 * half of one, the call ends in the endpoint's place. Every way out leads through `finish`.
 */
export abstract class ResponseSide extends RequestSide {
  protected responseBegun = false;
  protected grpcStatus = NO_STATUS;
  #backlog: ResponseBacklog | undefined = undefined;

  /** The route's word on how long nothing may move, if it has one. */
  abstract get idleTimeoutMs(): number | undefined;

  /** The caller's stream can take more of the response. */
  onDownstreamSendable(): void {
    const backlog = this.#backlog;
    if (backlog === undefined) return;
    const sentBytes = backlog.sendTo(this.downstream.connection, this.stream);
    this.attempt?.consume(sentBytes);
    if (backlog.done) this.finishResponse();
  }

  /** The caller's trailers are over our limit. */
  onRequestTooLarge(message: string): void {
    if (this.finished) return;
    this.abandonAttempt();
    this.fail(RESOURCE_EXHAUSTED, message);
  }

  /** The caller cancelled, or broke the protocol, or its connection is gone. */
  onDownstreamReset(): void {
    if (this.finished) return;
    this.grpcStatus = CANCELLED;
    this.abandonAttempt();
    this.finish();
  }

  /** Nothing has moved for too long, or the caller takes next to nothing of what waits for it. */
  onOverdue(delay: StreamDelay): void {
    if (this.finished) return;
    this.abandonAttempt();
    // An answer would have to wait behind the rest of the response.
    if (this.callerIsBehind) return this.resetDownstream(ENHANCE_YOUR_CALM);
    const ownMs = delay === 'streamIdleTimeoutMs' ? this.idleTimeoutMs : undefined;
    const lengthMs = ownMs ?? this.context.options[delay];
    this.fail(UNAVAILABLE, `nothing moved on this call for ${lengthMs} ms (${delay})`);
  }

  /** The caller has yet to take some of the response. */
  protected get callerIsBehind(): boolean {
    return this.#backlog !== undefined && !this.#backlog.isEmpty;
  }

  /** Sends what the caller's stream takes; the rest waits. `endWithData` is to follow the end of the stream. */
  protected passData(chunk: Buffer, start: number, end: number, endStream: boolean): void {
    const attempt = this.attempt!;
    const upstream = attempt.connection!;
    let at = start;
    if (!this.callerIsBehind) {
      at += this.downstream.connection.sendData(this.stream, chunk, start, end, endStream, false);
      upstream.credit.passed(at - start);
      attempt.consume(at - start);
    }
    if (at === end) return;
    this.#backlog ??= new ResponseBacklog(upstream.credit, this.context.shared.segments);
    this.#backlog.push(chunk, at, end);
  }

  /** What was passed last was the end of the response. */
  protected endWithData(): void {
    if (this.callerIsBehind) this.#backlog!.end(undefined);
    else this.finishResponse();
  }

  protected endWithTrailers(fields: readonly HeaderField[]): void {
    this.responseEnded = true;
    if (this.callerIsBehind) return this.#backlog!.end(this.lastFields(fields));
    this.downstream.connection.sendHeaders(this.stream, this.lastFields(fields), true);
    this.finishResponse();
  }

  /** The last fields of a response: trailers, or the headers of one that has nothing else. */
  protected lastFields(fields: readonly HeaderField[]): readonly HeaderField[] {
    return fields;
  }

  // ——— endings in the endpoint's place ———

  protected replyNoEndpoint(reason: string): void {
    this.context.counters.repliesNoEndpoint++;
    this.reply(UNAVAILABLE, reason);
  }

  /** As Envoy: a caller cannot tell a limit from an endpoint that is gone, and does the same about it. */
  protected replyOverflow(reason: string): void {
    this.context.counters.repliesOverflow++;
    this.reply(UNAVAILABLE, reason);
  }

  protected reply(code: number, reason: string): void {
    this.grpcStatus = code;
    const { connection } = this.downstream;
    replyLocally(connection, this.stream, this.request, code, `weir: ${reason}`, (fields) =>
      this.lastFields(fields),
    );
    this.finishResponse();
  }

  /** Lets the rule itself answer. */
  protected answer(answer: Answer): void {
    if (isGrpc(this.request)) this.grpcStatus = answer.grpcCode;
    sendAnswer(this.downstream.connection, this.stream, this.request, answer, (fields) =>
      this.lastFields(fields),
    );
    this.finishResponse();
  }

  /** Ends the call in whatever way the response so far leaves open. */
  protected fail(code: number, reason: string): void {
    if (!this.responseBegun) return this.reply(code, reason);
    if (!isGrpc(this.request)) return this.resetDownstream(INTERNAL_ERROR);
    // The response has begun, so the status goes where it belongs then: into the trailers.
    this.grpcStatus = code;
    this.endWithTrailers(statusTrailers(code, `weir: ${reason}`));
  }

  protected resetDownstream(errorCode: number): void {
    this.downstream.connection.resetStream(this.stream, errorCode);
    this.finish();
  }

  /**
   * All of the response is with the caller's connection. RFC 9113 8.1: "a server MAY request that the client
   * abort transmission of a request without error by sending a RST_STREAM with an error code of NO_ERROR
   * after sending a complete response".
   */
  protected finishResponse(): void {
    if (!this.stream.remoteEnded) this.downstream.stopRequest(this.stream);
    this.finish();
  }

  /** Nobody is interested in the endpoint's answer any more. */
  protected abstract abandonAttempt(): void;

  /** The call is over, however it went; what it holds is given back, once. */
  protected abstract finish(): void;

  /** Nobody takes what waits for the caller. */
  protected dropBacklog(): void {
    this.#backlog?.drop();
    this.#backlog = undefined;
  }
}
