import { type Deadline, parsePushback, RETRY_PUSHBACK_HEADER } from '@weir/core';
import { grpcCodeOf, NO_STATUS, OK } from '../../grpc/status.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import { type AttemptFailure, statusOf } from './attempt-failure.js';
import type { AttemptOwner } from './attempt-owner.js';
import type { AttemptTerms } from './attempt-terms.js';
import type { Attempt } from './attempt.js';
import type { Hedges } from './hedges.js';
import { failedOutcome } from './outcome.js';
import type { Retries } from './retries.js';

/**
 * One of the attempts of a hedged call, and those made in its place when an endpoint provably did nothing with
 * it. It listens until its answer is known to be good or bad; a good one makes it the call's.
 */
export class Hedge implements AttemptOwner {
  /** How many were sent before it. */
  readonly number: number;
  /** How much of the request's body it has. */
  sentBytes = 0;
  readonly #hedges: Hedges;
  readonly #terms: AttemptTerms;
  #attempt: Attempt | undefined = undefined;
  #retries: Retries | undefined = undefined;

  constructor(hedges: Hedges, number: number, terms: AttemptTerms) {
    this.#hedges = hedges;
    this.number = number;
    this.#terms = terms;
  }

  /** The host that it is at; `undefined` during a pause. */
  get host(): UpstreamHost | undefined {
    return this.#attempt?.host;
  }

  /** Begins at a host, after `limits.requests` has granted it. */
  start(host: UpstreamHost): void {
    const attempt = this.#hedges.makeAttempt(this, host);
    this.#attempt = attempt;
    this.sentBytes = 0;
    const { deadline, perTry } = this.#hedges;
    this.#terms.start(deadline, perTry, (expired) => this.#onExpired(attempt, expired));
    this.#hedges.acquire(attempt);
  }

  /** Sends what it has not got yet of the request. */
  pump(): void {
    const attempt = this.#attempt;
    if (attempt?.stream === undefined || attempt.stream.localEnded) return;
    this.sentBytes = this.#hedges.call.pumpHedge(attempt, this.sentBytes);
  }

  /** Another has won, or nobody wants the call any more. */
  giveUp(): void {
    this.#retries?.end();
    this.#terms.end();
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.giveUp();
  }

  /** Tells outlier detection when the endpoint has had so much time in vain. */
  reportTimeout(atLeastMs: number): void {
    const attempt = this.#attempt;
    if (attempt !== undefined && attempt.latencyMs >= atLeastMs) attempt.reportTimeout();
  }

  /** Lets go of the attempt, which is the call's from now on, and of the headers that were held back. */
  settle(): { readonly attempt: Attempt; readonly held: HeaderBlock | undefined } {
    const { held } = this.#terms;
    this.#terms.end();
    this.#retries?.end();
    const attempt = this.#attempt!;
    this.#attempt = undefined;
    return { attempt, held };
  }

  onConnection(attempt: Attempt): void {
    attempt.reportConnection();
    this.#hedges.call.sendHedge(attempt, this.number, this.#terms);
  }

  onUpstreamSendable(): void {
    this.pump();
  }

  onResponseHeaders(attempt: Attempt, block: HeaderBlock, endStream: boolean): void {
    this.#terms.noteProgress();
    // Nobody knows yet whose response the caller gets.
    if (block.informational) return;
    if (endStream || block.status!.value !== '200' || attempt.grpcStatus !== NO_STATUS)
      return this.#onAnswer(attempt, block, undefined, endStream);
    if (this.#terms.hold(block, () => this.#hedges.onWon(this))) return;
    this.#hedges.onWon(this);
    attempt.owner.onResponseHeaders(attempt, block, false);
  }

  onResponseData(attempt: Attempt, chunk: Buffer, start: number, end: number, endStream: boolean): void {
    this.#terms.noteProgress();
    // Without a byte it says nothing yet.
    if (start === end && !endStream) return;
    this.#hedges.onWon(this);
    attempt.owner.onResponseData(attempt, chunk, start, end, endStream);
  }

  onResponseTrailers(attempt: Attempt, trailers: HeaderBlock): void {
    this.#onAnswer(attempt, this.#terms.held!, trailers, true);
  }

  onAttemptFailed(attempt: Attempt, failure: AttemptFailure): void {
    if (this.#attempt !== attempt) return;
    this.#release(attempt);
    attempt.reportFailure(failure);
    const { host } = attempt;
    const fail = (): void =>
      this.#hedges.onFailed(this, statusOf(failure), 'none', (call) => call.failOf(failure, host));
    const again = (next: UpstreamHost | undefined): void => {
      if (next !== undefined && this.#hedges.admits()) this.start(next);
      else fail();
    };
    this.#retries ??= this.#hedges.retries();
    // What the endpoint has not seen is no failure of the call (gRFC A6, "transparent retries").
    if (!this.#retries.plan(failedOutcome(failure, true), host, undefined, again)) fail();
  }

  /** All of an answer has come that has no message, or enough of it to know that it is not good. */
  #onAnswer(
    attempt: Attempt,
    headers: HeaderBlock,
    trailers: HeaderBlock | undefined,
    complete: boolean,
  ): void {
    const { grpcStatus } = attempt;
    const code = grpcStatus === NO_STATUS ? grpcCodeOf(Number(attempt.httpStatus!.value)) : grpcStatus;
    if (code === OK) {
      this.#hedges.onWon(this);
      if (trailers === undefined) attempt.owner.onResponseHeaders(attempt, headers, complete);
      else attempt.owner.onResponseTrailers(attempt, trailers);
      return;
    }
    this.#release(attempt);
    attempt.reportAnswer();
    // Neither the rest of the request nor of the answer is wanted.
    if (!complete || !attempt.stream!.localEnded) attempt.cancel();
    const pushback = parsePushback((trailers ?? headers).get(RETRY_PUSHBACK_HEADER));
    this.#hedges.onFailed(this, code, pushback, (call) => call.answerWith(attempt, headers, trailers));
  }

  #onExpired(attempt: Attempt, deadline: Deadline): void {
    if (deadline.timer === 'per-try-idle-timeout' && !this.#hedges.call.requestEnded)
      return this.#terms.restartIdle();
    this.#release(attempt);
    attempt.reportTimeout();
    attempt.cancel();
    this.#hedges.onTimedOut(this, (call) => call.failExpired(deadline));
  }

  #release(attempt: Attempt): void {
    this.#attempt = undefined;
    this.#terms.end();
    this.#retries?.end();
    attempt.release(true);
  }
}
