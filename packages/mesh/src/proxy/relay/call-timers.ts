import type { Clock, Timer } from '@weir/core';

/**
 * A clock for timers that come with every call and hardly ever fire, such as deadlines: setting and cancelling one
 * costs a place in a list. Those of one length, in whole milliseconds, wait in one list, in the order in which they
 * were set, and for each list there is one timer of the machine's. They fire up to a millisecond later than that.
 */
export class CallTimers implements Clock {
  readonly #clock: Clock;
  readonly #lists = new Map<number, TimerList>();

  /** @param clock - the machine's */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many lists there are. */
  get lists(): number {
    return this.#lists.size;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const lengthMs = Math.ceil(delayMs);
    let list = this.#lists.get(lengthMs);
    if (list === undefined) {
      list = new TimerList(this.#clock, () => this.#lists.delete(lengthMs));
      this.#lists.set(lengthMs, list);
    }
    return list.append(delayMs, fire);
  }
}

class CallTimer implements Timer {
  readonly list: TimerList;
  readonly dueMs: number;
  /** `undefined`: it has fired, or was cancelled. */
  fire: (() => void) | undefined;
  before: CallTimer | undefined = undefined;
  after: CallTimer | undefined = undefined;

  constructor(list: TimerList, dueMs: number, fire: () => void) {
    this.list = list;
    this.dueMs = dueMs;
    this.fire = fire;
  }

  cancel(): void {
    if (this.fire !== undefined) this.list.remove(this);
  }
}

class TimerList {
  readonly #clock: Clock;
  readonly #onEmpty: () => void;
  #first: CallTimer | undefined = undefined;
  #last: CallTimer | undefined = undefined;
  #waiting = false;

  /** @param onEmpty - called when its time was up and nobody waited any more */
  constructor(clock: Clock, onEmpty: () => void) {
    this.#clock = clock;
    this.#onEmpty = onEmpty;
  }

  append(delayMs: number, fire: () => void): CallTimer {
    const timer = new CallTimer(this, this.#clock.nowMs() + delayMs, fire);
    const last = this.#last;
    timer.before = last;
    if (last === undefined) this.#first = timer;
    else last.after = timer;
    this.#last = timer;
    if (!this.#waiting) this.#wait(delayMs);
    return timer;
  }

  remove(timer: CallTimer): void {
    const { before, after } = timer;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    timer.before = undefined;
    timer.after = undefined;
    timer.fire = undefined;
  }

  /** One that was cancelled meanwhile is waited for all the same: there will be others. */
  #wait(delayMs: number): void {
    this.#waiting = true;
    this.#clock.setTimer(delayMs, () => this.#fireDue());
  }

  #fireDue(): void {
    const nowMs = this.#clock.nowMs();
    try {
      for (let timer = this.#first; timer !== undefined && timer.dueMs <= nowMs; timer = this.#first) {
        const { fire } = timer;
        this.remove(timer);
        fire?.();
      }
    } finally {
      this.#waiting = false;
      if (this.#first === undefined) this.#onEmpty();
      else this.#wait(Math.max(0, this.#first.dueMs - nowMs));
    }
  }
}
