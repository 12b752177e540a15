import type { Clock, Timer } from '@weir/core';

/**
 * What is waited for, and until when. Filled anew in rounds, each of which ends with `endRound`: what a round
 * does not ask for is no longer waited for.
 */
export class WaitingList {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onOverdue: (what: readonly string[]) => void;
  readonly #dueMs = new Map<string, number>();
  readonly #overdue = new Set<string>();
  #asked = new Set<string>();
  #timer: Timer | undefined;

  /** @param onOverdue called once for everything that has been waited for as long as `timeoutMs` */
  constructor(clock: Clock, timeoutMs: number, onOverdue: (what: readonly string[]) => void) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onOverdue = onOverdue;
  }

  /** Everything waited for in the last round that is not overdue. */
  get current(): readonly string[] {
    return [...this.#dueMs.keys()];
  }

  /** Asks for something in this round; whether it has been waited for long enough to go on without it. */
  overdue(what: string): boolean {
    this.#asked.add(what);
    if (this.#overdue.has(what)) return true;
    if (!this.#dueMs.has(what)) this.#dueMs.set(what, this.#clock.nowMs() + this.#timeoutMs);
    return false;
  }

  endRound(): void {
    for (const what of this.#dueMs.keys()) if (!this.#asked.has(what)) this.#dueMs.delete(what);
    for (const what of this.#overdue) if (!this.#asked.has(what)) this.#overdue.delete(what);
    this.#asked = new Set();
    this.close();
    if (this.#dueMs.size === 0) return;
    const nextMs = Math.min(...this.#dueMs.values());
    this.#timer = this.#clock.setTimer(nextMs - this.#clock.nowMs(), () => this.#fire(nextMs));
  }

  /** Stops the timer. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #fire(nowMs: number): void {
    const due = [...this.#dueMs].filter(([, dueMs]) => dueMs <= nowMs).map(([what]) => what);
    for (const what of due) {
      this.#dueMs.delete(what);
      this.#overdue.add(what);
    }
    this.#onOverdue(due);
  }
}
