import { InvalidArgumentError } from 'commander';

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** The longest delay a Node.js timer holds. */
const MAX_DURATION_MS = 2 ** 31 - 1;

/**
 * Reads a length of time as Kubernetes and Istio write it: `250ms`, `30s`, `1.5m`, `1h30m`. A bare `0` is
 * allowed.
 *
 * @returns milliseconds, rounded; at most 2^31 - 1 (24 days).
 * @throws InvalidArgumentError that says what is wrong, so that it can serve as a commander option parser.
 */
export function parseDurationMs(text: string): number {
  if (text === '0') return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) {
    throw new InvalidArgumentError(`'${text}' is not a duration, such as 250ms, 30s or 5m.`);
  }
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    totalMs += Number(amount) * (MS_PER_UNIT[unit ?? ''] ?? Number.NaN);
  }
  if (totalMs > MAX_DURATION_MS) throw new InvalidArgumentError(`'${text}' is longer than 24 days.`);
  return Math.round(totalMs);
}
