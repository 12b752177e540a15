import { errorCodeName } from '../../http2/error-code.js';
import type { AttemptFailure } from './attempt.js';

/** What happened to an attempt, in words for the caller. */
export function describeFailure(failure: AttemptFailure): string {
  switch (failure.kind) {
    case 'connect':
      return `cannot connect: ${failure.message}`;
    case 'unsent':
    case 'lost':
      return `the connection was lost: ${failure.message}`;
    case 'goaway':
      return 'the endpoint is going away';
    case 'refused':
      return 'the endpoint refused the request';
    case 'reset':
      return `the endpoint reset the request: ${errorCodeName(failure.errorCode)}`;
    case 'protocol':
      return `the endpoint broke the HTTP/2 protocol: ${errorCodeName(failure.errorCode)}`;
  }
}
