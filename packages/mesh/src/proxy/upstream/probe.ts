import type { LoadReport } from '@weir/core';
import { frameMessage } from '../../grpc/message-framing.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { HeaderField } from '../../http2/hpack/header-field.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { UpstreamCall } from './upstream-call.js';
import type { UpstreamConnection } from './upstream-connection.js';

const EMPTY_MESSAGE = frameMessage(new Uint8Array());

/** One question for the load of an endpoint: a unary call of gRPC. */
export class Probe implements UpstreamCall {
  readonly host: UpstreamHost;
  /** When its answer is late, on the clock's `nowMs`. */
  readonly dueMs: number;
  readonly onReply: (report: LoadReport | undefined) => void;
  readonly #onEnd: (probe: Probe, last: HeaderBlock | undefined) => void;
  #connection: UpstreamConnection | undefined = undefined;
  #stream: Http2Stream<UpstreamCall> | undefined = undefined;
  #sentBytes = 0;
  #ended = false;

  /** @param onEnd - called once, with what the answer ended with, or nothing */
  constructor(
    host: UpstreamHost,
    dueMs: number,
    onReply: (report: LoadReport | undefined) => void,
    onEnd: (probe: Probe, last: HeaderBlock | undefined) => void,
  ) {
    this.host = host;
    this.dueMs = dueMs;
    this.onReply = onReply;
    this.#onEnd = onEnd;
  }

  send(connection: UpstreamConnection, fields: readonly HeaderField[]): void {
    this.#connection = connection;
    this.#stream = connection.connection.openStream(fields, false, this);
    this.onSendable();
  }

  onSendable(): void {
    const { length } = EMPTY_MESSAGE;
    this.#sentBytes += this.#connection!.connection.sendData(
      this.#stream!,
      EMPTY_MESSAGE,
      this.#sentBytes,
      length,
      true,
      true,
    );
  }

  onHeaders(block: HeaderBlock, endStream: boolean): void {
    if (endStream) this.#end(block);
  }

  onData(_chunk: Buffer, start: number, end: number, endStream: boolean): void {
    this.#connection!.credit.passed(end - start);
    if (endStream) this.#end(undefined);
  }

  onTrailers(trailers: HeaderBlock): void {
    this.#end(trailers);
  }

  onFailed(): void {
    this.#end(undefined);
  }

  #end(last: HeaderBlock | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd(this, last);
  }
}
