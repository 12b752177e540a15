/** The metadata by which a server says when to come back, if at all (gRFC A6). */
export const RETRY_PUSHBACK_HEADER = 'grpc-retry-pushback-ms';

/** What a server says about the next attempt. */
export type Pushback = 'none' | 'stop' | number;

/**
 * Reads `grpc-retry-pushback-ms`. gRFC A6: "If the value for pushback is negative or unparseable, then it
 * will be seen as the server asking the client not to retry at all"; it is a 32-bit signed integer.
 *
 * @returns milliseconds to wait; `stop` when there must be no further attempt; `none` when the server says
 *   nothing
 */
export function parsePushback(value: string | undefined): Pushback {
  if (value === undefined) return 'none';
  if (!/^\d{1,10}$/.test(value)) return 'stop';
  const delayMs = Number(value);
  return delayMs <= 0x7fff_ffff ? delayMs : 'stop';
}
