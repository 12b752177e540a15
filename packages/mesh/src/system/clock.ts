import type { Clock, Timer } from '@weir/core';

/** setTimeout turns a longer delay into 1 ms, so longer waits are made of several legs. */
const MAX_LEG_MS = 2 ** 31 - 1;

/**
 * A waiting timer of this clock keeps the process alive: for work that must come to its end, such as
 * draining streams or telling a caller that its deadline has passed.
 */
export const systemClock: Clock = createClock(true);

/**
 * The same clock, but a waiting timer does not keep the process alive: for housekeeping that has no worth
 * of its own, such as reconnect backoff or forgetting the statistics of removed endpoints.
 */
export const backgroundClock: Clock = createClock(false);

function createClock(holdsProcess: boolean): Clock {
  return {
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    setTimer: (delayMs, fire) => new SystemTimer(delayMs, fire, holdsProcess),
  };
}

class SystemTimer implements Timer {
  readonly #dueMs: number;
  readonly #holdsProcess: boolean;
  #fire: (() => void) | undefined;
  #timeout: NodeJS.Timeout;

  constructor(delayMs: number, fire: () => void, holdsProcess: boolean) {
    this.#dueMs = performance.now() + delayMs;
    this.#fire = fire;
    this.#holdsProcess = holdsProcess;
    this.#timeout = this.#startLeg(delayMs);
  }

  cancel(): void {
    this.#fire = undefined;
    clearTimeout(this.#timeout);
  }

  #startLeg(remainingMs: number): NodeJS.Timeout {
    const legMs = Math.min(Math.ceil(remainingMs), MAX_LEG_MS);
    const timeout = setTimeout(() => this.#endLeg(), legMs);
    if (!this.#holdsProcess) timeout.unref();
    return timeout;
  }

  #endLeg(): void {
    // Node counts whole milliseconds from the start of the loop turn and so may wake up a fraction early.
    const remainingMs = this.#dueMs - performance.now();
    if (remainingMs > 0) {
      this.#timeout = this.#startLeg(remainingMs);
      return;
    }
    const fire = this.#fire;
    this.#fire = undefined;
    fire?.();
  }
}
