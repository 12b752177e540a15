import type { Clock, Timer } from '@weir/core';
import { frameMessage, MessageReader } from '../../grpc/message-framing.js';
import { statusTrailers, trailersOnly } from '../../grpc/status-fields.js';
import { INTERNAL, INVALID_ARGUMENT, UNAVAILABLE } from '../../grpc/status.js';
import { HeaderField } from '../../http2/hpack/header-field.js';
import type { Http2Stream } from '../../http2/stream.js';
import { decodeDuration } from '../../xds/generated/google.protobuf.js';
import { createReader, skip } from '../../xds/wire.js';
import type { DownstreamConnection } from '../relay/downstream-connection.js';
import type { StreamOwner } from '../relay/stream-owner.js';
import type { ApplicationLoad } from './application-load.js';

/** `xds.service.orca.v3.OpenRcaService`: load reports apart from any call (gRFC A51). */
export const LOAD_STREAM_PATH = '/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics';

/** gRFC A51: servers have "a minimum reporting interval"; of those who ask for less, or for nothing, this is it. */
const SHORTEST_INTERVAL_MS = 1000;
/** A request holds an interval and maybe some names. */
const MAX_REQUEST_BYTES = 4096;

const HEADERS = [new HeaderField(':status', '200'), new HeaderField('content-type', 'application/grpc')];

/** One caller that wants the application's load from time to time. */
export class LoadStream implements StreamOwner {
  readonly idleTimeoutMs = 0;
  readonly #downstream: DownstreamConnection;
  readonly #stream: Http2Stream<StreamOwner>;
  readonly #load: ApplicationLoad;
  readonly #clock: Clock;
  readonly #open: Set<LoadStream>;
  readonly #reader = new MessageReader(MAX_REQUEST_BYTES);
  #intervalMs = 0;
  #timer: Timer | undefined = undefined;
  /** What the caller's stream could not take yet of the last report. */
  #rest: Buffer | undefined = undefined;

  /** @param open - those that are under way; it adds and removes itself */
  constructor(
    downstream: DownstreamConnection,
    stream: Http2Stream<StreamOwner>,
    load: ApplicationLoad,
    clock: Clock,
    open: Set<LoadStream>,
  ) {
    this.#downstream = downstream;
    this.#stream = stream;
    this.#load = load;
    this.#clock = clock;
    this.#open = open;
  }

  start(): void {
    this.#open.add(this);
    if (this.#stream.remoteEnded) this.#refuse(INVALID_ARGUMENT, 'the request has no message');
  }

  onRequestData(chunk: Buffer, start: number, end: number, endStream: boolean): void {
    this.#downstream.credit.passed(end - start);
    if (!this.#open.has(this)) return;
    let message: Buffer | undefined;
    try {
      message = this.#reader.push(chunk, start, end)[0];
      if (message !== undefined && this.#intervalMs === 0) this.#begin(readIntervalMs(message));
      else if (endStream && this.#intervalMs === 0)
        this.#refuse(INVALID_ARGUMENT, 'the request has no message');
    } catch (error) {
      this.#refuse(INTERNAL, error instanceof Error ? error.message : String(error));
    }
  }

  onRequestTrailers(): void {}

  onRequestTooLarge(message: string): void {
    this.#refuse(INTERNAL, message);
  }

  onDownstreamReset(): void {
    this.#end();
  }

  onDownstreamSendable(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.#send(rest);
  }

  onOverdue(): void {
    this.#end();
  }

  /** The proxy stops: the caller is to look elsewhere. */
  stop(): void {
    if (this.#intervalMs === 0) return this.#refuse(UNAVAILABLE, 'the proxy stops');
    this.#end();
    if (this.#rest !== undefined) return this.#downstream.connection.resetStream(this.#stream, 0);
    this.#downstream.connection.sendHeaders(
      this.#stream,
      statusTrailers(UNAVAILABLE, 'weir: the proxy stops'),
      true,
    );
  }

  #begin(intervalMs: number): void {
    this.#intervalMs = Math.max(SHORTEST_INTERVAL_MS, intervalMs);
    this.#downstream.connection.sendHeaders(this.#stream, HEADERS, false);
    this.#report();
  }

  #report(): void {
    this.#timer = this.#clock.setTimer(this.#intervalMs, () => this.#report());
    // Who does not take one report gets no other behind it.
    if (this.#rest === undefined) this.#send(frameMessage(this.#load.encode()));
  }

  #send(message: Buffer): void {
    const sentBytes = this.#downstream.connection.sendData(
      this.#stream,
      message,
      0,
      message.length,
      false,
      true,
    );
    if (sentBytes < message.length) this.#rest = message.subarray(sentBytes);
  }

  #refuse(code: number, reason: string): void {
    this.#end();
    const { connection } = this.#downstream;
    const fields =
      this.#intervalMs === 0
        ? trailersOnly(code, `weir: ${reason}`)
        : statusTrailers(code, `weir: ${reason}`);
    connection.sendHeaders(this.#stream, fields, true);
  }

  #end(): void {
    this.#open.delete(this);
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/**
 * `OrcaLoadReportRequest.report_interval`, its first field; 0 when there is none.
 *
 * @throws Error when the bytes are no such message
 */
function readIntervalMs(message: Buffer): number {
  const reader = createReader(message);
  let intervalMs = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag !== 0x0a) {
      skip(reader, tag);
      continue;
    }
    const { seconds = 0, nanos = 0 } = decodeDuration(reader.bytes());
    intervalMs = seconds * 1000 + nanos / 1e6;
  }
  return Number.isFinite(intervalMs) && intervalMs > 0 ? Math.min(intervalMs, 2 ** 31 - 1) : 0;
}
