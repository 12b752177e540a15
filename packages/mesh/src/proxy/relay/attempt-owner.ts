import type { HeaderBlock } from '../../http2/header-block.js';
import type { AttemptFailure } from './attempt-failure.js';
import type { Attempt } from './attempt.js';

/** Whoever made an attempt is told what becomes of it. */
export interface AttemptOwner {
  /** A connection has room: the request is to be sent on it. */
  onConnection(attempt: Attempt): void;
  onUpstreamSendable(attempt: Attempt): void;
  /** A response's headers, or 1xx before them. */
  onResponseHeaders(attempt: Attempt, block: HeaderBlock, endStream: boolean): void;
  onResponseData(attempt: Attempt, chunk: Buffer, start: number, end: number, endStream: boolean): void;
  onResponseTrailers(attempt: Attempt, trailers: HeaderBlock): void;
  /** The attempt is over without a whole response. */
  onAttemptFailed(attempt: Attempt, failure: AttemptFailure): void;
}
