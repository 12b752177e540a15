import {
  type AfterHedgeFailure,
  type Deadline,
  type EndpointState,
  type Hash64,
  HedgingSchedule,
  type HedgingPolicy,
  type Pushback,
  type RetryPolicy,
  type Timer,
} from '@weir/core';
import { type HedgeSkipReason, SKIPPED_HEDGES } from '../../admin/traffic-counters.js';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import { AttemptTerms } from './attempt-terms.js';
import { Attempt } from './attempt.js';
import { Hedge } from './hedge.js';
import type { HedgedCall } from './hedged-call.js';
import type { RelayContext } from './relay-context.js';
import { Retries } from './retries.js';

/** How a hedged call ends when no attempt has a good answer. */
type BadEnd = (call: HedgedCall) => void;

export interface HedgingTerms {
  readonly policy: HedgingPolicy;
  /** Of the route: what it says of the time of an attempt counts here as well. */
  readonly retry: RetryPolicy | undefined;
  readonly deadline: Deadline | undefined;
  readonly hash: Hash64 | undefined;
}

/**
 * The attempts of a call that are under way at the same time, until the first good answer makes one of them the
 * call's and ends the others, or a failure ends them all (gRFC A6, hedging).
 */
export class Hedges {
  readonly call: HedgedCall;
  readonly deadline: Deadline | undefined;
  /** Its time per attempt counts; its number of retries does not. */
  readonly perTry: RetryPolicy | undefined;
  readonly #context: RelayContext;
  readonly #cluster: Cluster;
  readonly #hash: Hash64 | undefined;
  readonly #policy: HedgingPolicy;
  readonly #schedule: HedgingSchedule;
  readonly #open = new Set<Hedge>();
  readonly #tried = new Set<EndpointState>();
  #timer: Timer | undefined = undefined;
  #badEnd: BadEnd | undefined = undefined;
  #sending = false;
  #over = false;

  constructor(context: RelayContext, cluster: Cluster, call: HedgedCall, terms: HedgingTerms) {
    this.call = call;
    this.deadline = terms.deadline;
    this.perTry = terms.retry;
    this.#context = context;
    this.#cluster = cluster;
    this.#hash = terms.hash;
    this.#policy = terms.policy;
    this.#schedule = new HedgingSchedule(terms.policy, context.clock.nowMs());
  }

  /** Begins with the first attempt, which `limits.requests` has granted. */
  start(host: UpstreamHost): void {
    this.#sending = true;
    this.#send(host);
    this.#sending = false;
    this.#sendDue();
  }

  /** Sends every attempt what it has not got yet of the request. */
  pump(): void {
    for (const hedge of this.#open) hedge.pump();
  }

  /**
   * The request is getting longer than what is kept of it: the attempt that has most of it is the only one from
   * now on. False when there is none at the moment, so that the request has to be kept.
   */
  commitToOne(): boolean {
    let furthest: Hedge | undefined;
    for (const hedge of this.#open)
      if (hedge.host !== undefined && hedge.sentBytes > (furthest?.sentBytes ?? -1)) furthest = hedge;
    if (furthest === undefined) return false;
    if (this.#schedule.nextAtMs !== Infinity) this.#skip('buffer_full');
    this.#adopt(furthest);
    return true;
  }

  /** Nobody wants the call any more. */
  giveUp(): void {
    this.#finish();
  }

  /** The call's time is up: tells outlier detection of endpoints that have had their share of it. */
  reportTimeout(): void {
    for (const hedge of this.#open) hedge.reportTimeout(this.#policy.delayMs);
  }

  // ——— what attempts need ———

  /** An attempt for a hedge, after `limits.requests` has granted it. */
  makeAttempt(hedge: Hedge, host: UpstreamHost): Attempt {
    this.#tried.add(host);
    const attempt = new Attempt(hedge, host, this.#cluster, this.#context.clock);
    this.call.noteAttempt(attempt);
    return attempt;
  }

  acquire(attempt: Attempt): void {
    this.#context.upstreams.connectionsOf(attempt.host, this.#cluster).acquire(attempt);
  }

  /** Whether one more attempt may be under way. */
  admits(): boolean {
    return this.#cluster.limits.requests.tryAcquire();
  }

  /** Decides about attempts that endpoints did nothing with. */
  retries(): Retries {
    return new Retries(this.#context, this.#cluster, undefined, this.deadline, this.#hash, this.#tried);
  }

  /** The attempt's answer is good. */
  onWon(hedge: Hedge): void {
    if (hedge.number > 0) this.#context.counters.hedgesWon++;
    this.#adopt(hedge);
  }

  /** @param badEnd - how the call ends when there is nothing better */
  onFailed(hedge: Hedge, code: number, pushback: Pushback, badEnd: BadEnd): void {
    const { nextAtMs } = this.#schedule;
    const next = this.#schedule.attemptFailed(code, pushback, this.#context.clock.nowMs());
    if (pushback === 'stop' && next !== 'end' && nextAtMs !== Infinity) this.#count('pushback');
    this.#afterFailure(hedge, next, badEnd);
  }

  onTimedOut(hedge: Hedge, badEnd: BadEnd): void {
    this.#afterFailure(hedge, this.#schedule.attemptTimedOut(this.#context.clock.nowMs()), badEnd);
  }

  #afterFailure(hedge: Hedge, next: AfterHedgeFailure, badEnd: BadEnd): void {
    this.#open.delete(hedge);
    this.#giveBack(hedge);
    if (this.#over) return;
    this.#badEnd = badEnd;
    if (next === 'end') this.#end();
    else this.#sendDue();
  }

  /** Sends the attempts whose time has come, and waits for that of the next. */
  #sendDue(): void {
    // A limit may end an attempt while it is sent.
    if (this.#sending) return;
    this.#sending = true;
    while (!this.#over && this.#schedule.nextAtMs <= this.#context.clock.nowMs()) this.#sendNext();
    this.#sending = false;
    if (this.#over) return;
    const { nextAtMs } = this.#schedule;
    // An attempt that the call does not outlast is waited for in vain.
    const inVain = nextAtMs !== Infinity && nextAtMs >= (this.deadline?.atMs ?? Infinity);
    if (this.#open.size === 0) {
      if (inVain) this.#count('deadline');
      if (inVain || nextAtMs === Infinity) return this.#end();
    }
    this.#timer?.cancel();
    this.#timer =
      nextAtMs === Infinity || inVain
        ? undefined
        : this.#context.clock.setTimer(nextAtMs - this.#context.clock.nowMs(), () => this.#sendDue());
  }

  #sendNext(): void {
    const { limits, retryBudget } = this.#cluster;
    const host = this.#pick();
    if (host === undefined) return this.#skip('no_host');
    if (!limits.retries.tryAcquire()) return this.#skip('max_retries');
    if (!retryBudget.tryStartRetry()) {
      limits.retries.release();
      return this.#skip('budget');
    }
    if (!this.admits()) {
      retryBudget.retryEnded();
      limits.retries.release();
      return this.#skip('max_requests');
    }
    this.#context.counters.hedgesSent++;
    this.#send(host);
  }

  #send(host: UpstreamHost): void {
    const { clock, options } = this.#context;
    const hedge = new Hedge(this, this.#schedule.sent, new AttemptTerms(clock, options));
    this.#schedule.attemptSent(clock.nowMs());
    this.#open.add(hedge);
    hedge.start(host);
  }

  /** A host without an attempt of this call, if there is one; else one whose attempt is over. */
  #pick(): UpstreamHost | undefined {
    const busy = new Set<EndpointState>();
    for (const { host } of this.#open) if (host !== undefined) busy.add(host);
    return this.#context.upstreams.pickBeside(this.#cluster, this.#tried, busy, this.#hash);
  }

  /** No further attempt is made. */
  #skip(reason: HedgeSkipReason): void {
    this.#count(reason);
    this.#schedule.stop();
  }

  #count(reason: HedgeSkipReason): void {
    this.#context.counters[SKIPPED_HEDGES[reason]]++;
  }

  #adopt(hedge: Hedge): void {
    this.#open.delete(hedge);
    this.#finish();
    const { attempt, held } = hedge.settle();
    // It stays what it is counted as until it ends.
    attempt.countsAsRetry = hedge.number > 0;
    this.call.adoptHedge(attempt, hedge.sentBytes, held);
  }

  #end(): void {
    this.#finish();
    this.#badEnd!(this.call);
  }

  #finish(): void {
    this.#over = true;
    this.#schedule.stop();
    this.#timer?.cancel();
    // Those that wait for room are the newest: were the older ones ended first, an endpoint would hear of them.
    for (const hedge of [...this.#open].reverse()) {
      hedge.giveUp();
      this.#giveBack(hedge);
    }
    this.#open.clear();
  }

  #giveBack({ number }: Hedge): void {
    if (number === 0) return;
    this.#cluster.retryBudget.retryEnded();
    this.#cluster.limits.retries.release();
  }
}
