import type { HeaderBlock } from '../../http2/header-block.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { Attempt } from './attempt.js';
import { BodyQueue } from './body-queue.js';
import type { DownstreamConnection } from './downstream-connection.js';
import type { Hedges } from './hedges.js';
import { type Mirrors, startMirrors } from './mirrors.js';
import type { RelayContext } from './relay-context.js';
import type { RequestPolicy } from './request-policy.js';
import type { StreamOwner } from './stream-owner.js';

/**
 * The request of an exchange: what the caller sends goes to the attempt of the moment, or waits for it, and is
 * kept for another while there may be one.
 */
export abstract class RequestSide {
  protected readonly context: RelayContext;
  protected readonly downstream: DownstreamConnection;
  protected readonly stream: Http2Stream<StreamOwner>;
  /** As the endpoint is to get it. */
  protected request: HeaderBlock;
  protected attempt: Attempt | undefined = undefined;
  /** Several attempts at a time, until one of them is `attempt`. */
  protected hedges: Hedges | undefined = undefined;
  protected responseEnded = false;
  protected finished = false;
  #body: BodyQueue | undefined = undefined;
  #ended: boolean;
  #trailers: HeaderBlock | undefined = undefined;
  #mirrors: Mirrors | undefined = undefined;
  #committed = false;

  protected constructor(
    context: RelayContext,
    downstream: DownstreamConnection,
    stream: Http2Stream<StreamOwner>,
    request: HeaderBlock,
    endStream: boolean,
  ) {
    this.context = context;
    this.downstream = downstream;
    this.stream = stream;
    this.request = request;
    this.#ended = endStream;
  }

  onRequestData(chunk: Buffer, start: number, end: number, endStream: boolean): void {
    const length = end - start;
    if (endStream) this.#ended = true;
    // Nobody waits for the rest of the request.
    if (this.responseEnded || this.finished) return this.downstream.credit.passed(length);
    this.#mirrors?.onRequestData(chunk, start, end, endStream);
    const body = (this.#body ??= new BodyQueue(this.context.shared.segments, !this.#committed));
    // Of several attempts at a time one has to do without the rest being kept for others.
    const isLong = body.heldBytes + length > this.context.options.replayBytes;
    if (isLong && (this.hedges?.commitToOne() ?? true)) body.stopRetaining();
    let at = start;
    const { attempt } = this;
    const stream = attempt?.stream;
    if (body.passable && stream !== undefined && !stream.localEnded) {
      at = body.passBy(attempt!.connection!.connection, stream, chunk, start, end, endStream);
      this.downstream.credit.passed(at - start);
      this.downstream.connection.consume(this.stream, at - start);
      if (at === end) return;
    }
    body.push(chunk, at, end);
    this.downstream.credit.queued(end - at);
    this.pumpRequest();
  }

  onRequestTrailers(trailers: HeaderBlock): void {
    this.#trailers = trailers;
    this.#mirrors?.onRequestTrailers(trailers);
    this.#ended = true;
    this.pumpRequest();
  }

  onUpstreamSendable(_attempt: Attempt): void {
    this.pumpRequest();
  }

  /** Sends the copies that the request is drawn for. */
  protected startMirrors(policy: RequestPolicy): void {
    const soFar = {
      request: this.request,
      body: this.#body,
      ended: this.#ended,
      trailers: this.#trailers,
    };
    this.#mirrors = startMirrors(policy, soFar, this.context);
  }

  /** Sends what there is of the request on the connection that took the attempt. */
  protected sendRequest(attempt: Attempt, fields: readonly HeaderField[]): void {
    const bare = this.#ended && this.#trailers === undefined && this.#body === undefined;
    attempt.stream = attempt.connection!.connection.openStream(fields, bare, attempt);
    if (!bare) this.pumpRequest();
  }

  /** Something of a response was passed on, be it 1xx: the request must not be sent again. */
  protected get committed(): boolean {
    return this.#committed;
  }

  protected commit(): void {
    this.#committed = true;
    this.#body?.stopRetaining();
  }

  /** All of the request that has come is still here. */
  protected get isReplayable(): boolean {
    return this.#body === undefined || this.#body.replayable;
  }

  /** What the attempt gets next of the body comes after so many bytes. Only while `isReplayable`. */
  protected seekRequest(sentBytes: number): void {
    this.#body?.seek(sentBytes);
  }

  pumpHedge(attempt: Attempt, sentBytes: number): number {
    this.seekRequest(sentBytes);
    this.#pump(attempt);
    return this.#body?.sentBytes ?? 0;
  }

  get requestEnded(): boolean {
    return this.#ended;
  }

  protected dropBody(): void {
    const body = this.#body;
    if (body === undefined) return;
    this.#body = undefined;
    this.downstream.credit.released(body.freshBytes);
    body.drop();
  }

  /** The call is over: nothing more comes of the request. */
  protected endRequest(): void {
    this.#mirrors?.onRequestOver();
    this.dropBody();
  }

  protected pumpRequest(): void {
    if (this.hedges !== undefined) this.hedges.pump();
    else if (this.attempt !== undefined) this.#pump(this.attempt);
  }

  #pump(attempt: Attempt): void {
    const { stream } = attempt;
    if (stream === undefined || stream.localEnded) return;
    const { connection } = attempt.connection!;
    const body = this.#body;
    if (body !== undefined) {
      const endWithData = this.#ended && this.#trailers === undefined;
      const freshBytes = body.sendTo(connection, stream, endWithData);
      this.downstream.credit.released(freshBytes);
      this.downstream.connection.consume(this.stream, freshBytes);
      if (body.unsentBytes > 0) return;
    }
    if (this.#trailers !== undefined) connection.sendHeaders(stream, this.#trailers.fields, true);
  }
}
