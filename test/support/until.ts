import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until `condition` holds, looking every 10 ms.
 * Throws after `timeoutMs` with `what` and whatever the condition threw last.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 5_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  let reason: unknown;
  for (;;) {
    try {
      if (await condition()) return;
      reason = undefined;
    } catch (error) {
      reason = error;
    }
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: reason });
    await sleep(10);
  }
}
