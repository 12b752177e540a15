import {
  type AttemptOutcome,
  type Deadline,
  type ForwardDecision,
  remainingMs,
  type RequestHash,
  type RetryObstacle,
  type Timer,
} from '@weir/core';
import { GRPC_STATUS_NONE } from '../../admin/request-metrics.js';
import { isGrpc } from '../../grpc/content-type.js';
import {
  CANCELLED,
  DEADLINE_EXCEEDED,
  NO_STATUS,
  parseStatus,
  RESOURCE_EXHAUSTED,
  UNAVAILABLE,
  UNIMPLEMENTED,
} from '../../grpc/status.js';
import { statusTrailers } from '../../grpc/status-fields.js';
import { ENHANCE_YOUR_CALM, INTERNAL_ERROR } from '../../http2/error-code.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import { type Answer, sendAnswer } from './answer.js';
import { Attempt } from './attempt.js';
import { type AttemptFailure, describeFailure, statusOf } from './attempt-failure.js';
import { attemptFields } from './attempt-fields.js';
import { BodyQueue } from './body-queue.js';
import { deadlineOf, describeExpiry } from './call-deadline.js';
import { type CallPolicy, callPolicy } from './call-policy.js';
import type { StreamDelay } from './connection-watch.js';
import type { DownstreamConnection } from './downstream-connection.js';
import { replyLocally } from './local-reply.js';
import { Answered, failedOutcome, isSuccess } from './outcome.js';
import { type Mirrors, type RequestSoFar, startMirrors } from './mirrors.js';
import { passPolicy } from './pass-policy.js';
import type { RelayContext } from './relay-context.js';
import { ResponseBacklog } from './response-backlog.js';
import { Retries } from './retries.js';
import { describeNoRoute, type RoutedRequest } from './router.js';

/**
 * One request on its way: the caller's stream on one side, the attempt at an endpoint on the other, and
 * whatever bytes wait in between.
 *
 *     attempting ──► response begun ──► response ended ──► finished
 *      ↑      └── not processed ──┐           (a slow caller takes the rest of it)
 *      └── another host, a pause ─┘
 *
 * Every way out leads through `#finish`, and an attempt leaves the books by `#releaseAttempt` alone.
 */
export class Exchange {
  readonly #context: RelayContext;
  readonly #downstream: DownstreamConnection;
  readonly #stream: Http2Stream<Exchange>;
  /** As the endpoint is to get it. */
  #request: HeaderBlock;
  readonly #routed: RoutedRequest;
  readonly #startedMs: number;
  #cluster: Cluster | undefined = undefined;
  #attempt: Attempt | undefined = undefined;
  #lastHost: UpstreamHost | undefined = undefined;
  #retries: Retries | undefined = undefined;
  /** What the route says about time and attempts, if it does. */
  #plan: CallPolicy | undefined = undefined;
  /** A fault that comes before everything else. */
  #delay: Timer | undefined = undefined;
  #hash: RequestHash | undefined = undefined;
  #mirrors: Mirrors | undefined = undefined;

  #body: BodyQueue | undefined = undefined;
  #requestEnded: boolean;
  #requestTrailers: HeaderBlock | undefined = undefined;

  /** Something of a response was passed on, be it 1xx: the request must not be sent again. */
  #committed = false;
  /** Of the response that the attempt has begun. */
  #httpStatus: HeaderField | undefined = undefined;
  #responseBegun = false;
  #responseEnded = false;
  #backlog: ResponseBacklog | undefined = undefined;
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
    const { policy } = this.#routed;
    if (policy === undefined) return this.#forward();
    const { caller } = this.#downstream;
    this.#delay = passPolicy(policy, this.#request, caller, this.#context, (result) => {
      if (result.kind === 'answer') return this.#answer(result.answer);
      this.#request = result.request;
      this.#hash = result.hash;
      this.#mirrors = startMirrors(policy, this.#soFar(), this.#context);
      this.#forward();
    });
  }

  #soFar(): RequestSoFar {
    return {
      request: this.#request,
      body: this.#body,
      ended: this.#requestEnded,
      trailers: this.#requestTrailers,
    };
  }

  #forward(): void {
    const { decision } = this.#routed;
    const { config, counters, upstreams } = this.#context;
    if (decision.kind === 'no-route') {
      if (!config.configured) return this.#reply(UNAVAILABLE, `not configured: ${config.reason}`);
      counters.repliesNoRoute++;
      return this.#reply(UNIMPLEMENTED, describeNoRoute(this.#routed, this.#request));
    }
    if (decision.kind !== 'forward') return this.#reply(UNIMPLEMENTED, `no ${decision.kind} is made here`);
    const cluster = config.cluster(decision.cluster);
    if (cluster === undefined) return this.#replyNoEndpoint(`cluster ${decision.cluster} is not known`);
    this.#cluster = cluster;
    // A fault's delay comes before the router, and with it before its timeouts.
    const beganMs = this.#delay === undefined ? this.#startedMs : this.#context.clock.nowMs();
    this.#plan = callPolicy(this.#context, this.#request, decision, beganMs);
    this.#plan?.start((deadline) => this.#onExpired(deadline));
    this.#startAttempt(upstreams.pickReachable(cluster, undefined, this.#hash?.hash));
  }

  /** The route's word on how long nothing may move, if it has one. */
  get idleTimeoutMs(): number | undefined {
    const { decision } = this.#routed;
    return (decision.kind === 'forward' && decision.idleTimeoutMs) || undefined;
  }

  // ——— the caller's side ———

  onRequestData(chunk: Buffer, start: number, end: number, endStream: boolean): void {
    const length = end - start;
    if (endStream) this.#endRequest();
    // Nobody waits for the rest of the request.
    if (this.#responseEnded || this.#finished) return this.#downstream.credit.passed(length);
    this.#mirrors?.onRequestData(chunk, start, end, endStream);
    const body = (this.#body ??= new BodyQueue(this.#context.shared.segments, !this.#committed));
    if (body.heldBytes + length > this.#context.options.replayBytes) body.stopRetaining();
    let at = start;
    const attempt = this.#attempt;
    const stream = attempt?.stream;
    if (body.passable && stream !== undefined && !stream.localEnded) {
      at = body.passBy(attempt!.connection!.connection, stream, chunk, start, end, endStream);
      this.#downstream.credit.passed(at - start);
      this.#downstream.connection.consume(this.#stream, at - start);
      if (at === end) return;
    }
    body.push(chunk, at, end);
    this.#downstream.credit.queued(end - at);
    this.#pumpRequest();
  }

  onRequestTrailers(trailers: HeaderBlock): void {
    this.#requestTrailers = trailers;
    this.#mirrors?.onRequestTrailers(trailers);
    this.#endRequest();
    this.#pumpRequest();
  }

  /** The caller's trailers are over our limit. */
  onRequestTooLarge(message: string): void {
    if (this.#finished) return;
    this.#abandonAttempt();
    this.#fail(RESOURCE_EXHAUSTED, message);
  }

  /** The caller cancelled, or broke the protocol, or its connection is gone. */
  onDownstreamReset(): void {
    if (this.#finished) return;
    this.#grpcStatus = CANCELLED;
    this.#abandonAttempt();
    this.#finish();
  }

  /** Nothing has moved for too long, or the caller takes next to nothing of what waits for it. */
  onOverdue(delay: StreamDelay): void {
    if (this.#finished) return;
    this.#abandonAttempt();
    // An answer would have to wait behind the rest of the response.
    if (this.#backlog !== undefined && !this.#backlog.isEmpty)
      return this.#resetDownstream(ENHANCE_YOUR_CALM);
    const ownMs = delay === 'streamIdleTimeoutMs' ? this.idleTimeoutMs : undefined;
    const lengthMs = ownMs ?? this.#context.options[delay];
    this.#fail(UNAVAILABLE, `nothing moved on this call for ${lengthMs} ms (${delay})`);
  }

  /** The caller's stream can take more of the response. */
  onDownstreamSendable(): void {
    const backlog = this.#backlog;
    if (backlog === undefined) return;
    const sentBytes = backlog.sendTo(this.#downstream.connection, this.#stream);
    this.#attempt?.consume(sentBytes);
    if (backlog.done) this.#finishResponse();
  }

  // ——— the endpoint's side ———

  /** A connection has room: the request goes out. */
  onConnection(attempt: Attempt): void {
    const body = this.#body;
    const bare = this.#requestEnded && this.#requestTrailers === undefined && body === undefined;
    attempt.reportConnection();
    const fields =
      this.#plan === undefined && this.#retries === undefined ? this.#request.fields : this.#attemptFields();
    attempt.stream = attempt.connection!.connection.openStream(fields, bare, attempt);
    if (bare) return;
    this.#pumpRequest();
  }

  onUpstreamSendable(): void {
    this.#pumpRequest();
  }

  onResponseHeaders(block: HeaderBlock, endStream: boolean): void {
    const plan = this.#plan;
    if (!block.informational) {
      this.#httpStatus = block.status;
      if (plan?.retry !== undefined && this.#keepBack(plan, block, endStream)) return;
    }
    this.#passHeaders(block, endStream);
  }

  onResponseData(chunk: Buffer, start: number, end: number, endStream: boolean): void {
    const held = this.#plan?.held;
    if (held !== undefined) {
      // Without a byte it says nothing yet.
      if (start === end && !endStream) return;
      if (start === end && this.#retryAnswer(held, undefined)) return;
      this.#passHeaders(held, false);
    }
    const attempt = this.#attempt!;
    const upstream = attempt.connection!;
    let at = start;
    if (this.#backlog === undefined || this.#backlog.isEmpty) {
      at += this.#downstream.connection.sendData(this.#stream, chunk, start, end, endStream, false);
      upstream.credit.passed(at - start);
      attempt.consume(at - start);
    }
    if (at < end)
      (this.#backlog ??= new ResponseBacklog(upstream.credit, this.#context.shared.segments)).push(
        chunk,
        at,
        end,
      );
    if (!endStream) return;
    this.#completeAttempt();
    const backlog = this.#backlog;
    if (backlog === undefined || backlog.isEmpty) this.#finishResponse();
    else backlog.end(undefined);
  }

  onResponseTrailers(trailers: HeaderBlock): void {
    this.#readStatus(trailers);
    const held = this.#plan?.held;
    if (this.#retryAnswer(held, trailers)) return;
    if (held !== undefined) this.#passHeaders(held, false);
    this.#completeAttempt();
    this.#endWithTrailers(trailers.fields);
  }

  /** The attempt is over without a whole response. */
  onAttemptFailed(failure: AttemptFailure): void {
    const attempt = this.#releaseAttempt(true);
    if (attempt === undefined) return;
    attempt.reportFailure(failure);
    if (this.#retryFailure(failedOutcome(failure, isGrpc(this.#request)), attempt.host)) return;
    if (failure.kind === 'overflow') return this.#replyOverflow(failure.message);
    if (failure.kind === 'connect') this.#context.counters.repliesConnectFailure++;
    // The endpoint's own word; the caller's library knows what each code means for a call.
    if (failure.kind === 'reset') return this.#resetDownstream(failure.errorCode);
    const { pod, address } = attempt.host.endpoint;
    const where = pod === '' ? address : `${pod} ${address}`;
    this.#fail(statusOf(failure), `${describeFailure(failure)} (${where})`);
  }

  // ——— attempts ———

  #startAttempt(host: UpstreamHost | undefined): void {
    const cluster = this.#cluster!;
    if (host === undefined) return this.#replyNoEndpoint(`no healthy endpoint of ${cluster.name}`);
    if (!cluster.limits.requests.tryAcquire())
      return this.#replyOverflow(
        `${cluster.limits.requests.max} requests, the most for ${cluster.name}, are under way`,
      );
    const attempt = new Attempt(this, host, cluster);
    this.#attempt = attempt;
    this.#lastHost = host;
    this.#plan?.startAttempt((deadline) => this.#onAttemptExpired(deadline));
    this.#context.upstreams.connectionsOf(host, cluster).acquire(attempt);
  }

  #attemptFields(): readonly HeaderField[] {
    const retries = this.#retries;
    const retriesMade = retries?.made ?? 0;
    const leftMs =
      this.#plan?.leftToTell(retries !== undefined) ??
      remainingMs(retries?.deadline, this.#context.clock.nowMs());
    return attemptFields(this.#request, leftMs, retriesMade);
  }

  /** Makes the attempt again if that is wanted and possible; false when its outcome is the caller's. */
  #planRetry(outcome: AttemptOutcome, host: UpstreamHost): boolean {
    const plan = this.#plan;
    this.#retries ??= new Retries(
      this.#context,
      this.#cluster!,
      plan?.retry,
      this.#deadline(),
      this.#hash?.hash,
    );
    let obstacle: RetryObstacle | undefined;
    if (plan?.tooLong === true || !(this.#committed || this.#isReplayable())) obstacle = 'buffer_full';
    else if (this.#committed) obstacle = 'headers_committed';
    return this.#retries.plan(outcome, host, obstacle, (next) => this.#startAttempt(next));
  }

  #deadline(): Deadline | undefined {
    if (this.#plan !== undefined) return this.#plan.deadline;
    return deadlineOf(this.#request, this.#routed.decision as ForwardDecision, this.#startedMs);
  }

  #isReplayable(): boolean {
    return this.#body === undefined || this.#body.replayable;
  }

  /** After an attempt that is off the books. */
  #retryFailure(outcome: AttemptOutcome, host: UpstreamHost): boolean {
    // Now, and not when it is sent: what comes meanwhile may be too much to keep what was sent before.
    if (!this.#committed && this.#isReplayable()) this.#body?.rewind();
    return this.#planRetry(outcome, host);
  }

  /** After headers or trailers that say how the attempt went. */
  #retryAnswer(headers: HeaderBlock | undefined, trailers: HeaderBlock | undefined): boolean {
    const policy = this.#plan?.retry;
    const status = this.#httpStatus!.value;
    if (policy === undefined || isSuccess(status, this.#grpcStatus, policy)) return false;
    const outcome = new Answered(status, this.#grpcStatus, headers, trailers);
    const { host } = this.#attempt!;
    if (!this.#planRetry(outcome, host)) return false;
    this.#attempt!.reportAnswer(status, this.#grpcStatus);
    const attempt = this.#releaseAttempt(true)!;
    if (!attempt.stream!.localEnded || !attempt.stream!.remoteEnded) attempt.cancel();
    this.#body?.rewind();
    this.#grpcStatus = NO_STATUS;
    return true;
  }

  /** Whether the headers of a response are not for the caller, or not yet. */
  #keepBack(plan: CallPolicy, block: HeaderBlock, endStream: boolean): boolean {
    this.#readStatus(block);
    if (this.#retryAnswer(block, undefined)) return true;
    if (endStream || this.#committed) return false;
    plan.tooLong = !this.#isReplayable();
    if (plan.tooLong) return false;
    return plan.hold(block, this.#retries?.made ?? 0, () => this.#passHeaders(block, false));
  }

  #passHeaders(block: HeaderBlock, endStream: boolean): void {
    this.#committed = true;
    this.#body?.stopRetaining();
    this.#plan?.endAttempt();
    if (!block.informational) this.#responseBegun = true;
    if (endStream) {
      this.#readStatus(block);
      this.#completeAttempt();
    }
    const { policy } = this.#routed;
    const fields =
      policy === undefined || block.informational
        ? block.fields
        : policy.changeResponse(block.fields, this.#hash);
    this.#downstream.connection.sendHeaders(this.#stream, fields, endStream);
    if (endStream) this.#finishResponse();
  }

  /** Takes the attempt off the books. */
  #releaseAttempt(failed: boolean): Attempt | undefined {
    const attempt = this.#attempt;
    if (attempt === undefined) return undefined;
    this.#attempt = undefined;
    attempt.release(failed);
    this.#plan?.endAttempt();
    return attempt;
  }

  /** The endpoint has answered in full. */
  #completeAttempt(): void {
    this.#responseEnded = true;
    this.#attempt!.reportAnswer(this.#httpStatus!.value, this.#grpcStatus);
    this.#retries?.end();
    const attempt = this.#releaseAttempt(this.#grpcStatus === UNAVAILABLE)!;
    // The call is over though the request isn't: nobody waits for the rest of it.
    if (!attempt.stream!.localEnded) attempt.cancel();
    this.#dropBody();
  }

  /** Nobody is interested in the endpoint's answer any more. */
  #abandonAttempt(): void {
    this.#retries?.end();
    this.#releaseAttempt(false)?.cancel();
  }

  #pumpRequest(): void {
    const attempt = this.#attempt;
    const stream = attempt?.stream;
    if (attempt === undefined || stream === undefined || stream.localEnded) return;
    const { connection } = attempt.connection!;
    const body = this.#body;
    if (body !== undefined) {
      const endWithData = this.#requestEnded && this.#requestTrailers === undefined;
      const freshBytes = body.sendTo(connection, stream, endWithData);
      this.#downstream.credit.released(freshBytes);
      this.#downstream.connection.consume(this.#stream, freshBytes);
      if (body.unsentBytes > 0) return;
    }
    if (this.#requestTrailers !== undefined)
      connection.sendHeaders(stream, this.#requestTrailers.fields, true);
  }

  #endRequest(): void {
    this.#requestEnded = true;
  }

  /** The time of the call is up. */
  #onExpired(deadline: Deadline): void {
    if (this.#responseEnded || this.#finished) return;
    this.#context.counters.repliesDeadline++;
    if (deadline.timer !== 'grpc-timeout') this.#attempt?.reportTimeout();
    this.#abandonAttempt();
    this.#fail(DEADLINE_EXCEEDED, describeExpiry(deadline, this.#routed.decision as ForwardDecision));
  }

  /** The attempt's own time is up. */
  #onAttemptExpired(deadline: Deadline): void {
    const attempt = this.#releaseAttempt(true);
    if (attempt === undefined) return;
    attempt.reportTimeout();
    attempt.cancel();
    const grpcStatus = isGrpc(this.#request) ? DEADLINE_EXCEEDED : undefined;
    if (this.#retryFailure({ kind: 'per-try-timeout', grpcStatus }, attempt.host)) return;
    this.#context.counters.repliesDeadline++;
    this.#fail(DEADLINE_EXCEEDED, describeExpiry(deadline, this.#routed.decision as ForwardDecision));
  }

  #readStatus(block: HeaderBlock): void {
    const status = block.get('grpc-status');
    if (status !== undefined) this.#grpcStatus = parseStatus(status);
  }

  // ——— endings ———

  #replyNoEndpoint(reason: string): void {
    this.#context.counters.repliesNoEndpoint++;
    this.#reply(UNAVAILABLE, reason);
  }

  /** As Envoy: a caller cannot tell a limit from an endpoint that is gone, and does the same about it. */
  #replyOverflow(reason: string): void {
    this.#context.counters.repliesOverflow++;
    this.#reply(UNAVAILABLE, reason);
  }

  #reply(code: number, reason: string): void {
    this.#grpcStatus = code;
    replyLocally(this.#downstream.connection, this.#stream, this.#request, code, `weir: ${reason}`);
    this.#finishResponse();
  }

  /** Lets the rule itself answer. */
  #answer(answer: Answer): void {
    if (isGrpc(this.#request)) this.#grpcStatus = answer.grpcCode;
    sendAnswer(this.#downstream.connection, this.#stream, this.#request, answer);
    this.#finishResponse();
  }

  /** Ends the call in the endpoint's place, in whatever way the response so far leaves open. */
  #fail(code: number, reason: string): void {
    if (!this.#responseBegun) return this.#reply(code, reason);
    if (!isGrpc(this.#request)) return this.#resetDownstream(INTERNAL_ERROR);
    // The response has begun, so the status goes where it belongs then: into the trailers.
    this.#grpcStatus = code;
    this.#endWithTrailers(statusTrailers(code, `weir: ${reason}`));
  }

  #endWithTrailers(fields: readonly HeaderField[]): void {
    this.#responseEnded = true;
    const backlog = this.#backlog;
    if (backlog !== undefined && !backlog.isEmpty) return backlog.end(fields);
    this.#downstream.connection.sendHeaders(this.#stream, fields, true);
    this.#finishResponse();
  }

  /**
   * All of the response is with the caller's connection. RFC 9113 8.1: "a server MAY request that the client
   * abort transmission of a request without error by sending a RST_STREAM with an error code of NO_ERROR
   * after sending a complete response".
   */
  #finishResponse(): void {
    if (!this.#stream.remoteEnded) this.#downstream.stopRequest(this.#stream);
    this.#finish();
  }

  #resetDownstream(errorCode: number): void {
    this.#downstream.connection.resetStream(this.#stream, errorCode);
    this.#finish();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#plan?.end();
    this.#delay?.cancel();
    this.#mirrors?.onRequestOver();
    this.#retries?.end();
    this.#dropBody();
    this.#backlog?.drop();
    this.#backlog = undefined;
    const status = this.#grpcStatus === NO_STATUS ? GRPC_STATUS_NONE : this.#grpcStatus;
    const durationMs = this.#context.clock.nowMs() - this.#startedMs;
    this.#routed.metrics.record(this.#lastHost?.endpoint, status, durationMs);
  }

  #dropBody(): void {
    const body = this.#body;
    if (body === undefined) return;
    this.#body = undefined;
    this.#downstream.credit.released(body.freshBytes);
    body.drop();
  }
}
