import type { Clock, Timer } from '@weir/core';
import type { Answer } from './greeting.js';

/** One finished call; instants are of the clock of its load. */
export interface CallRecord {
  readonly startMs: number;
  readonly endMs: number;
  readonly answer: Answer;
}

const TICK_MS = 20;
/** Each tick starts this many calls at the same time, whether or not earlier ones are still under way. */
const CALLS_PER_TICK = 3;

/**
 * A steady stream of 150 calls per second, some of them at the same time, that remembers what became of each.
 */
export class SteadyLoad {
  readonly #call: () => Promise<Answer>;
  readonly #clock: Clock;
  readonly #records: CallRecord[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #watchers = new Set<(record: CallRecord) => void>();
  #timer: Timer | undefined;
  #stopped = false;

  /** @param call makes one call; must not reject. */
  constructor(call: () => Promise<Answer>, clock: Clock) {
    this.#call = call;
    this.#clock = clock;
  }

  /** Every call that has finished, in the order in which they did. */
  get records(): readonly CallRecord[] {
    return this.#records;
  }

  start(): void {
    if (this.#stopped) return;
    for (let i = 0; i < CALLS_PER_TICK; i++) this.#begin();
    this.#timer = this.#clock.setTimer(TICK_MS, () => this.start());
  }

  /** Starts no more calls and waits for those under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await Promise.all(this.#underWay);
  }

  /** The first call from now on that this pod answers; undefined when there is none within `timeoutMs`. */
  firstAnswerOf(pod: string, timeoutMs: number): Promise<CallRecord | undefined> {
    return new Promise((resolve) => {
      const settle = (record: CallRecord | undefined): void => {
        timer.cancel();
        this.#watchers.delete(watcher);
        resolve(record);
      };
      const timer = this.#clock.setTimer(timeoutMs, () => settle(undefined));
      const watcher = (record: CallRecord): void => {
        if (record.answer.pod === pod) settle(record);
      };
      this.#watchers.add(watcher);
    });
  }

  #begin(): void {
    const startMs = this.#clock.nowMs();
    const done = this.#call().then((answer) => {
      const record = { startMs, endMs: this.#clock.nowMs(), answer };
      this.#records.push(record);
      this.#underWay.delete(done);
      for (const watcher of this.#watchers) watcher(record);
    });
    this.#underWay.add(done);
  }
}
