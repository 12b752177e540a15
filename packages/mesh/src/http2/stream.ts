import type { StreamProgress } from './stream-progress.js';

/**
 * One stream, plain data: the connection changes it, its owner reads it.
 *
 *     idle ── HEADERS sent or received ──► open ── END_STREAM one way ──► half-closed ── the other way ──► closed
 *                                            └───────────── RST_STREAM either way ───────────────────────► closed
 *
 * (RFC 9113 section 5.1; there is no push, so no reserved states.)
 */
export class Http2Stream<Owner> {
  readonly id: number;
  /** What the user of the connection keeps beside the stream: its request. */
  owner: Owner | undefined = undefined;
  /** Bytes we may send; negative after the peer shrank SETTINGS_INITIAL_WINDOW_SIZE (6.9.2). */
  sendWindow: number;
  /** Bytes the peer may still send. */
  receiveWindow: number;
  /** Bytes consumed and not yet given back by WINDOW_UPDATE. */
  unacknowledged = 0;
  /** We have sent END_STREAM. */
  localEnded = false;
  /** The peer has sent END_STREAM. */
  remoteEnded = false;
  /** Nothing moves any more in either direction. */
  closed = false;
  /** The final (not 1xx) header block of the peer has come; the next one is trailers. */
  headersReceived = false;
  /** Octets of DATA still owed by content-length; -1 when nothing was promised. */
  contentRemaining = -1;
  /** We asked by HEAD: the response has no content, whatever its content-length says (client role). */
  expectsNoContent = false;
  /** Whether and for what the sender of DATA waits; the connection's business. */
  waiting = 0;
  /** Octets of DATA sent, and one more for each header block behind the request's; wraps around at 2^31. */
  sentCount = 0;
  /** Octets of DATA that came, padding included; wraps around at 2^31. */
  receivedCount = 0;
  /** What a watch over the stream remembers of it between two looks. */
  progress: StreamProgress | undefined = undefined;
  /** How often the output had been taken when our HEADERS opened the stream (client role). */
  openedBeforeFlush = -1;

  constructor(id: number, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  /** DATA waits for the peer's window or for the socket. */
  get stalled(): boolean {
    return this.waiting !== 0;
  }
}
