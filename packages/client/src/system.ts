import { type Clock, type Random, seededRandom } from '@weir/core';

/** The machine's clock. Its timers do not keep the process alive: balancing is no reason to stay. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  setTimer(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Chance, begun somewhere else in each process. */
export function systemRandom(): Random {
  return seededRandom(Math.floor(Math.random() * 2 ** 32));
}

/** Milliseconds since the epoch of an RFC 3339 time; `NaN` when it is none. */
export function parseWallMs(text: string): number {
  return Date.parse(text);
}
