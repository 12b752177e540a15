import type { HeaderBlock } from '../../http2/header-block.js';
import type { AttemptFailure } from '../relay/attempt-failure.js';

/** What a stream to an endpoint is for, the attempt of a request or a probe; it is told what comes of it. */
export interface UpstreamCall {
  /** A response's headers, or 1xx before them. */
  onHeaders(block: HeaderBlock, endStream: boolean): void;
  onData(chunk: Buffer, start: number, end: number, endStream: boolean): void;
  onTrailers(trailers: HeaderBlock): void;
  /** The stream, which had not taken all, can take more. */
  onSendable(): void;
  /** It is over without a whole response. */
  onFailed(failure: AttemptFailure): void;
}
