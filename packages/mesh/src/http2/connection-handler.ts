import type { HeaderBlock } from './header-block.js';
import type { Http2Stream } from './stream.js';

/**
 * What a connection tells its user. Calls come from inside `receive`, or from inside the call that caused
 * them; a chunk is valid until the call returns: its buffer is used again for the next bytes.
 */
export interface ConnectionHandler<Owner> {
  /** A request (server role) or a response (client role) has begun; also each 1xx response. */
  onHeaders(stream: Http2Stream<Owner>, block: HeaderBlock, endStream: boolean): void;
  /** The peer's half ended with trailers. */
  onTrailers(stream: Http2Stream<Owner>, block: HeaderBlock): void;
  /**
   * `chunk[start, end)` came. Give the window back with `consume` and `consumeConnection` as it is used;
   * padding was given back already.
   */
  onData(stream: Http2Stream<Owner>, chunk: Buffer, start: number, end: number, endStream: boolean): void;
  /** The peer's header list is over the limit; the stream is open, its fields are lost. Answer or reset it. */
  onHeaderListTooLarge(stream: Http2Stream<Owner>, endStream: boolean): void;
  /**
   * The stream is over before its time: the peer reset it, or the peer broke a rule and we did.
   * REFUSED_STREAM, also given for streams above GOAWAY's last id, means that the peer did nothing with it
   * (RFC 9113 8.7).
   */
  onReset(stream: Http2Stream<Owner>, errorCode: number, byPeer: boolean): void;
  /** Follows every end of a stream, good or bad; the connection has forgotten it. */
  onClosed(stream: Http2Stream<Owner>): void;
  /** The stream, whose `sendData` had not taken everything, can take more. */
  onSendable(stream: Http2Stream<Owner>): void;
  /** The peer's settings changed. */
  onSettings(): void;
  onGoaway(lastStreamId: number, errorCode: number, debugData: string): void;
  /** The answer to our PING. */
  onPong(): void;
  /** Connection error: no further input is read; GOAWAY is in the output. Flush, then drop the socket. */
  onFailure(errorCode: number, message: string): void;
  /**
   * There is output where there was none: call `takeOutput` before the event loop goes to sleep. Or there is so
   * much of it, `FULL_OUTPUT_BYTES`, that it is better taken as soon as `receive` has returned.
   */
  onOutput(): void;
}
