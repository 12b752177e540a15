import type { Clock, Timer } from '../clock.js';

/**
 * A clock whose hands move only when told to. Timers fire inside `advance`, each at its own instant, in the
 * order of their instants and, at the same instant, in the order they were set.
 */
export class FakeClock implements Clock {
  #nowMs = 0;
  #set = 0;
  readonly #wallOriginMs: number;
  readonly #timers = new Set<FakeTimer>();

  /** @param wallOriginMs what `wallMs` says at the start; the default is 2026-01-01T00:00:00Z */
  constructor(wallOriginMs = 1_767_225_600_000) {
    this.#wallOriginMs = wallOriginMs;
  }

  /** How many timers are waiting: a test that ends with more than it began with has found a leak. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallOriginMs + this.#nowMs;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    this.#set += 1;
    const timer: FakeTimer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#set, fire };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /**
   * Moves time forward by `ms` and fires what falls due on the way, including timers that a firing timer
   * sets. Callbacks run synchronously; promises they resolve run after the caller's next `await`.
   */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`a clock does not run backwards: advance(${ms})`);
    const untilMs = this.#nowMs + ms;
    for (let timer = this.#nextDue(untilMs); timer !== undefined; timer = this.#nextDue(untilMs)) {
      this.#timers.delete(timer);
      this.#nowMs = timer.dueMs;
      timer.fire();
    }
    this.#nowMs = untilMs;
  }

  #nextDue(untilMs: number): FakeTimer | undefined {
    let next: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > untilMs) continue;
      if (next === undefined || isEarlier(timer, next)) next = timer;
    }
    return next;
  }
}

interface FakeTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly fire: () => void;
}

function isEarlier(a: FakeTimer, b: FakeTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
