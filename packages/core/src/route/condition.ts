import type { RouteRequest } from './request.js';

/**
 * One thing that must hold for a route to be taken. Deciding asks `holds`; explaining asks the same and then,
 * of the first condition that did not hold, for the words.
 */
export interface Condition {
  holds(request: RouteRequest): boolean;
  /** What is looked at: `path`, `header version`. */
  readonly subject: string;
  /** What it must do: `must be "v1"`. */
  readonly requirement: string;
  /** What it is: `is "v2"`, `is missing`. */
  actual(request: RouteRequest): string;
}

/**
 * Index of the first condition that does not hold; -1 when all do.
 *
 * @param from those before it are known to hold
 */
export function firstFailing(conditions: readonly Condition[], request: RouteRequest, from = 0): number {
  for (let index = from; index < conditions.length; index++) {
    if (!conditions[index]!.holds(request)) return index;
  }
  return -1;
}
