import { callDeadline, type Deadline, type ForwardDecision, parseGrpcTimeout } from '@weir/core';
import { isGrpc } from '../../grpc/content-type.js';
import type { HeaderBlock } from '../../http2/header-block.js';

/** The deadline of a call by what its caller and its route say; `undefined` when neither says anything. */
export function deadlineOf(
  request: HeaderBlock,
  decision: ForwardDecision,
  arrivedMs: number,
): Deadline | undefined {
  return callDeadline(arrivedMs, decision, isGrpc(request) ? grpcTimeoutOf(request) : undefined);
}

/** A value that nobody understands limits nothing: the endpoint will say what it thinks of it. */
function grpcTimeoutOf(request: HeaderBlock): number {
  const value = request.get('grpc-timeout');
  return (value === undefined ? undefined : parseGrpcTimeout(value)) ?? Infinity;
}

/** What has run out, in words for the caller. */
export function describeExpiry({ timer, timeoutMs }: Deadline, { routeName }: ForwardDecision): string {
  return `the call was not over within ${timeoutMs} ms, ${describeTimer(timer, `route "${routeName}"`)}`;
}

function describeTimer(timer: Deadline['timer'], route: string): string {
  switch (timer) {
    case 'timeout':
      return `the timeout of ${route}`;
    case 'max-stream-duration':
      return `the maximum age of streams of ${route}`;
    case 'max-grpc-timeout':
      return `the longest grpc-timeout that ${route} allows`;
    case 'grpc-timeout':
      return `the caller's own grpc-timeout`;
    case 'per-try-timeout':
      return `the time of each attempt of ${route}`;
    case 'per-try-idle-timeout':
      return `the time that an attempt of ${route} may be silent`;
  }
}
