import type { Clock, Timer } from '@weir/core';

export interface PushScheduleOptions {
  readonly clock: Clock;
  readonly push: () => void;
  /** How long additions are gathered, in milliseconds, counted from the first; default 50. */
  readonly gatherMs?: number;
}

/**
 * When to push. What takes something out of use goes out at once, and takes along whatever was waiting; what
 * only adds waits a moment for more of its kind, as when a Deployment starts ten pods. The wait is not
 * renewed by later changes, so it has an end.
 */
export class PushSchedule {
  readonly #clock: Clock;
  readonly #push: () => void;
  readonly #gatherMs: number;
  #timer: Timer | undefined;

  constructor({ clock, push, gatherMs = 50 }: PushScheduleOptions) {
    this.#clock = clock;
    this.#push = push;
    this.#gatherMs = gatherMs;
  }

  now(): void {
    this.stop();
    this.#push();
  }

  soon(): void {
    this.#timer ??= this.#clock.setTimer(this.#gatherMs, () => {
      this.#timer = undefined;
      this.#push();
    });
  }

  /** Forgets a push that is waiting. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
