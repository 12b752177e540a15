import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AttemptOutcome, Caller, Deadline, ForwardDecision, RequestHash, Timer } from '@weir/core';
import { GRPC_STATUS_NONE } from '../../admin/request-metrics.js';
import { splice } from '../../capture/splice.js';
import { NO_STATUS } from '../../grpc/status.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import { HeaderField } from '../../http2/hpack/header-field.js';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import { Attempt } from '../relay/attempt.js';
import { type AttemptFailure, describeFailure } from '../relay/attempt-failure.js';
import { describeExpiry } from '../relay/call-deadline.js';
import { type CallPolicy, callPolicy } from '../relay/call-policy.js';
import { Answered, failedOutcome, isSuccess } from '../relay/outcome.js';
import { passPolicy } from '../relay/pass-policy.js';
import type { RelayContext } from '../relay/relay-context.js';
import { Retries } from '../relay/retries.js';
import { describeNoRoute, type RoutedRequest } from '../relay/router.js';
import { poolOf } from './connections.js';
import { Http1Call } from './http1-call.js';
import { trailerPairs } from './message-fields.js';
import { NO_OWNER } from './no-owner.js';
import { replyAnswer, replyText } from './reply.js';
import { RequestBody } from './request-body.js';
import { requestHead } from './request-head.js';
import { readHttp1Response, writeResponseHead } from './response-head.js';

const SWITCHING_PROTOCOLS = new HeaderField(':status', '101');

/** What came of a caller. */
export interface Http1Request {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** As rules look at it. */
  readonly block: HeaderBlock;
  /** What the caller has sent behind a request that changes the protocol; `undefined` of any other request. */
  readonly upgradeHead: Buffer | undefined;
}

/**
 * One request of HTTP/1 from end to end, by the same rules as those of HTTP/2: policy, balancer, time, retries, books.
 * Every way out leads through `#finish`, and an attempt leaves the books by `#release` alone.
 */
export class Http1Exchange {
  readonly #context: RelayContext;
  readonly #came: Http1Request;
  readonly #routed: RoutedRequest;
  readonly #caller: Caller;
  readonly #body: RequestBody;
  readonly #startedMs: number;
  #request: HeaderBlock;
  #hash: RequestHash | undefined = undefined;
  #delay: Timer | undefined = undefined;
  #plan: CallPolicy | undefined = undefined;
  #retries: Retries | undefined = undefined;
  #cluster: Cluster | undefined = undefined;
  #attempt: Attempt | undefined = undefined;
  #call: Http1Call | undefined = undefined;
  #lastHost: UpstreamHost | undefined = undefined;
  /** The response has begun: there is no other attempt. */
  #committed = false;
  #finished = false;

  constructor(context: RelayContext, came: Http1Request, routed: RoutedRequest, caller: Caller) {
    this.#context = context;
    this.#came = came;
    this.#routed = routed;
    this.#caller = caller;
    this.#request = came.block;
    this.#body = new RequestBody(came.message, context.options.replayBytes);
    this.#startedMs = context.clock.nowMs();
    came.response.on('close', () => this.#finish());
  }

  start(): void {
    const { policy } = this.#routed;
    if (policy === undefined) return this.#forward();
    this.#delay = passPolicy(policy, this.#request, this.#caller, this.#context, (result) => {
      if (result.kind === 'answer') return replyAnswer(this.#came.response, result.answer);
      this.#request = result.request;
      this.#hash = result.hash;
      this.#forward();
    });
  }

  #forward(): void {
    const { decision } = this.#routed;
    const { config, counters, clock, upstreams } = this.#context;
    if (decision.kind !== 'forward') {
      if (!config.configured) return this.#reply(503, `not configured: ${config.reason}`);
      counters.repliesNoRoute++;
      return this.#reply(404, describeNoRoute(this.#routed, this.#request));
    }
    const cluster = config.cluster(decision.cluster);
    if (cluster === undefined) return this.#replyNoEndpoint(`cluster ${decision.cluster} is not known`);
    this.#cluster = cluster;
    const beganMs = this.#delay === undefined ? this.#startedMs : clock.nowMs();
    this.#plan = callPolicy(this.#context, this.#request, decision, beganMs);
    this.#plan?.start((deadline) => this.#onExpired(deadline));
    this.#startAttempt(upstreams.pickReachable(cluster, undefined, this.#hash?.hash));
  }

  // ——— attempts ———

  #startAttempt(host: UpstreamHost | undefined): void {
    const cluster = this.#cluster!;
    const { requests, pendingRequests } = cluster.limits;
    if (host === undefined)
      return this.#replyNoEndpoint(cluster.missing || `no healthy endpoint of ${cluster.name}`);
    if (!requests.tryAcquire())
      return this.#replyOverflow(`${requests.max} requests, the most for ${cluster.name}, are under way`);
    const attempt = new Attempt(NO_OWNER, host, cluster, this.#context.clock);
    this.#attempt = attempt;
    this.#lastHost = host;
    const plan = this.#plan;
    plan?.terms.start(plan.deadline, plan.retry, (deadline) => this.#onAttemptExpired(attempt, deadline));
    const head = requestHead(this.#request, this.#came.message);
    const request = poolOf(this.#context, host, cluster).begin(head);
    if (request === undefined) {
      const message = `${pendingRequests.max} requests, the most for ${cluster.name}, wait for a connection`;
      return this.#onFailed(attempt, { kind: 'overflow', message });
    }
    this.#call = new Http1Call(request, {
      onConnection: () => attempt.reportConnection(),
      onInformation: (status, headers) => this.#onInformation(status, headers),
      onResponse: (message) => this.#onResponse(attempt, message),
      onUpgrade: (message, socket, rest) => this.#onUpgrade(attempt, message, socket, rest),
      onFailed: (failure) => this.#onFailed(attempt, failure),
    });
    this.#body.sendTo(request);
  }

  #onInformation(status: number, headers: Record<string, string | string[] | undefined>): void {
    const { response } = this.#came;
    if (this.#committed || response.req.httpVersion === '1.0') return;
    if (status === 100) response.writeContinue();
    else if (status === 102) response.writeProcessing();
    else if (status === 103 && headers['link'] !== undefined)
      response.writeEarlyHints({ ...headers, link: headers['link'] });
  }

  #onResponse(attempt: Attempt, message: IncomingMessage): void {
    const block = readHttp1Response(message);
    if (block === undefined) {
      this.#call?.cancel();
      return this.#onFailed(attempt, { kind: 'lost', message: 'its response is none that can be passed on' });
    }
    attempt.onHeaders(block, false);
    if (this.#retryAnswer(attempt, block)) return;
    this.#passHead(block, message);
    const terms = this.#plan?.terms;
    if (terms !== undefined) message.on('data', () => terms.noteProgress());
    const { response } = this.#came;
    let ended = false;
    message.on('end', () => {
      ended = true;
      this.#complete(attempt);
      if (message.rawTrailers.length > 0 && response.chunkedEncoding)
        response.addTrailers(trailerPairs(message.rawTrailers));
      response.end();
    });
    message.on('error', () => {});
    message.on('close', () => {
      if (!ended) this.#cutOff(attempt);
    });
    message.pipe(response, { end: false });
  }

  /** The endpoint has answered in full. */
  #complete(attempt: Attempt): void {
    if (this.#attempt !== attempt) return;
    attempt.reportAnswer();
    this.#retries?.end();
    this.#release(attempt, isServerFailure(attempt));
    // Nobody waits for the rest of the request.
    if (this.#call?.request.writableFinished === false) {
      this.#body.stop();
      this.#call.cancel();
    }
  }

  /** The response ends before its end: the caller must see that. */
  #cutOff(attempt: Attempt): void {
    if (this.#attempt !== attempt) return;
    this.#release(attempt, true);
    attempt.reportFailure({ kind: 'lost', message: 'amid the response' });
    this.#came.message.socket.destroy();
  }

  /** Both sides speak something else from now on. */
  #onUpgrade(attempt: Attempt, message: IncomingMessage, target: Socket, rest: Buffer): void {
    const caller = this.#came.message.socket;
    const early = this.#came.upgradeHead;
    if (early === undefined) {
      target.destroy();
      return this.#onFailed(attempt, { kind: 'lost', message: 'it changed the protocol unasked' });
    }
    this.#plan?.end();
    this.#commit();
    attempt.httpStatus = SWITCHING_PROTOCOLS;
    attempt.reportAnswer();
    const { statusMessage, rawHeaders } = message;
    let head = `HTTP/1.1 101 ${statusMessage}\r\n`;
    for (let at = 0; at < rawHeaders.length; at += 2) head += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
    this.#came.response.detachSocket(caller);
    caller.write(`${head}\r\n`, 'latin1');
    if (rest.length > 0) target.unshift(rest);
    this.#context.counters.splicedConnectionsTotal++;
    caller.once('close', () => this.#finish());
    splice(
      caller,
      early,
      target,
      this.#context.clock,
      () => {},
      () => caller.destroy(),
    );
  }

  #onFailed(attempt: Attempt, failure: AttemptFailure): void {
    if (this.#attempt !== attempt) return;
    this.#body.stop();
    this.#release(attempt, true);
    attempt.reportFailure(failure);
    if (this.#planRetry(failedOutcome(failure, false), attempt.host)) return;
    if (failure.kind === 'overflow') return this.#replyOverflow(failure.message);
    if (failure.kind === 'connect') this.#context.counters.repliesConnectFailure++;
    const { pod, address } = attempt.host.endpoint;
    this.#reply(503, `${describeFailure(failure)} (${pod === '' ? address : `${pod} ${address}`})`);
  }

  // ——— retries and time ———

  #retryAnswer(attempt: Attempt, block: HeaderBlock): boolean {
    const policy = this.#plan?.retry;
    const status = block.status!.value;
    if (policy === undefined || isSuccess(status, NO_STATUS, policy)) return false;
    if (!this.#planRetry(new Answered(status, NO_STATUS, block, undefined), attempt.host)) return false;
    attempt.reportAnswer();
    this.#body.stop();
    this.#call?.discard();
    this.#release(attempt, true);
    return true;
  }

  #planRetry(outcome: AttemptOutcome, host: UpstreamHost): boolean {
    const plan = this.#plan;
    const hash = this.#hash?.hash;
    this.#retries ??= new Retries(this.#context, this.#cluster!, plan?.retry, plan?.deadline, hash);
    const obstacle = this.#committed
      ? 'headers_committed'
      : this.#body.replayable
        ? undefined
        : 'buffer_full';
    return this.#retries.plan(outcome, host, obstacle, (next) => this.#startAttempt(next));
  }

  #onExpired(deadline: Deadline): void {
    if (this.#finished) return;
    this.#attempt?.reportTimeout();
    this.#abandon();
    this.#fail(deadline);
  }

  #onAttemptExpired(attempt: Attempt, deadline: Deadline): void {
    if (this.#attempt !== attempt) return;
    // Who waits for the rest of the request, or for its caller, is not at fault.
    const { message, response } = this.#came;
    if (deadline.timer === 'per-try-idle-timeout' && (response.writableNeedDrain || !message.complete))
      return this.#plan!.terms.restartIdle();
    this.#body.stop();
    this.#call?.cancel();
    this.#release(attempt, true);
    attempt.reportTimeout();
    if (this.#planRetry({ kind: 'per-try-timeout', grpcStatus: undefined }, attempt.host)) return;
    this.#fail(deadline);
  }

  #fail(deadline: Deadline): void {
    this.#context.counters.repliesDeadline++;
    this.#reply(504, describeExpiry(deadline, this.#routed.decision as ForwardDecision));
  }

  // ——— the caller's side ———

  #passHead(block: HeaderBlock, message: IncomingMessage): void {
    this.#commit();
    const { response } = this.#came;
    const { policy } = this.#routed;
    const fields = policy === undefined ? block.fields : policy.changeResponse(block.fields, this.#hash);
    writeResponseHead(response, fields, message);
    // With the first of the body, if that has come with it.
    setImmediate(() => {
      if (!response.writableEnded) response.flushHeaders();
    });
  }

  #commit(): void {
    this.#committed = true;
    this.#body.forget();
    this.#plan?.terms.settle();
  }

  #reply(status: number, text: string): void {
    const { response, message } = this.#came;
    if (response.headersSent) message.socket.destroy();
    else replyText(response, status, text);
  }

  #replyNoEndpoint(text: string): void {
    this.#context.counters.repliesNoEndpoint++;
    this.#reply(503, text);
  }

  #replyOverflow(text: string): void {
    this.#context.counters.repliesOverflow++;
    this.#reply(503, text);
  }

  // ——— the end ———

  #release(attempt: Attempt, failed: boolean): void {
    this.#attempt = undefined;
    attempt.release(failed);
    this.#plan?.terms.end();
  }

  #abandon(): void {
    this.#retries?.end();
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    this.#body.stop();
    this.#call?.cancel();
    attempt.givenUp = !this.#committed;
    this.#release(attempt, false);
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#delay?.cancel();
    this.#plan?.end();
    this.#abandon();
    const durationMs = this.#context.clock.nowMs() - this.#startedMs;
    this.#routed.metrics.record(this.#lastHost?.endpoint, GRPC_STATUS_NONE, durationMs);
  }
}

/** What gRPC would call UNAVAILABLE: it is the endpoint that cannot, and not the request. */
function isServerFailure({ httpStatus }: Attempt): boolean {
  const status = Number(httpStatus?.value);
  return status >= 502 && status <= 504;
}
