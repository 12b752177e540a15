import type { Http2Connection } from '../../http2/connection.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { SegmentPool } from '../../http2/segment-pool.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { UpstreamCall } from '../upstream/upstream-call.js';
import { BodyQueue } from './body-queue.js';
import type { CreditGate } from './credit-gate.js';
import type { StreamOwner } from './stream-owner.js';

/** What a caller's stream could not take yet of its response. Made only for callers that fall behind. */
export class ResponseBacklog {
  readonly #queue: BodyQueue;
  readonly #credit: CreditGate<UpstreamCall>;
  #ended = false;
  #trailers: readonly HeaderField[] | undefined = undefined;

  /** @param credit - of the connection that the response comes by */
  constructor(credit: CreditGate<UpstreamCall>, segments: SegmentPool) {
    this.#queue = new BodyQueue(segments, false);
    this.#credit = credit;
  }

  get isEmpty(): boolean {
    return this.#queue.unsentBytes === 0;
  }

  /** The response is complete, and all of it was sent. */
  get done(): boolean {
    return this.#ended && this.isEmpty;
  }

  push(chunk: Buffer, start: number, end: number): void {
    this.#credit.queued(end - start);
    this.#queue.push(chunk, start, end);
  }

  /** Nothing comes after what is here but these trailers, if there are any. */
  end(trailers: readonly HeaderField[] | undefined): void {
    this.#ended = true;
    this.#trailers = trailers;
  }

  /** Sends what the stream takes; returns how many bytes that were. */
  sendTo(connection: Http2Connection<StreamOwner>, stream: Http2Stream<StreamOwner>): number {
    const sentBytes = this.#queue.sendTo(connection, stream, this.#ended && this.#trailers === undefined);
    this.#credit.released(sentBytes);
    if (this.done && this.#trailers !== undefined) connection.sendHeaders(stream, this.#trailers, true);
    return sentBytes;
  }

  /** Nobody wants the rest. */
  drop(): void {
    this.#credit.released(this.#queue.unsentBytes);
    this.#queue.drop();
  }
}
