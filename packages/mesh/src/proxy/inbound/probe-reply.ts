import type { Http2Stream } from '../../http2/stream.js';
import type { DownstreamConnection } from '../relay/downstream-connection.js';
import type { StreamOwner } from '../relay/stream-owner.js';
import type { ApplicationLoad } from './application-load.js';

/** Answers one probe in the application's place, from memory, as soon as the request is whole. */
export class ProbeReply implements StreamOwner {
  readonly idleTimeoutMs = undefined;
  readonly #downstream: DownstreamConnection;
  readonly #stream: Http2Stream<StreamOwner>;
  readonly #load: ApplicationLoad;
  readonly #whole: boolean;

  /** @param whole - nothing more comes of the request */
  constructor(
    downstream: DownstreamConnection,
    stream: Http2Stream<StreamOwner>,
    load: ApplicationLoad,
    whole: boolean,
  ) {
    this.#downstream = downstream;
    this.#stream = stream;
    this.#load = load;
    this.#whole = whole;
  }

  start(): void {
    if (this.#whole) this.#reply();
  }

  onRequestData(_chunk: Buffer, start: number, end: number, endStream: boolean): void {
    // Its own window stays as it is: there is one message, and it is empty.
    this.#downstream.credit.passed(end - start);
    if (endStream) this.#reply();
  }

  onRequestTrailers(): void {
    this.#reply();
  }

  onRequestTooLarge(): void {
    this.#reply();
  }

  onDownstreamReset(): void {}

  onDownstreamSendable(): void {}

  onOverdue(): void {}

  #reply(): void {
    this.#downstream.connection.sendHeaders(this.#stream, this.#load.probeReply, true);
  }
}
