import {
  attemptDeadline,
  type Clock,
  type Deadline,
  remainingMs,
  type RetryPolicy,
  type Timer,
} from '@weir/core';
import type { HeaderBlock } from '../../http2/header-block.js';
import { HeldHeaders, isHoldable } from './held-headers.js';
import type { RelayOptions } from './relay-options.js';

/** What one attempt at a time may take by its route, and what of its response is held back. */
export class AttemptTerms {
  readonly #clock: Clock;
  readonly #options: RelayOptions;
  #deadline: Deadline | undefined = undefined;
  #timer: Timer | undefined = undefined;
  #idleTimer: Timer | undefined = undefined;
  #idleTimeoutMs = 0;
  #progressMs = 0;
  #onExpired: (deadline: Deadline) => void = () => {};
  #held: HeldHeaders | undefined = undefined;

  constructor(clock: Clock, options: RelayOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * Begins with an attempt.
   *
   * @param call - the call's own deadline, which somebody else waits for
   * @param onExpired - called when the attempt's own time is up, or it has been silent for too long
   */
  start(
    call: Deadline | undefined,
    retry: RetryPolicy | undefined,
    onExpired: (deadline: Deadline) => void,
  ): void {
    const nowMs = this.#clock.nowMs();
    const deadline = attemptDeadline(call, nowMs, retry?.perTryTimeoutMs ?? 0);
    this.#deadline = deadline;
    this.#onExpired = onExpired;
    if (deadline !== undefined && deadline !== call)
      this.#timer = this.#clock.setTimer(remainingMs(deadline, nowMs), () => onExpired(deadline));
    this.#idleTimeoutMs = retry?.perTryIdleTimeoutMs ?? 0;
    if (this.#idleTimeoutMs > 0) this.restartIdle();
  }

  /** Milliseconds that the attempt may take from now on; `Infinity` when there is no deadline. */
  get leftMs(): number {
    return remainingMs(this.#deadline, this.#clock.nowMs());
  }

  /** Something of the response has come. */
  noteProgress(): void {
    if (this.#idleTimeoutMs > 0) this.#progressMs = this.#clock.nowMs();
  }

  /** The attempt is silent for a reason that is not the endpoint's: its time begins anew. */
  restartIdle(): void {
    this.#progressMs = this.#clock.nowMs();
    this.#waitForSilence(this.#idleTimeoutMs);
  }

  /** Headers of a response that are held back. */
  get held(): HeaderBlock | undefined {
    return this.#held?.block;
  }

  /**
   * Holds the headers of a response back if they leave open how the call goes.
   *
   * @param onOverdue - called when they have to be passed on all the same
   */
  hold(block: HeaderBlock, onOverdue: () => void): boolean {
    if (!isHoldable(block, this.#options)) return false;
    this.#held = new HeldHeaders(block, this.#clock, this.#options, onOverdue);
    return true;
  }

  /** Its response is the call's: only silence counts from now on. */
  settle(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#held?.end();
    this.#held = undefined;
  }

  /** The attempt is over. */
  end(): void {
    this.settle();
    this.#idleTimer?.cancel();
    this.#idleTimer = undefined;
  }

  /** One timer waits, and looks when it is over whether anything came meanwhile: bytes come more often than timers are cheap. */
  #waitForSilence(delayMs: number): void {
    this.#idleTimer = this.#clock.setTimer(delayMs, () => {
      const timeoutMs = this.#idleTimeoutMs;
      const atMs = this.#progressMs + timeoutMs;
      const leftMs = atMs - this.#clock.nowMs();
      if (leftMs > 0) this.#waitForSilence(leftMs);
      else this.#onExpired({ atMs, timer: 'per-try-idle-timeout', timeoutMs });
    });
  }
}
