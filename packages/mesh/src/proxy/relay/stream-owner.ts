import type { HeaderBlock } from '../../http2/header-block.js';
import type { StreamDelay } from './connection-watch.js';

/** What takes the request of a caller's stream, and answers it. */
export interface StreamOwner {
  /** Called once, before anything else, when the stream knows its owner. */
  start(): void;
  /** How long nothing may move, in milliseconds; `undefined`: what holds for every stream. */
  readonly idleTimeoutMs: number | undefined;
  onRequestData(chunk: Buffer, start: number, end: number, endStream: boolean): void;
  onRequestTrailers(trailers: HeaderBlock): void;
  /** The caller's trailers are over our limit. */
  onRequestTooLarge(message: string): void;
  /** The caller cancelled, or broke the protocol, or its connection is gone. */
  onDownstreamReset(): void;
  /** The caller's stream, which had not taken all, can take more. */
  onDownstreamSendable(): void;
  /** Nothing has moved for too long. */
  onOverdue(delay: StreamDelay): void;
}
