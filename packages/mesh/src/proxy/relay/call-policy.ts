import {
  attemptDeadline,
  type Clock,
  type Deadline,
  type ForwardDecision,
  remainingMs,
  type RetryPolicy,
  type Timer,
} from '@weir/core';
import { isGrpc } from '../../grpc/content-type.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import { deadlineOf } from './call-deadline.js';
import { HeldHeaders, isHoldable } from './held-headers.js';
import type { RelayContext } from './relay-context.js';
import type { RelayOptions } from './relay-options.js';

/**
 * What a route says about the time and the attempts of one call, while the call lasts. Most routes say
 * nothing, and their calls have none of it.
 */
export class CallPolicy {
  readonly retry: RetryPolicy | undefined;
  /** When the call must be over. */
  readonly deadline: Deadline | undefined;
  /** The request was longer than what is kept of it when the response began. */
  tooLong = false;
  readonly #clock: Clock;
  readonly #options: RelayOptions;
  readonly #grpc: boolean;
  /** The endpoint is told what is left, and not what the caller wrote. */
  readonly #tellsTime: boolean;
  #timer: Timer | undefined = undefined;
  #attemptDeadline: Deadline | undefined = undefined;
  #attemptTimer: Timer | undefined = undefined;
  #held: HeldHeaders | undefined = undefined;

  constructor(
    { clock, options }: RelayContext,
    request: HeaderBlock,
    decision: ForwardDecision,
    arrivedMs: number,
  ) {
    this.#clock = clock;
    this.#options = options;
    this.#grpc = isGrpc(request);
    this.retry = decision.retry;
    this.deadline = deadlineOf(request, decision, arrivedMs);
    this.#tellsTime = limitsTime(decision) || (decision.retry?.perTryTimeoutMs ?? 0) !== 0;
  }

  /** @param onExpired - called when the call's time is up, unless it ended before */
  start(onExpired: (deadline: Deadline) => void): void {
    const { deadline } = this;
    if (deadline === undefined) return;
    this.#timer = this.#clock.setTimer(remainingMs(deadline, this.#clock.nowMs()), () => onExpired(deadline));
  }

  /** @param onExpired - called when the attempt's own time is up, unless it ended or was answered before */
  startAttempt(onExpired: (deadline: Deadline) => void): void {
    const nowMs = this.#clock.nowMs();
    const deadline = attemptDeadline(this.deadline, nowMs, this.retry?.perTryTimeoutMs ?? 0);
    this.#attemptDeadline = deadline;
    if (deadline === undefined || deadline === this.deadline) return;
    this.#attemptTimer = this.#clock.setTimer(remainingMs(deadline, nowMs), () => onExpired(deadline));
  }

  /** What the attempt may take from now on, in milliseconds; `Infinity` when there is nothing to be said of it. */
  leftToTell(isRetry: boolean): number {
    if (!this.#tellsTime && !isRetry) return Infinity;
    return remainingMs(this.#attemptDeadline, this.#clock.nowMs());
  }

  /** Headers of a response that are held back. */
  get held(): HeaderBlock | undefined {
    return this.#held?.block;
  }

  /**
   * Holds the headers of a response back if they leave open whether there is to be a retry.
   *
   * @param retries - made so far
   * @param onOverdue - called when they have to be passed on, be the call worth a retry or not
   */
  hold(block: HeaderBlock, retries: number, onOverdue: () => void): boolean {
    if (!this.#grpc || retries >= (this.retry?.maxRetries ?? 0) || !isHoldable(block, this.#options))
      return false;
    this.#held = new HeldHeaders(block, this.#clock, this.#options, onOverdue);
    return true;
  }

  /** The attempt is over, or its response is the call's: its own time no longer counts. */
  endAttempt(): void {
    this.#attemptTimer?.cancel();
    this.#attemptTimer = undefined;
    this.#held?.end();
    this.#held = undefined;
  }

  end(): void {
    this.#timer?.cancel();
    this.endAttempt();
  }
}

/** The policy for a call; `undefined` when its route says nothing. */
export function callPolicy(
  context: RelayContext,
  request: HeaderBlock,
  decision: ForwardDecision,
  arrivedMs: number,
): CallPolicy | undefined {
  if (decision.retry === undefined && !limitsTime(decision)) return undefined;
  return new CallPolicy(context, request, decision, arrivedMs);
}

function limitsTime({ timeoutMs, maxGrpcTimeoutMs, maxStreamDurationMs }: ForwardDecision): boolean {
  return timeoutMs !== 0 || maxGrpcTimeoutMs !== 0 || maxStreamDurationMs !== 0;
}
