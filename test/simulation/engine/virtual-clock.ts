import type { Clock, Timer } from '@weir/core';

interface VirtualTimer extends Timer {
  fire: (() => void) | undefined;
}

/** A clock whose hands the simulation turns. Its timers are events like all the others. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  readonly #schedule: (atMs: number, timer: number) => void;
  readonly #timers = new Map<number, VirtualTimer>();
  #set = 0;

  /** @param schedule asks for `fire(timer)` to be called at an instant */
  constructor(schedule: (atMs: number, timer: number) => void) {
    this.#schedule = schedule;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_767_225_600_000 + this.#nowMs;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const number = this.#set++;
    const timer: VirtualTimer = { fire, cancel: () => (timer.fire = undefined) };
    this.#timers.set(number, timer);
    this.#schedule(this.#nowMs + Math.max(0, delayMs), number);
    return timer;
  }

  turnTo(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  fire(number: number): void {
    const timer = this.#timers.get(number);
    this.#timers.delete(number);
    timer?.fire?.();
  }
}
