import { type AnsweredAttempt, type AttemptOutcome, grpcToHttpStatus, type RetryPolicy } from '@weir/core';
import { NO_STATUS, OK, RESOURCE_EXHAUSTED } from '../../grpc/status.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import { type AttemptFailure, statusOf } from './attempt-failure.js';

/** An attempt that ended without an answer, as retry policies see it. */
export function failedOutcome(failure: AttemptFailure, grpc: boolean): AttemptOutcome {
  return { kind: outcomeKind(failure), grpcStatus: grpc ? statusOf(failure) : undefined };
}

function outcomeKind({ kind }: AttemptFailure) {
  switch (kind) {
    case 'connect':
      return 'connect-failure';
    case 'refused':
      return 'refused-stream';
    case 'unsent':
    case 'goaway':
    case 'overflow':
      return kind;
    default:
      return 'reset';
  }
}

const SERVER_ERROR = 500;

/**
 * Whether an answer speaks against the endpoint rather than the request: a gRPC status that stands for a server's
 * error, or that it has no room (Linkerd's load biaser), or HTTP 5xx.
 */
export function isBadAnswer(httpStatus: string, grpcStatus: number): boolean {
  if (grpcStatus === NO_STATUS) return Number(httpStatus) >= SERVER_ERROR;
  return grpcStatus === RESOURCE_EXHAUSTED || grpcToHttpStatus(grpcStatus) >= SERVER_ERROR;
}

/** Most answers are no failure by anybody's rules. */
export function isSuccess(
  httpStatus: string,
  grpcStatus: number,
  { retriableHeaders }: RetryPolicy,
): boolean {
  return (
    httpStatus === '200' &&
    (grpcStatus === OK || grpcStatus === NO_STATUS) &&
    (retriableHeaders === undefined || retriableHeaders.length === 0)
  );
}

/** The answer of an endpoint, as far as it has come. */
export class Answered implements AnsweredAttempt {
  readonly kind = 'answered';
  readonly httpStatus: number;
  readonly grpcStatus: number | undefined;
  readonly #headers: HeaderBlock | undefined;
  readonly #trailers: HeaderBlock | undefined;

  /** @param grpcStatus - `NO_STATUS` when there was none */
  constructor(
    httpStatus: string,
    grpcStatus: number,
    headers: HeaderBlock | undefined,
    trailers: HeaderBlock | undefined,
  ) {
    this.httpStatus = Number(httpStatus);
    this.grpcStatus = grpcStatus === NO_STATUS ? undefined : grpcStatus;
    this.#headers = headers;
    this.#trailers = trailers;
  }

  header(name: string): string | undefined {
    return this.#headers?.get(name) ?? this.#trailers?.get(name);
  }
}
