import type { EndpointStats } from '../endpoint/endpoint-stats.js';
import type { Moment } from './moment.js';

const FAILURE_FADE_MS = 10_000;
/** A host that has missed so many turns is judged without its failures, or it could never mend its name. */
const MISSED_TURNS = 10;
const STARVATION_MS = 1_000;
/** Who fails this share of its requests comes after everybody else. */
const FAILING_SHARE = 0.5;

/** A host with what it says of its load; replaced in place. */
export class Candidate {
  requestsInFlight = 0;
  /** What a request there is expected to take, its failures included. */
  latencyMs = 0.5;
  /** Whether its requests in flight are among the highest of all hosts. */
  isHot = false;
  /** Whether its latency is well above the least of the cold hosts. */
  isSlow = false;
  isFailing = false;

  /** Takes its failures into account: each is a latency of `penaltyMs`. */
  addFailures(share: number, penaltyMs: number): void {
    this.latencyMs += share * Math.max(0, penaltyMs - this.latencyMs);
    this.isFailing = share >= FAILING_SHARE;
  }
}

/**
 * Prequal's rule: a cold host before a hot one, of the cold ones that with the least latency, of the hot ones
 * that with the fewest requests in flight. Before all that, one that works before one that fails.
 *
 * Of cold ones whose latency is about the same, that with the fewest requests in flight.
 */
export function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.isFailing !== b.isFailing) return b.isFailing;
  if (a.isHot !== b.isHot) return b.isHot;
  if (!a.isHot && a.isSlow !== b.isSlow) return b.isSlow;
  const goesByRequests = a.isHot || !a.isSlow;
  if (goesByRequests && a.requestsInFlight !== b.requestsInFlight) {
    return a.requestsInFlight < b.requestsInFlight;
  }
  if (a.latencyMs !== b.latencyMs) return a.latencyMs < b.latencyMs;
  return a.requestsInFlight < b.requestsInFlight;
}

/** Share of a host's failures that still counts at this time; `turns` is how many picks give everybody one. */
export function failureShareOf(
  stats: EndpointStats,
  { nowMs }: Moment,
  picks: number,
  turns: number,
): number {
  const { results } = stats;
  if (results === undefined || results.failed === 0) return 0;
  if (picks - stats.lastPick > MISSED_TURNS * turns && nowMs - stats.lastPickMs > STARVATION_MS) return 0;
  return results.failureShare * Math.exp((results.latestMs - nowMs) / FAILURE_FADE_MS);
}
