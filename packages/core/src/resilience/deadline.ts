/** The instant by which a call or an attempt must have ended, and whose word that is. */
export interface Deadline {
  /** On the clock's `nowMs`. */
  readonly atMs: number;
  readonly timer: DeadlineTimer;
  /** The timer's length, for people. */
  readonly timeoutMs: number;
}

/**
 * `grpc-timeout` is the caller's; `max-grpc-timeout` the most that a route lets the caller ask for; `timeout`
 * and `max-stream-duration` are the route's; `per-try-timeout` and `per-try-idle-timeout` its retry policy's.
 */
export type DeadlineTimer =
  | 'timeout'
  | 'max-stream-duration'
  | 'max-grpc-timeout'
  | 'grpc-timeout'
  | 'per-try-timeout'
  | 'per-try-idle-timeout';

/** What a route says about time, in milliseconds; 0 means nothing. A `ForwardDecision` is one. */
export interface CallLimits {
  readonly timeoutMs: number;
  readonly maxGrpcTimeoutMs: number;
  readonly maxStreamDurationMs: number;
}

/**
 * The one deadline of a call, whatever becomes of its attempts: the earliest of what the caller and the route
 * ask for, all counted from the arrival of the request. `undefined` when nobody asks for any.
 *
 * @param grpcTimeoutMs the caller's `grpc-timeout`; `Infinity` for a gRPC call without one, which a route's
 *   `maxGrpcTimeoutMs` bounds like one that asks for too much; `undefined` for a call that is not gRPC
 */
export function callDeadline(
  arrivedMs: number,
  limits: CallLimits,
  grpcTimeoutMs: number | undefined,
): Deadline | undefined {
  let timer: DeadlineTimer = 'timeout';
  let timeoutMs = limits.timeoutMs === 0 ? Infinity : limits.timeoutMs;
  if (limits.maxStreamDurationMs !== 0 && limits.maxStreamDurationMs < timeoutMs) {
    timer = 'max-stream-duration';
    timeoutMs = limits.maxStreamDurationMs;
  }
  if (grpcTimeoutMs !== undefined && limits.maxGrpcTimeoutMs !== 0 && limits.maxGrpcTimeoutMs < timeoutMs) {
    timer = 'max-grpc-timeout';
    timeoutMs = limits.maxGrpcTimeoutMs;
  }
  if (grpcTimeoutMs !== undefined && grpcTimeoutMs < timeoutMs) {
    timer = 'grpc-timeout';
    timeoutMs = grpcTimeoutMs;
  }
  return timeoutMs === Infinity ? undefined : { atMs: arrivedMs + timeoutMs, timer, timeoutMs };
}

/**
 * The deadline of an attempt that begins now: the call's, unless the attempt's own comes first.
 *
 * @param perTryTimeoutMs 0 means none
 */
export function attemptDeadline(
  call: Deadline | undefined,
  nowMs: number,
  perTryTimeoutMs: number,
): Deadline | undefined {
  if (perTryTimeoutMs === 0) return call;
  const atMs = nowMs + perTryTimeoutMs;
  if (call !== undefined && call.atMs <= atMs) return call;
  return { atMs, timer: 'per-try-timeout', timeoutMs: perTryTimeoutMs };
}

/** Milliseconds left, at least 0; `Infinity` without a deadline. What an attempt's `grpc-timeout` says. */
export function remainingMs(deadline: Deadline | undefined, nowMs: number): number {
  return deadline === undefined ? Infinity : Math.max(0, deadline.atMs - nowMs);
}
