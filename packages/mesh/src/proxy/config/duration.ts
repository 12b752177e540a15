import type { Duration } from '../../xds/generated/google.protobuf.js';
import type { Findings } from './findings.js';

/** A protobuf Duration in milliseconds, with fractions. */
export function durationMs(duration: Duration): number {
  return (duration.seconds ?? 0) * 1000 + (duration.nanos ?? 0) / 1e6;
}

/** A length of time in milliseconds, `undefined` when none is written; an error when it is negative. */
export function readDuration(
  path: string,
  duration: Duration | undefined,
  findings: Findings,
): number | undefined {
  if (duration === undefined) return undefined;
  const lengthMs = durationMs(duration);
  if (lengthMs < 0) findings.error(path, `must not be negative, not ${lengthMs / 1000} s`);
  return lengthMs;
}

/** A length of time that is longer than none, which `undefined` stands for as well. */
export function readPositiveDuration(
  path: string,
  duration: Duration | undefined,
  findings: Findings,
): number | undefined {
  if (duration === undefined) return undefined;
  const lengthMs = durationMs(duration);
  if (!(lengthMs > 0)) findings.error(path, `must be longer than 0 s, not ${lengthMs / 1000} s`);
  return lengthMs;
}
