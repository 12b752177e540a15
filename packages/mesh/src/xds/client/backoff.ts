import type { Random } from '@weir/core';

const BASE_MS = 500;
const FACTOR = 1.6;
/**
 * With the jitter less than 3 s, within which proxies are current again once a control plane is back. An attempt is one
 * packet that is refused, and what a thousand proxies ask for together is spread over the jitter.
 */
const CAP_MS = 1_750;

/**
 * How long to wait before the next attempt to reach a control plane: 500 ms × 1.6^`failures`, at most 1.75 s, times a
 * number in [0.5, 1.5) so that clients which lost one server together do not come back together.
 *
 * @param failures attempts in a row before this one that never heard from the server; 0 right after a stream that worked
 */
export function reconnectDelayMs(failures: number, random: Random): number {
  return Math.min(CAP_MS, BASE_MS * FACTOR ** failures) * (0.5 + random.next());
}
