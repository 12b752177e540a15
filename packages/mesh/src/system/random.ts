import { randomInt } from 'node:crypto';
import { type Random, seededRandom } from '@weir/core';

/**
 * For picking and jitter, not for secrets: the core's generator, started from the operating system's
 * entropy so that no two proxies walk in step.
 */
export function systemRandom(): Random {
  return seededRandom(randomInt(2 ** 32));
}
