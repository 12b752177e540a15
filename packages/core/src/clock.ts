/**
 * The only door to time. Everything that measures or waits takes a `Clock` as an argument, so that a
 * test can turn the hands itself.
 */
export interface Clock {
  /** Monotonic time in milliseconds, with fractions; its zero means nothing. */
  nowMs(): number;
  /** Wall-clock time in milliseconds since the Unix epoch; for people, never for measuring. */
  wallMs(): number;
  /** Calls `fire` once, no sooner than `delayMs` from now, unless cancelled. */
  setTimer(delayMs: number, fire: () => void): Timer;
}

export interface Timer {
  /** Stops the timer; does nothing when it has fired or was cancelled before. */
  cancel(): void;
}
