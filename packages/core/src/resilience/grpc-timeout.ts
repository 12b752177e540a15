/** Milliseconds in each unit of `grpc-timeout` (gRPC over HTTP/2, "TimeoutUnit"). */
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * Reads the value of `grpc-timeout`: "TimeoutValue → {positive integer as ASCII string of at most 8 digits}
 * TimeoutUnit".
 *
 * @returns milliseconds, with fractions; `undefined` when the value is malformed
 */
export function parseGrpcTimeout(value: string): number | undefined {
  const digits = value.length - 1;
  const unit = UNITS[value[digits] ?? ''];
  if (unit === undefined || digits < 1 || digits > 8) return undefined;
  let amount = 0;
  for (let index = 0; index < digits; index++) {
    const digit = value.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    amount = amount * 10 + digit;
  }
  return amount * unit;
}

const MOST = 99_999_999;

/**
 * A value of `grpc-timeout` for so many milliseconds, at most 8 digits. Rounded down, since an attempt must
 * not outlast its call, but never to nothing, which would be no timeout to some readers; whole milliseconds
 * where it can be, as they are shorter and repeat more often.
 */
export function formatGrpcTimeout(timeoutMs: number): string {
  if (timeoutMs < 1) return `${Math.max(1, Math.floor(timeoutMs * 1_000))}u`;
  if (timeoutMs < MOST + 1) return `${Math.floor(timeoutMs)}m`;
  const seconds = Math.floor(timeoutMs / 1_000);
  if (seconds <= MOST) return `${seconds}S`;
  const minutes = Math.floor(timeoutMs / 60_000);
  if (minutes <= MOST) return `${minutes}M`;
  return `${Math.min(MOST, Math.floor(timeoutMs / 3_600_000))}H`;
}
