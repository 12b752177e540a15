import type { Clock, Timer } from '@weir/core';
import type { RelayOptions } from './relay-options.js';

/** Rounds begin at least this often while there is anything to look at. */
const LONGEST_PAUSE_MS = 1000;
const SHORTEST_PAUSE_MS = 10;
/** Rounds in the shortest timeout: it is noticed late by at most this part of itself. */
const ROUNDS_PER_TIMEOUT = 4;

/** Something that may have been waited for too long. */
export interface Patrolled {
  /** Looks whether anything is overdue, and deals with it. */
  look(nowMs: number): void;
}

/**
 * Looks at every connection in rounds: one timer for the whole process instead of one for each stream, and
 * nothing to pay while a request passes. A timeout is noticed late, by a second at most.
 */
export class Patrol {
  readonly #clock: Clock;
  readonly #pauseMs: number;
  readonly #beat = new Set<Patrolled>();
  #timer: Timer | undefined = undefined;

  constructor(clock: Clock, options: RelayOptions) {
    this.#clock = clock;
    const timeouts = [
      options.prefaceTimeoutMs,
      options.settingsAckTimeoutMs,
      options.frameTimeoutMs,
      options.streamIdleTimeoutMs,
      options.windowStallTimeoutMs,
    ];
    const shortestMs = Math.min(...timeouts.filter((timeoutMs) => timeoutMs > 0));
    this.#pauseMs = Math.max(SHORTEST_PAUSE_MS, Math.min(LONGEST_PAUSE_MS, shortestMs / ROUNDS_PER_TIMEOUT));
  }

  /** From now on `patrolled` is looked at, until `leave`. */
  join(patrolled: Patrolled): void {
    this.#beat.add(patrolled);
    this.#timer ??= this.#clock.setTimer(this.#pauseMs, this.#round);
  }

  leave(patrolled: Patrolled): void {
    this.#beat.delete(patrolled);
    if (this.#beat.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  readonly #round = (): void => {
    this.#timer = undefined;
    const nowMs = this.#clock.nowMs();
    for (const patrolled of this.#beat) patrolled.look(nowMs);
    if (this.#beat.size > 0) this.#timer ??= this.#clock.setTimer(this.#pauseMs, this.#round);
  };
}
