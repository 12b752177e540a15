import type { LimitHits } from './limit-hits.js';
import type { RequestMetrics } from './request-metrics.js';
import type { TrafficCounters } from './traffic-counters.js';

/** Outbound: from the application to services. Inbound: from callers to the application. */
export const DIRECTIONS = ['outbound', 'inbound'] as const;

export type Direction = (typeof DIRECTIONS)[number];

export type ByDirection<T> = Readonly<Record<Direction, T>>;

/** What one direction of the proxy's traffic has counted. */
export interface TrafficCounts {
  readonly requests: RequestMetrics;
  readonly traffic: TrafficCounters;
  readonly limits: LimitHits;
}

/** Calls `visit` with each direction and its part of `all`. */
export function eachDirection<T>(
  all: ByDirection<T>,
  visit: (part: T, label: { readonly direction: Direction }) => void,
): void {
  for (const direction of DIRECTIONS) visit(all[direction], { direction });
}
