import {
  type AttemptOutcome,
  type Deadline,
  type ForwardDecision,
  type HedgingPolicy,
  remainingMs,
  type RequestHash,
  type RetryObstacle,
  type Timer,
} from '@weir/core';
import { GRPC_STATUS_NONE } from '../../admin/request-metrics.js';
import { isGrpc } from '../../grpc/content-type.js';
import { DEADLINE_EXCEEDED, grpcCodeOf, NO_STATUS, UNAVAILABLE, UNIMPLEMENTED } from '../../grpc/status.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import { Attempt } from './attempt.js';
import { type AttemptFailure, describeFailure, statusOf } from './attempt-failure.js';
import { attemptFields } from './attempt-fields.js';
import type { AttemptOwner } from './attempt-owner.js';
import type { AttemptTerms } from './attempt-terms.js';
import { deadlineOf, describeExpiry } from './call-deadline.js';
import { type CallPolicy, callPolicy } from './call-policy.js';
import type { DownstreamConnection } from './downstream-connection.js';
import type { HedgedCall } from './hedged-call.js';
import { Hedges } from './hedges.js';
import { Answered, failedOutcome, isSuccess } from './outcome.js';
import { passPolicy } from './pass-policy.js';
import type { RelayContext } from './relay-context.js';
import { ResponseSide } from './response-side.js';
import { Retries } from './retries.js';
import { describeNoRoute, type RoutedRequest } from './router.js';
import type { StreamOwner } from './stream-owner.js';

/**
 * One request on its way: the caller's stream on one side, the attempt at an endpoint on the other. What passes
 * between them is the business of `RequestSide` and `ResponseSide`; here is decided when, where and how often
 * an endpoint is tried.
 *
 *     attempting ──► response begun ──► response ended ──► finished
 *      ↑      └── not processed ──┐           (a slow caller takes the rest of it)
 *      └── another host, a pause ─┘
 *
 * Every way out leads through `finish`, and an attempt leaves the books by `#releaseAttempt` alone.
 */
export class Exchange extends ResponseSide implements AttemptOwner, HedgedCall {
  readonly #routed: RoutedRequest;
  readonly #startedMs: number;
  #cluster: Cluster | undefined = undefined;
  #lastHost: UpstreamHost | undefined = undefined;
  #retries: Retries | undefined = undefined;
  /** What the route says about time and attempts, if it does. */
  #plan: CallPolicy | undefined = undefined;
  /** A fault that comes before everything else. */
  #delay: Timer | undefined = undefined;
  #hash: RequestHash | undefined = undefined;

  constructor(
    context: RelayContext,
    downstream: DownstreamConnection,
    stream: Http2Stream<StreamOwner>,
    request: HeaderBlock,
    routed: RoutedRequest,
    endStream: boolean,
  ) {
    super(context, downstream, stream, request, endStream);
    this.#routed = routed;
    this.#startedMs = context.clock.nowMs();
  }

  start(): void {
    const { policy } = this.#routed;
    if (policy === undefined) return this.#forward();
    const { caller } = this.downstream;
    this.#delay = passPolicy(policy, this.request, caller, this.context, (result) => {
      if (result.kind === 'answer') return this.answer(result.answer);
      this.request = result.request;
      this.#hash = result.hash;
      this.startMirrors(policy);
      this.#forward();
    });
  }

  #forward(): void {
    const { decision } = this.#routed;
    const { config, counters, upstreams } = this.context;
    if (decision.kind === 'no-route') {
      if (!config.configured) return this.reply(UNAVAILABLE, `not configured: ${config.reason}`);
      counters.repliesNoRoute++;
      return this.reply(UNIMPLEMENTED, describeNoRoute(this.#routed, this.request));
    }
    if (decision.kind !== 'forward') return this.reply(UNIMPLEMENTED, `no ${decision.kind} is made here`);
    const cluster = config.cluster(decision.cluster);
    if (cluster === undefined) return this.replyNoEndpoint(`cluster ${decision.cluster} is not known`);
    this.#cluster = cluster;
    // A fault's delay comes before the router, and with it before its timeouts.
    const beganMs = this.#delay === undefined ? this.#startedMs : this.context.clock.nowMs();
    this.#plan = callPolicy(this.context, this.request, decision, beganMs);
    this.#plan?.start((deadline) => this.#onExpired(deadline));
    if (cluster.asksFirst) {
      return upstreams.askAndPick(cluster, this.#hash?.hash, (host) => {
        if (!this.finished) this.#startAttempt(host);
      });
    }
    this.#startAttempt(upstreams.pickReachable(cluster, undefined, this.#hash?.hash));
  }

  override get idleTimeoutMs(): number | undefined {
    const { decision } = this.#routed;
    return (decision.kind === 'forward' && decision.idleTimeoutMs) || undefined;
  }

  // ——— the endpoint's side ———

  /** A connection has room: the request goes out. */
  onConnection(attempt: Attempt): void {
    attempt.reportConnection();
    const plain = this.#plan === undefined && this.#retries === undefined;
    this.sendRequest(attempt, plain ? this.request.fields : this.#attemptFields());
  }

  onResponseHeaders(_attempt: Attempt, block: HeaderBlock, endStream: boolean): void {
    const plan = this.#plan;
    plan?.terms.noteProgress();
    if (plan?.retry !== undefined && !block.informational && this.#keepBack(plan, block, endStream)) return;
    this.#passHeaders(block, endStream);
  }

  onResponseData(_attempt: Attempt, chunk: Buffer, start: number, end: number, endStream: boolean): void {
    const terms = this.#plan?.terms;
    terms?.noteProgress();
    const held = terms?.held;
    if (held !== undefined) {
      // Without a byte it says nothing yet.
      if (start === end && !endStream) return;
      if (start === end && this.#retryAnswer(held, undefined)) return;
      this.#passHeaders(held, false);
    }
    this.passData(chunk, start, end, endStream);
    if (!endStream) return;
    this.#completeAttempt();
    this.endWithData();
  }

  onResponseTrailers(_attempt: Attempt, trailers: HeaderBlock): void {
    const held = this.#plan?.terms.held;
    if (this.#retryAnswer(held, trailers)) return;
    if (held !== undefined) this.#passHeaders(held, false);
    this.#completeAttempt();
    this.endWithTrailers(trailers.fields);
  }

  /** The attempt is over without a whole response. */
  onAttemptFailed(attempt: Attempt, failure: AttemptFailure): void {
    if (this.attempt !== attempt) return;
    this.#releaseAttempt(true);
    attempt.reportFailure(failure);
    if (this.#retryFailure(failedOutcome(failure, isGrpc(this.request)), attempt.host)) return;
    this.failOf(failure, attempt.host);
  }

  failOf(failure: AttemptFailure, host: UpstreamHost): void {
    if (failure.kind === 'overflow') return this.replyOverflow(failure.message);
    if (failure.kind === 'connect') this.context.counters.repliesConnectFailure++;
    // The endpoint's own word; the caller's library knows what each code means for a call.
    if (failure.kind === 'reset') return this.resetDownstream(failure.errorCode);
    const { pod, address } = host.endpoint;
    const where = pod === '' ? address : `${pod} ${address}`;
    this.fail(statusOf(failure), `${describeFailure(failure)} (${where})`);
  }

  // ——— several attempts at a time ———

  #startHedges(plan: CallPolicy, policy: HedgingPolicy, host: UpstreamHost): void {
    const { retry } = this.#routed.decision as ForwardDecision;
    const terms = { policy, retry, deadline: plan.deadline, hash: this.#hash?.hash };
    this.hedges = new Hedges(this.context, this.#cluster!, this, terms);
    this.hedges.start(host);
  }

  noteAttempt({ host }: Attempt): void {
    this.#lastHost = host;
  }

  sendHedge(attempt: Attempt, attemptsBefore: number, terms: AttemptTerms): void {
    const leftMs = this.#plan!.leftToTell(attemptsBefore > 0, terms);
    this.sendRequest(attempt, attemptFields(this.request, leftMs, attemptsBefore));
  }

  adoptHedge(attempt: Attempt, sentBytes: number, held: HeaderBlock | undefined): void {
    this.hedges = undefined;
    this.attempt = attempt;
    attempt.owner = this;
    this.noteAttempt(attempt);
    this.seekRequest(sentBytes);
    if (held !== undefined) this.#passHeaders(held, false);
  }

  answerWith(attempt: Attempt, headers: HeaderBlock, trailers: HeaderBlock | undefined): void {
    const { grpcStatus } = attempt;
    this.noteAttempt(attempt);
    if (grpcStatus === NO_STATUS) {
      const status = attempt.httpStatus!.value;
      return this.reply(grpcCodeOf(Number(status)), `the endpoint answered with HTTP status ${status}`);
    }
    this.grpcStatus = grpcStatus;
    this.responseEnded = true;
    this.#sendHeaders(headers, trailers === undefined);
    if (trailers === undefined) this.finishResponse();
    else this.endWithTrailers(trailers.fields);
  }

  // ——— attempts ———

  #startAttempt(host: UpstreamHost | undefined): void {
    const cluster = this.#cluster!;
    if (host === undefined) return this.replyNoEndpoint(`no healthy endpoint of ${cluster.name}`);
    if (!cluster.limits.requests.tryAcquire())
      return this.replyOverflow(
        `${cluster.limits.requests.max} requests, the most for ${cluster.name}, are under way`,
      );
    const plan = this.#plan;
    if (plan?.hedging !== undefined) return this.#startHedges(plan, plan.hedging, host);
    const attempt = new Attempt(this, host, cluster, this.context.clock);
    this.attempt = attempt;
    this.noteAttempt(attempt);
    plan?.terms.start(plan.deadline, plan.retry, (deadline) => this.#onAttemptExpired(deadline));
    this.context.upstreams.connectionsOf(host, cluster).acquire(attempt);
  }

  #attemptFields(): readonly HeaderField[] {
    const retries = this.#retries;
    const retriesMade = retries?.made ?? 0;
    const leftMs =
      this.#plan?.leftToTell(retries !== undefined) ??
      remainingMs(retries?.deadline, this.context.clock.nowMs());
    return attemptFields(this.request, leftMs, retriesMade);
  }

  /** Makes the attempt again if that is wanted and possible; false when its outcome is the caller's. */
  #planRetry(outcome: AttemptOutcome, host: UpstreamHost): boolean {
    const plan = this.#plan;
    this.#retries ??= new Retries(
      this.context,
      this.#cluster!,
      plan?.retry,
      this.#deadline(),
      this.#hash?.hash,
    );
    let obstacle: RetryObstacle | undefined;
    if (plan?.tooLong === true || !(this.committed || this.isReplayable)) obstacle = 'buffer_full';
    else if (this.committed) obstacle = 'headers_committed';
    return this.#retries.plan(outcome, host, obstacle, (next) => this.#startAttempt(next));
  }

  #deadline(): Deadline | undefined {
    if (this.#plan !== undefined) return this.#plan.deadline;
    return deadlineOf(this.request, this.#routed.decision as ForwardDecision, this.#startedMs);
  }

  /** After an attempt that is off the books. */
  #retryFailure(outcome: AttemptOutcome, host: UpstreamHost): boolean {
    // Now, and not when it is sent: what comes meanwhile may be too much to keep what was sent before.
    if (!this.committed && this.isReplayable) this.seekRequest(0);
    return this.#planRetry(outcome, host);
  }

  /** After headers or trailers that say how the attempt went. */
  #retryAnswer(headers: HeaderBlock | undefined, trailers: HeaderBlock | undefined): boolean {
    const policy = this.#plan?.retry;
    if (policy === undefined) return false;
    const attempt = this.attempt!;
    const status = attempt.httpStatus!.value;
    if (isSuccess(status, attempt.grpcStatus, policy)) return false;
    const outcome = new Answered(status, attempt.grpcStatus, headers, trailers);
    if (!this.#planRetry(outcome, attempt.host)) return false;
    attempt.reportAnswer();
    this.#releaseAttempt(true);
    if (!attempt.stream!.localEnded || !attempt.stream!.remoteEnded) attempt.cancel();
    this.seekRequest(0);
    return true;
  }

  /** Whether the headers of a response are not for the caller, or not yet. */
  #keepBack(plan: CallPolicy, block: HeaderBlock, endStream: boolean): boolean {
    if (this.#retryAnswer(block, undefined)) return true;
    if (endStream || this.committed) return false;
    plan.tooLong = !this.isReplayable;
    if (plan.tooLong) return false;
    return plan.hold(block, this.#retries?.made ?? 0, () => this.#passHeaders(block, false));
  }

  #passHeaders(block: HeaderBlock, endStream: boolean): void {
    this.commit();
    this.#plan?.terms.settle();
    if (!block.informational) this.responseBegun = true;
    if (endStream) this.#completeAttempt();
    this.#sendHeaders(block, endStream);
    if (endStream) this.finishResponse();
  }

  #sendHeaders(block: HeaderBlock, endStream: boolean): void {
    const { policy } = this.#routed;
    const fields =
      policy === undefined || block.informational
        ? block.fields
        : policy.changeResponse(block.fields, this.#hash);
    this.downstream.connection.sendHeaders(
      this.stream,
      endStream ? this.lastFields(fields) : fields,
      endStream,
    );
  }

  /** Takes the attempt off the books. */
  #releaseAttempt(failed: boolean): void {
    const attempt = this.attempt!;
    this.attempt = undefined;
    attempt.release(failed);
    this.#plan?.terms.end();
  }

  /** The endpoint has answered in full. */
  #completeAttempt(): void {
    const attempt = this.attempt!;
    this.responseEnded = true;
    this.grpcStatus = attempt.grpcStatus;
    attempt.reportAnswer();
    this.#retries?.end();
    this.#releaseAttempt(attempt.hasBadAnswer);
    // The call is over though the request isn't: nobody waits for the rest of it.
    if (!attempt.stream!.localEnded) attempt.cancel();
    this.dropBody();
  }

  protected override abandonAttempt(): void {
    this.#retries?.end();
    const { attempt } = this;
    this.attempt = undefined;
    attempt?.giveUp();
    this.hedges?.giveUp();
    this.hedges = undefined;
    this.#plan?.terms.end();
  }

  /** The time of the call is up. */
  #onExpired(deadline: Deadline): void {
    if (this.responseEnded || this.finished) return;
    if (deadline.timer !== 'grpc-timeout') {
      this.attempt?.reportTimeout();
      this.hedges?.reportTimeout();
    }
    this.abandonAttempt();
    this.failExpired(deadline);
  }

  /** The attempt's own time is up. */
  #onAttemptExpired(deadline: Deadline): void {
    const { attempt } = this;
    if (attempt === undefined) return;
    if (deadline.timer === 'per-try-idle-timeout' && (this.callerIsBehind || !this.requestEnded))
      return this.#plan!.terms.restartIdle();
    this.#releaseAttempt(true);
    attempt.reportTimeout();
    attempt.cancel();
    const grpcStatus = isGrpc(this.request) ? DEADLINE_EXCEEDED : undefined;
    if (this.#retryFailure({ kind: 'per-try-timeout', grpcStatus }, attempt.host)) return;
    this.failExpired(deadline);
  }

  failExpired(deadline: Deadline): void {
    this.context.counters.repliesDeadline++;
    this.fail(DEADLINE_EXCEEDED, describeExpiry(deadline, this.#routed.decision as ForwardDecision));
  }

  protected override finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.#plan?.end();
    this.#delay?.cancel();
    this.#retries?.end();
    this.endRequest();
    this.dropBacklog();
    const status = this.grpcStatus === NO_STATUS ? GRPC_STATUS_NONE : this.grpcStatus;
    const durationMs = this.context.clock.nowMs() - this.#startedMs;
    this.#routed.metrics.record(this.#lastHost?.endpoint, status, durationMs);
  }
}
