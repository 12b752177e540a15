import { headerMatches } from '../route/header-condition.js';
import type { AnsweredAttempt, AttemptOutcome, FailedAttempt } from './attempt-outcome.js';
import { DEADLINE_EXCEEDED } from './grpc-code.js';
import type { RetryPolicy } from './retry-policy.js';

/** Whether a policy has an attempt that ended like this made again, attempts and time permitting. */
export function isRetriable(outcome: AttemptOutcome, policy: RetryPolicy): boolean {
  return outcome.kind === 'answered'
    ? isRetriableAnswer(outcome, policy)
    : isRetriableFailure(outcome, policy);
}

/** Envoy `RetryStateImpl::wouldRetryFromHeaders`, with the trailers taken for headers. */
function isRetriableAnswer(answer: AnsweredAttempt, { on, retriableHeaders = [] }: RetryPolicy): boolean {
  const { conditions, grpcCodes, httpStatuses } = on;
  const { httpStatus, grpcStatus } = answer;
  // "x-envoy-ratelimited": another attempt would only meet the same limit.
  if (answer.header('x-envoy-ratelimited') !== undefined) return conditions.has('envoy-ratelimited');
  return (
    (conditions.has('5xx') && httpStatus >= 500 && httpStatus <= 599) ||
    (conditions.has('gateway-error') && httpStatus >= 502 && httpStatus <= 504) ||
    (conditions.has('retriable-4xx') && httpStatus === 409) ||
    httpStatuses.has(httpStatus) ||
    (grpcStatus !== undefined && grpcCodes.has(grpcStatus)) ||
    (conditions.has('retriable-headers') &&
      retriableHeaders.some((matcher) => headerMatches(matcher, (name) => answer.header(name))))
  );
}

/**
 * Envoy `RetryStateImpl::wouldRetryFromReset`: `reset`, `5xx` and `gateway-error` stand for any end without an
 * answer. A gRPC caller would be told a status in its place, so its code counts as well.
 */
function isRetriableFailure({ kind, grpcStatus }: FailedAttempt, { on }: RetryPolicy): boolean {
  const { conditions, grpcCodes } = on;
  if (kind === 'overflow') return false;
  if (conditions.has('reset') || conditions.has('5xx') || conditions.has('gateway-error')) return true;
  switch (kind) {
    case 'connect-failure':
      if (conditions.has('connect-failure') || conditions.has('reset-before-request')) return true;
      break;
    case 'unsent':
      if (conditions.has('reset-before-request')) return true;
      break;
    case 'goaway':
    case 'refused-stream':
      if (conditions.has('refused-stream')) return true;
      break;
    case 'per-try-timeout':
      return grpcStatus !== undefined && grpcCodes.has(DEADLINE_EXCEEDED);
    case 'reset':
  }
  return grpcStatus !== undefined && grpcCodes.has(grpcStatus);
}
