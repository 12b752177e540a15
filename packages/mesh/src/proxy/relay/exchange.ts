import { backoffDelayMs, defaultBackoff, type EndpointState, type Timer } from '@weir/core';
import { GRPC_STATUS_NONE } from '../../admin/request-metrics.js';
import { isGrpc } from '../../grpc/content-type.js';
import { CANCELLED, NO_STATUS, parseStatus, UNAVAILABLE, UNIMPLEMENTED } from '../../grpc/status.js';
import { statusTrailers } from '../../grpc/status-fields.js';
import { CANCEL, INTERNAL_ERROR, NO_ERROR } from '../../http2/error-code.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import { Attempt, isUnprocessed, type AttemptFailure } from './attempt.js';
import { BodyQueue } from './body-queue.js';
import type { CreditGate } from './credit-gate.js';
import { describeFailure } from './describe-failure.js';
import type { DownstreamConnection } from './downstream-connection.js';
import { replyLocally } from './local-reply.js';
import type { RelayContext } from './relay-context.js';
import type { RoutedRequest } from './router.js';

/** Attempts for one request, however harmless; bounds the walk over a dead cluster. */
const MAX_ATTEMPTS = 6;

/**
 * One request on its way: the caller's stream on one side, the attempt at an endpoint on the other, and
 * whatever bytes wait in between.
 */
export class Exchange {
  readonly #context: RelayContext;
  readonly #downstream: DownstreamConnection;
  readonly #stream: Http2Stream<Exchange>;
  readonly #request: HeaderBlock;
  readonly #routed: RoutedRequest;
  readonly #startedMs: number;
  #cluster: Cluster | undefined = undefined;
  #attempt: Attempt | undefined = undefined;
  #attempts = 0;
  #lastHost: UpstreamHost | undefined = undefined;
  #tried: Set<EndpointState> | undefined = undefined;
  #refusals = 0;
  #retryTimer: Timer | undefined = undefined;
  /** A retry of the cluster's budget is ours. */
  #holdsRetry = false;

  #body: BodyQueue | undefined = undefined;
  #requestEnded: boolean;
  #requestTrailers: HeaderBlock | undefined = undefined;

  #responseBegun = false;
  #responseEnded = false;
  #responseQueue: BodyQueue | undefined = undefined;
  #responseCredit: CreditGate<Attempt> | undefined = undefined;
  #responseTrailers: readonly HeaderField[] | undefined = undefined;
  #grpcStatus = NO_STATUS;
  #finished = false;

  constructor(
    context: RelayContext,
    downstream: DownstreamConnection,
    stream: Http2Stream<Exchange>,
    request: HeaderBlock,
    routed: RoutedRequest,
    endStream: boolean,
  ) {
    this.#context = context;
    this.#downstream = downstream;
    this.#stream = stream;
    this.#request = request;
    this.#routed = routed;
    this.#requestEnded = endStream;
    this.#startedMs = context.clock.nowMs();
  }

  start(): void {
    const { decision, target } = this.#routed;
    if (decision.kind === 'no-route') {
      const { config } = this.#context;
      if (!config.configured) return this.#reply(UNAVAILABLE, `weir: not configured: ${config.reason}`);
      this.#context.counters.repliesNoRoute++;
      const reason =
        decision.reason === 'no-virtual-host'
          ? `no service answers to "${target}"`
          : `no route of "${target}" matches ${this.#request.path!.value}`;
      return this.#reply(UNIMPLEMENTED, `weir: ${reason}`);
    }
    this.#cluster = this.#context.config.cluster(decision.cluster);
    if (this.#cluster === undefined) return this.#replyNoEndpoint(`cluster ${decision.cluster} is not known`);
    this.#startAttempt(this.#cluster);
  }

  // ——— the caller's side ———

  onRequestData(chunk: Buffer, start: number, end: number, endStream: boolean): void {
    const length = end - start;
    if (endStream) this.#requestEnded = true;
    if (this.#finished) return this.#downstream.credit.passed(length);
    const body = (this.#body ??= new BodyQueue(!this.#responseBegun));
    if (body.heldBytes + length > this.#context.options.replayBytes) body.stopRetaining();
    body.push(chunk, start, end);
    this.#downstream.credit.queued(length);
    this.#pumpRequest();
  }

  onRequestTrailers(trailers: HeaderBlock): void {
    this.#requestTrailers = trailers;
    this.#requestEnded = true;
    this.#pumpRequest();
  }

  /** The caller cancelled, or broke the protocol, or its connection is gone. */
  onDownstreamReset(): void {
    if (this.#finished) return;
    this.#grpcStatus = CANCELLED;
    this.#abandonAttempt();
    this.#finish();
  }

  /** The caller's stream can take more of the response. */
  onDownstreamSendable(): void {
    const queue = this.#responseQueue;
    if (queue === undefined || this.#finished) return;
    const endWithData = this.#responseEnded && this.#responseTrailers === undefined;
    const sentBytes = queue.sendTo(this.#downstream.connection, this.#stream, endWithData);
    this.#responseCredit!.released(sentBytes);
    const attempt = this.#attempt;
    if (attempt !== undefined) attempt.connection!.connection.consume(attempt.stream!, sentBytes);
    if (queue.unsentBytes > 0 || !this.#responseEnded) return;
    if (this.#responseTrailers !== undefined) this.#endWithTrailers(this.#responseTrailers);
    else this.#finishResponse();
  }

  // ——— the endpoint's side ———

  /** A connection has room: the request goes out. */
  onConnection(attempt: Attempt): void {
    const body = this.#body;
    const bare = this.#requestEnded && this.#requestTrailers === undefined && body === undefined;
    attempt.stream = attempt.connection!.connection.openStream(this.#request.fields, bare, attempt);
    if (this.#attempts > 1) body?.rewind();
    if (!bare) this.#pumpRequest();
  }

  onUpstreamSendable(): void {
    this.#pumpRequest();
  }

  onResponseHeaders(block: HeaderBlock, endStream: boolean): void {
    if (!block.informational) {
      this.#responseBegun = true;
      this.#body?.stopRetaining();
    }
    if (endStream) {
      this.#readStatus(block);
      this.#completeAttempt();
    }
    this.#downstream.connection.sendHeaders(this.#stream, block.fields, endStream);
    if (endStream) this.#finishResponse();
  }

  onResponseData(chunk: Buffer, start: number, end: number, endStream: boolean): void {
    const attempt = this.#attempt!;
    const upstream = attempt.connection!;
    const queue = this.#responseQueue;
    let at = start;
    if (queue === undefined || queue.unsentBytes === 0) {
      at += this.#downstream.connection.sendData(this.#stream, chunk, start, end, endStream, true);
      upstream.credit.passed(at - start);
      upstream.connection.consume(attempt.stream!, at - start);
    }
    if (at < end) {
      this.#responseCredit = upstream.credit;
      upstream.credit.queued(end - at);
      (this.#responseQueue ??= new BodyQueue(false)).push(chunk, at, end);
    }
    if (!endStream) return;
    this.#responseEnded = true;
    this.#completeAttempt();
    if (at === end && !this.#isDraining()) this.#finishResponse();
  }

  onResponseTrailers(trailers: HeaderBlock): void {
    this.#readStatus(trailers);
    this.#completeAttempt();
    this.#endWithTrailers(trailers.fields);
  }

  /** The attempt is over without a whole response. */
  onAttemptFailed(failure: AttemptFailure): void {
    const attempt = this.#releaseAttempt(true);
    if (attempt === undefined || this.#finished) return;
    const replayable = !this.#responseBegun && (this.#body === undefined || this.#body.replayable);
    if (replayable && isUnprocessed(failure) && this.#retry(attempt, failure)) return;
    if (failure.kind === 'connect') this.#context.counters.repliesConnectFailure++;
    if (failure.kind === 'reset') return this.#resetDownstream(failure.errorCode);
    const { endpoint } = attempt.host;
    const message = `weir: ${describeFailure(failure)} (${endpoint.pod} ${endpoint.address})`;
    if (!this.#responseBegun) return this.#reply(UNAVAILABLE, message);
    if (!isGrpc(this.#request)) return this.#resetDownstream(INTERNAL_ERROR);
    // The response has begun, so the status goes where it belongs then: into the trailers.
    this.#grpcStatus = UNAVAILABLE;
    this.#endWithTrailers(statusTrailers(UNAVAILABLE, message));
  }

  // ——— attempts ———

  #startAttempt(cluster: Cluster): void {
    const { upstreams } = this.#context;
    const host = upstreams.pickReachable(cluster, this.#tried);
    if (host === undefined) return this.#replyNoEndpoint(`no healthy endpoint of ${cluster.name}`);
    const attempt = new Attempt(this, host);
    this.#attempts++;
    this.#attempt = attempt;
    this.#lastHost = host;
    host.stats.begin();
    cluster.retryBudget.requestStarted();
    upstreams.connectionsOf(host, cluster).acquire(attempt);
  }

  /** Sends the request elsewhere if that is allowed; false when the failure has to be answered. */
  #retry(attempt: Attempt, failure: AttemptFailure): boolean {
    const { counters } = this.#context;
    const cluster = this.#cluster!;
    if (this.#attempts >= MAX_ATTEMPTS) return false;
    (this.#tried ??= new Set()).add(attempt.host);
    if (failure.kind === 'refused') return this.#retryRefused(cluster);
    // The request reached no application, so another try adds no load to any: neither counted nor delayed
    // (gRFC A6, "transparent retries").
    if (failure.kind === 'goaway') counters.retriesGoaway++;
    else counters.retriesConnectFailure++;
    this.#startAttempt(cluster);
    return true;
  }

  /** A refusal is a sign of overload: limited in number, by the cluster's budget, and after a pause. */
  #retryRefused(cluster: Cluster): boolean {
    const { counters, options, random, clock } = this.#context;
    if (this.#refusals >= options.maxRefusedRetries) return false;
    if (!cluster.retryBudget.tryStartRetry()) {
      counters.retriesOverBudget++;
      return false;
    }
    this.#holdsRetry = true;
    this.#refusals++;
    counters.retriesRefusedStream++;
    const delayMs = backoffDelayMs(this.#refusals, defaultBackoff, random);
    this.#retryTimer = clock.setTimer(delayMs, () => this.#startAttempt(cluster));
    return true;
  }

  /** Takes the attempt off the books. */
  #releaseAttempt(failed: boolean): Attempt | undefined {
    const attempt = this.#attempt;
    if (attempt === undefined) return undefined;
    this.#attempt = undefined;
    attempt.host.stats.end(failed);
    this.#cluster!.retryBudget.requestEnded();
    this.#endRetry();
    return attempt;
  }

  #endRetry(): void {
    if (!this.#holdsRetry) return;
    this.#holdsRetry = false;
    this.#cluster!.retryBudget.retryEnded();
  }

  /** The endpoint has answered in full. */
  #completeAttempt(): void {
    const attempt = this.#releaseAttempt(this.#grpcStatus === UNAVAILABLE);
    if (attempt === undefined) return;
    const { connection, stream } = attempt;
    // The call is over though the request isn't: nobody waits for the rest of it.
    if (!stream!.localEnded) connection!.connection.resetStream(stream!, CANCEL);
  }

  /** The caller has lost interest. */
  #abandonAttempt(): void {
    this.#retryTimer?.cancel();
    this.#endRetry();
    const attempt = this.#releaseAttempt(false);
    if (attempt === undefined) return;
    if (attempt.stream !== undefined) attempt.connection!.connection.resetStream(attempt.stream, CANCEL);
    else attempt.pool?.cancel(attempt);
  }

  #pumpRequest(): void {
    const attempt = this.#attempt;
    const stream = attempt?.stream;
    if (attempt === undefined || stream === undefined || stream.localEnded) return;
    const { connection } = attempt.connection!;
    const body = this.#body;
    if (body !== undefined) {
      const freshBytes = body.sendTo(
        connection,
        stream,
        this.#requestEnded && this.#requestTrailers === undefined,
      );
      this.#downstream.credit.released(freshBytes);
      this.#downstream.connection.consume(this.#stream, freshBytes);
      if (body.unsentBytes > 0) return;
    }
    if (this.#requestTrailers !== undefined)
      connection.sendHeaders(stream, this.#requestTrailers.fields, true);
  }

  #readStatus(block: HeaderBlock): void {
    const status = block.get('grpc-status');
    if (status !== undefined) this.#grpcStatus = parseStatus(status);
  }

  // ——— endings ———

  #isDraining(): boolean {
    return this.#responseQueue !== undefined && this.#responseQueue.unsentBytes > 0;
  }

  #endWithTrailers(fields: readonly HeaderField[]): void {
    this.#responseEnded = true;
    if (this.#isDraining()) {
      this.#responseTrailers = fields;
      return;
    }
    this.#downstream.connection.sendHeaders(this.#stream, fields, true);
    this.#finishResponse();
  }

  #replyNoEndpoint(reason: string): void {
    this.#context.counters.repliesNoEndpoint++;
    this.#reply(UNAVAILABLE, `weir: ${reason}`);
  }

  #reply(code: number, message: string): void {
    this.#grpcStatus = code;
    replyLocally(this.#downstream.connection, this.#stream, isGrpc(this.#request), code, message);
    this.#finishResponse();
  }

  /**
   * All of the response is with the caller's connection. RFC 9113 8.1: "a server MAY request that the client
   * abort transmission of a request without error by sending a RST_STREAM with an error code of NO_ERROR
   * after sending a complete response".
   */
  #finishResponse(): void {
    if (!this.#stream.remoteEnded) this.#downstream.connection.resetStream(this.#stream, NO_ERROR);
    this.#finish();
  }

  #resetDownstream(errorCode: number): void {
    this.#downstream.connection.resetStream(this.#stream, errorCode);
    this.#finish();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    if (this.#body !== undefined) this.#downstream.credit.released(this.#body.freshBytes);
    if (this.#responseQueue !== undefined) this.#responseCredit!.released(this.#responseQueue.unsentBytes);
    this.#body = undefined;
    this.#responseQueue = undefined;
    const status = this.#grpcStatus === NO_STATUS ? GRPC_STATUS_NONE : this.#grpcStatus;
    const durationMs = this.#context.clock.nowMs() - this.#startedMs;
    this.#routed.metrics.record(this.#lastHost?.endpoint, status, durationMs);
  }
}
