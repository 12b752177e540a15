import { parseDurationMs } from '../../../kube/resources/duration.js';
import type { Duration } from '../../../xds/generated/google.protobuf.js';

/** A length of time as it stands in a validated object, `300ms`, as a protobuf Duration. */
export function durationOf(text: string): Duration {
  return durationOfMs(parseDurationMs(text) ?? 0);
}

export function durationOfMs(lengthMs: number): Duration {
  const seconds = Math.floor(lengthMs / 1000);
  const nanos = Math.round((lengthMs - seconds * 1000) * 1_000_000);
  return nanos === 0 ? { seconds } : { seconds, nanos };
}
