import type { Random } from '../random.js';

export interface BackoffSettings {
  /** Unit of the delay in milliseconds, more than 0 (`RetryBackOff.base_interval`). */
  readonly baseMs: number;
  /** No delay is longer, in milliseconds (`RetryBackOff.max_interval`). */
  readonly capMs: number;
}

/** Envoy's defaults: 25 ms, and ten times that. */
export const defaultBackoff: BackoffSettings = { baseMs: 25, capMs: 250 };

/**
 * How long to wait before a retry, in milliseconds: uniform in [0, min(cap, base * (2^retry - 1))), so that
 * clients which failed together do not come back together (full jitter, as Envoy's
 * `JitteredExponentialBackOffStrategy`).
 *
 * @param retry 1 for the first retry, 2 for the second, and so on
 */
export function backoffDelayMs(retry: number, settings: BackoffSettings, random: Random): number {
  const withoutJitterMs = settings.baseMs * (2 ** retry - 1);
  return random.next() * Math.min(settings.capMs, withoutJitterMs);
}
