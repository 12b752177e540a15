import {
  type Clock,
  type Deadline,
  type ForwardDecision,
  type HedgingPolicy,
  remainingMs,
  type RetryPolicy,
  type Timer,
} from '@weir/core';
import { isGrpc } from '../../grpc/content-type.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import { AttemptTerms } from './attempt-terms.js';
import { deadlineOf } from './call-deadline.js';
import type { RelayContext } from './relay-context.js';

/**
 * What a route says about the time and the attempts of one call, while the call lasts. Most routes say
 * nothing, and their calls have none of it.
 */
export class CallPolicy {
  /** What is worth another attempt after a failure; a hedged call has other attempts instead. */
  readonly retry: RetryPolicy | undefined;
  /** Only for gRPC: whether an answer is good stands in its status. */
  readonly hedging: HedgingPolicy | undefined;
  /** When the call must be over. */
  readonly deadline: Deadline | undefined;
  /** Of the attempt of the moment; hedged ones have their own. */
  readonly terms: AttemptTerms;
  /** The request was longer than what is kept of it when the response began. */
  tooLong = false;
  readonly #clock: Clock;
  readonly #grpc: boolean;
  /** The endpoint is told what is left, and not what the caller wrote. */
  readonly #tellsTime: boolean;
  #timer: Timer | undefined = undefined;

  constructor(
    { clock, options }: RelayContext,
    request: HeaderBlock,
    decision: ForwardDecision,
    arrivedMs: number,
  ) {
    this.#clock = clock;
    this.#grpc = isGrpc(request);
    const mayRepeat = this.#grpc && decision.retry?.idempotent !== false;
    this.hedging = mayRepeat ? decision.hedging : undefined;
    this.retry = this.hedging === undefined ? decision.retry : undefined;
    this.deadline = deadlineOf(request, decision, arrivedMs);
    this.#tellsTime = limitsTime(decision) || (decision.retry?.perTryTimeoutMs ?? 0) !== 0;
    this.terms = new AttemptTerms(clock, options);
  }

  /** @param onExpired - called when the call's time is up, unless it ended before */
  start(onExpired: (deadline: Deadline) => void): void {
    const { deadline } = this;
    if (deadline === undefined) return;
    this.#timer = this.#clock.setTimer(remainingMs(deadline, this.#clock.nowMs()), () => onExpired(deadline));
  }

  /** What an attempt may take from now on, in milliseconds; `Infinity` when there is nothing to be said of it. */
  leftToTell(isRetry: boolean, terms: AttemptTerms = this.terms): number {
    return this.#tellsTime || isRetry ? terms.leftMs : Infinity;
  }

  /**
   * Holds the headers of a response back if they leave open whether there is to be a retry.
   *
   * @param retries - made so far
   * @param onOverdue - called when they have to be passed on, be the call worth a retry or not
   */
  hold(block: HeaderBlock, retries: number, onOverdue: () => void): boolean {
    return this.#grpc && retries < (this.retry?.maxRetries ?? 0) && this.terms.hold(block, onOverdue);
  }

  end(): void {
    this.#timer?.cancel();
    this.terms.end();
  }
}

/** The policy for a call; `undefined` when its route says nothing. */
export function callPolicy(
  context: RelayContext,
  request: HeaderBlock,
  decision: ForwardDecision,
  arrivedMs: number,
): CallPolicy | undefined {
  const { retry, hedging } = decision;
  if (retry === undefined && hedging === undefined && !limitsTime(decision)) return undefined;
  return new CallPolicy(context, request, decision, arrivedMs);
}

function limitsTime({ timeoutMs, maxGrpcTimeoutMs, maxStreamDurationMs }: ForwardDecision): boolean {
  return timeoutMs !== 0 || maxGrpcTimeoutMs !== 0 || maxStreamDurationMs !== 0;
}
