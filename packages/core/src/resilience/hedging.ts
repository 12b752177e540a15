import type { Pushback } from './retry-pushback.js';

/** Sends a request again before it has failed (gRFC A6, `hedgingPolicy`). */
export interface HedgingPolicy {
  /** Attempts in all, the first included; at least 2. */
  readonly maxAttempts: number;
  /** Milliseconds from one attempt to the next; 0 sends all at once. */
  readonly delayMs: number;
  /**
   * gRPC codes after which the next attempt is sent at once; any other failure ends the call
   * (`nonFatalStatusCodes`).
   */
  readonly nonFatalCodes: ReadonlySet<number>;
}

/** What is to be done after an attempt of a hedged call has failed. */
export type AfterHedgeFailure =
  /** Its status ends the call, and the other attempts with it. */
  | 'end'
  /** The call goes on, with the other attempts and those that `nextAtMs` promises. */
  | 'wait'
  /** Nothing is under way and nothing comes: the failure is the call's answer. */
  | 'exhausted';

/**
 * When the attempts of one call are sent. It keeps the books and no timer: the caller sends an attempt when
 * `nextAtMs` has come and says so. Whoever succeeds first ends the call, which the caller sees for itself.
 */
export class HedgingSchedule {
  readonly #policy: HedgingPolicy;
  #sent = 0;
  #active = 0;
  #nextAtMs: number;

  constructor(policy: HedgingPolicy, nowMs: number) {
    this.#policy = policy;
    this.#nextAtMs = nowMs;
  }

  /** When the next attempt is due, on the clock's `nowMs`; `Infinity` when there is none. */
  get nextAtMs(): number {
    return this.#nextAtMs;
  }

  /** Attempts sent so far: what `grpc-previous-rpc-attempts` of the next one says. */
  get sent(): number {
    return this.#sent;
  }

  /** The attempt that was due is on its way. */
  attemptSent(nowMs: number): void {
    this.#sent += 1;
    this.#active += 1;
    this.#nextAtMs = this.#sent < this.#policy.maxAttempts ? nowMs + this.#policy.delayMs : Infinity;
  }

  /**
   * An attempt has failed. gRFC A6: after a non-fatal status "the next hedged request in line is immediately
   * issued"; a pushback puts it off by that much, and one that says `stop` is the last word on further
   * attempts.
   */
  attemptFailed(code: number, pushback: Pushback, nowMs: number): AfterHedgeFailure {
    if (!this.#policy.nonFatalCodes.has(code)) {
      this.#active -= 1;
      this.stop();
      return 'end';
    }
    if (pushback === 'stop') this.stop();
    return this.#attemptOver(nowMs + (typeof pushback === 'number' ? pushback : 0));
  }

  /** An attempt has used up its own time, which says nothing against the others: never fatal. */
  attemptTimedOut(nowMs: number): AfterHedgeFailure {
    return this.#attemptOver(nowMs);
  }

  /** No further attempt is sent, be it for the budget's sake or as the caller has seen a byte. */
  stop(): void {
    this.#nextAtMs = Infinity;
  }

  #attemptOver(nextAtMs: number): AfterHedgeFailure {
    this.#active -= 1;
    if (this.#nextAtMs !== Infinity) this.#nextAtMs = nextAtMs;
    return this.#active === 0 && this.#nextAtMs === Infinity ? 'exhausted' : 'wait';
  }
}
