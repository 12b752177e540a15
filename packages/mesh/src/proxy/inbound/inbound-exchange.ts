import { grpcToHttpStatus, LOAD_TRAILER } from '@weir/core';
import { isGrpc } from '../../grpc/content-type.js';
import { parseStatus } from '../../grpc/status.js';
import { REFUSED_STREAM } from '../../http2/error-code.js';
import { HeaderBlock } from '../../http2/header-block.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { Attempt } from '../relay/attempt.js';
import { type AttemptFailure, describeFailure, isUnprocessed } from '../relay/attempt-failure.js';
import type { DownstreamConnection } from '../relay/downstream-connection.js';
import { Exchange } from '../relay/exchange.js';
import type { RelayContext } from '../relay/relay-context.js';
import type { RoutedRequest } from '../relay/router.js';
import type { StreamOwner } from '../relay/stream-owner.js';
import type { ApplicationLoad } from './application-load.js';

const SERVER_ERROR = 500;

/**
 * A request on its way to the application. Nothing is tried twice: a request that the application has not seen
 * is handed back with REFUSED_STREAM, which says just that (RFC 9113 8.7), so that whoever sent it can send it
 * elsewhere, as if it had found the application's port closed itself.
 *
 * What the application takes for it is measured until the first byte of the response's first message, or its
 * end: a stream that goes on for hours says nothing of how busy the application is.
 */
export class InboundExchange extends Exchange {
  readonly #load: ApplicationLoad | undefined;
  readonly #announces: boolean;
  /** Requests that were in flight before; -1 when nothing is measured, or the measurement has ended. */
  #found = -1;
  #beganMs = 0;
  #latencyMs = -1;

  /**
   * @param load - what the request is part of; `undefined`: nothing is measured
   * @param announces - whether a gRPC caller is told the load, unless the application does it
   */
  constructor(
    context: RelayContext,
    downstream: DownstreamConnection,
    stream: Http2Stream<StreamOwner>,
    request: HeaderBlock,
    routed: RoutedRequest,
    endStream: boolean,
    load: ApplicationLoad | undefined,
    announces: boolean,
  ) {
    super(context, downstream, stream, request, routed, endStream);
    this.#load = load;
    this.#announces = announces && isGrpc(request);
  }

  override start(): void {
    if (this.#load !== undefined) {
      this.#found = this.#load.meter.begin();
      this.#beganMs = this.context.clock.nowMs();
    }
    super.start();
  }

  override onResponseHeaders(attempt: Attempt, block: HeaderBlock, endStream: boolean): void {
    if (!endStream) return super.onResponseHeaders(attempt, block, false);
    this.#measured(isFailure(block));
    super.onResponseHeaders(attempt, this.#withLoad(block), true);
  }

  override onResponseData(
    attempt: Attempt,
    chunk: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    if (this.#latencyMs === -1 && this.#found !== -1) this.#noteLatency();
    if (endStream) this.#measured(false);
    super.onResponseData(attempt, chunk, start, end, endStream);
  }

  override onResponseTrailers(attempt: Attempt, trailers: HeaderBlock): void {
    this.#measured(isFailure(trailers));
    super.onResponseTrailers(attempt, this.#withLoad(trailers));
  }

  override onAttemptFailed(attempt: Attempt, failure: AttemptFailure): void {
    if (!isUnprocessed(failure)) this.#measured(true);
    if (!isUnprocessed(failure) || this.attempt !== attempt) return super.onAttemptFailed(attempt, failure);
    this.context.logger.debug('a request has not reached the application', {
      reason: describeFailure(failure),
    });
    this.abandonAttempt();
    // It ends, or has not begun: the next request would fare no better. Its callers are told so first, as a refusal
    // on a connection that is going away is a move, and not the sign of overload that it is else.
    if (failure.kind !== 'refused') this.downstream.close();
    this.resetDownstream(REFUSED_STREAM);
  }

  protected override finish(): void {
    if (this.#found !== -1) {
      this.#found = -1;
      this.#load!.meter.abandon();
    }
    super.finish();
  }

  #noteLatency(): void {
    this.#latencyMs = this.context.clock.nowMs() - this.#beganMs;
  }

  /** The application is done with the request. */
  #measured(failed: boolean): void {
    const found = this.#found;
    if (found === -1) return;
    this.#found = -1;
    if (this.#latencyMs === -1) this.#noteLatency();
    const { meter } = this.#load!;
    // Who fails fast is not fast.
    const latencyMs = failed ? Math.max(this.#latencyMs, meter.latencyMs() ?? 0) : this.#latencyMs;
    meter.end(found, latencyMs, failed);
  }

  #withLoad(last: HeaderBlock): HeaderBlock {
    if (!this.#announces || last.get(LOAD_TRAILER) !== undefined) return last;
    const block = new HeaderBlock([...last.fields, this.#load!.field]);
    block.status = last.status;
    block.contentLength = last.contentLength;
    return block;
  }
}

/** The last header block of a response says that the application is at fault. */
function isFailure(block: HeaderBlock): boolean {
  const status = block.get('grpc-status');
  if (status !== undefined) return grpcToHttpStatus(parseStatus(status)) >= SERVER_ERROR;
  return block.status !== undefined && Number(block.status.value) >= SERVER_ERROR;
}
