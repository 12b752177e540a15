import * as z from 'zod';

const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/**
 * Parses a length of time as Go and Istio write it, `300ms`, `1.5s`, `1h30m`, into milliseconds.
 *
 * @returns undefined when it is none
 */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms|us|µs|ns|m|s))+$/.test(text)) return undefined;
  let sumMs = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)/g))
    sumMs += Number(amount) * (UNIT_MS[unit] ?? 0);
  return sumMs;
}

export interface DurationLimits {
  /** The shortest allowed, in milliseconds; default 1, as in Istio. 0 allows `0s`, "none". */
  readonly minMs?: number;
}

/** A field that holds a length of time; its value stays the text. */
export function duration({ minMs = 1 }: DurationLimits = {}): z.ZodString {
  return z.string().superRefine((text, context) => {
    const lengthMs = parseDurationMs(text);
    if (lengthMs === undefined) {
      const hint = /^\d+$/.test(text)
        ? `add a unit: ${JSON.stringify(`${text}s`)}`
        : 'write it as 300ms, 5s or 1h30m';
      context.addIssue({
        code: 'custom',
        message: `${JSON.stringify(text)} is not a length of time; ${hint}`,
      });
    } else if (lengthMs < minMs) {
      context.addIssue({
        code: 'custom',
        message: `must be at least ${minMs}ms, is ${JSON.stringify(text)}`,
      });
    }
  });
}
