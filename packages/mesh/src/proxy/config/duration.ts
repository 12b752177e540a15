import type { Duration } from '../../xds/generated/google.protobuf.js';

/** A protobuf Duration in milliseconds, with fractions. */
export function durationMs(duration: Duration): number {
  return (duration.seconds ?? 0) * 1000 + (duration.nanos ?? 0) / 1e6;
}
