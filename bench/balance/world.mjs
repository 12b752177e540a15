import { chance, CLIPPED_MEAN } from './chance.mjs';

export const ENDPOINTS = 8;
export const CALLERS = 2;
/** What an endpoint is entitled to. */
export const CORES = 3;
/** Mean of the work of a request, in milliseconds of one core. */
export const WORK_MS = 60;
export const DEADLINE_MS = 5000;

/** Requests per second that the endpoints are entitled to bear: the load of 1.00. */
export const CAPACITY = (ENDPOINTS * CORES * 1000) / (WORK_MS * CLIPPED_MEAN);

/** How long the neighbours stay as they are. */
export const MOVE_MS = 3000;
/** So many endpoints at a time have neighbours that take from them even what they are entitled to. */
const HOT = 2;
export const HOT_SPEED = 0.6;
/** The others find some of their machines idle, more or less. */
const LEAST_SPEED = 1.2;
const MOST_SPEED = 2.2;

/**
 * The speeds of all endpoints, one list for each `MOVE_MS` of `lengthMs`; the same for the same seed.
 *
 * @param hotSpeed - of those whose neighbours take from them
 */
export function antagonists(seed, lengthMs, hotSpeed = HOT_SPEED) {
  const next = chance(seed);
  return Array.from({ length: Math.ceil(lengthMs / MOVE_MS) }, () => {
    const order = Array.from({ length: ENDPOINTS }, (_, at) => [next(), at]).sort(([a], [b]) => a - b);
    const hot = new Set(order.slice(0, HOT).map(([, at]) => at));
    return Array.from({ length: ENDPOINTS }, (_, at) => {
      const speed = LEAST_SPEED + next() * (MOST_SPEED - LEAST_SPEED);
      return hot.has(at) ? hotSpeed : speed;
    });
  });
}

/** Nobody disturbs. */
export const calm = (_seed, lengthMs) =>
  Array.from({ length: Math.ceil(lengthMs / MOVE_MS) }, () => Array.from({ length: ENDPOINTS }, () => 1));
