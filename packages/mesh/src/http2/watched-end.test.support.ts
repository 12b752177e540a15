import { Http2Connection, type ConnectionRole } from './connection.js';
import type { ConnectionHandler } from './connection-handler.js';
import type { HeaderBlock } from './header-block.js';
import { FieldInterner } from './hpack/header-field.js';
import { DEFAULT_CONNECTION_OPTIONS, type ConnectionOptions } from './options.js';
import { FULL_OUTPUT_BYTES } from './output-buffer.js';
import { SegmentPool } from './segment-pool.js';
import type { Http2Stream } from './stream.js';

/** @throws when a promise of the engine is broken */
function promised(kept: boolean, promise: string): void {
  if (!kept) throw new Error(`broken promise: ${promise}`);
}

/** What one end knows of one stream. */
export class Call {
  readonly received: Buffer[] = [];
  headers = 0;
  ended = false;
  reset = false;
  closed = false;
  /** Bytes that came and were not given back yet. */
  unconsumed = 0;
  body: Buffer = Buffer.alloc(0);
  sent = 0;
  bodyStarted = false;
}

export type Stream = Http2Stream<Call>;

/**
 * A connection whose events are checked against the promises of `ConnectionHandler`: headers before all else,
 * nothing after the end but the end of the stream, `onClosed` once and last, silence after a failure, and
 * windows that are never negative.
 */
export class WatchedEnd implements ConnectionHandler<Call> {
  readonly connection: Http2Connection<Call>;
  readonly calls = new Map<number, Call>();
  readonly streams = new Map<number, Stream>();
  failure: string | undefined = undefined;
  output = false;
  nowMs = 0;

  constructor(role: ConnectionRole, options: Partial<ConnectionOptions>) {
    this.connection = new Http2Connection(
      role,
      this,
      { ...DEFAULT_CONNECTION_OPTIONS, ...options },
      { segments: new SegmentPool(), interner: new FieldInterner(), nowMs: () => this.nowMs },
    );
    this.connection.start();
  }

  /** What the connection has to write, copied. Its segments are used again at once, and overwritten before. */
  take(): Buffer {
    this.output = false;
    const batch = this.connection.takeOutput();
    const bytes = Buffer.concat(batch.parts);
    promised(bytes.length === batch.bytes, 'a batch knows its length');
    for (const segment of batch.segments) segment.fill(0xdd);
    this.connection.releaseOutput(batch);
    return bytes;
  }

  known(stream: Stream): Call {
    let call = this.calls.get(stream.id);
    if (call === undefined) {
      call = new Call();
      this.calls.set(stream.id, call);
      this.streams.set(stream.id, stream);
      stream.owner = call;
    }
    promised(this.failure === undefined, 'silence after a failure');
    promised(!call.closed, 'nothing after onClosed');
    return call;
  }

  onHeaders(stream: Stream, block: HeaderBlock, endStream: boolean): void {
    const call = this.known(stream);
    promised(!call.ended && !call.reset, 'no headers after the end');
    if (!block.informational) promised(++call.headers === 1, 'one final header block');
    call.ended = endStream;
  }

  onTrailers(stream: Stream): void {
    const call = this.known(stream);
    promised(call.headers === 1 && !call.ended && !call.reset, 'trailers between headers and the end');
    call.ended = true;
  }

  onData(stream: Stream, chunk: Buffer, start: number, end: number, endStream: boolean): void {
    const call = this.known(stream);
    promised(call.headers === 1 && !call.ended && !call.reset, 'data between headers and the end');
    promised(start >= 0 && start <= end && end <= chunk.length, 'data lies in the chunk');
    promised(stream.receiveWindow >= 0, 'the window never goes negative');
    call.received.push(Buffer.from(chunk.subarray(start, end)));
    call.unconsumed += end - start;
    call.ended = endStream;
  }

  onHeaderListTooLarge(stream: Stream, endStream: boolean): void {
    const call = this.known(stream);
    call.ended = endStream;
  }

  onReset(stream: Stream): void {
    const call = this.known(stream);
    promised(!call.reset, 'reset once');
    call.reset = true;
  }

  onClosed(stream: Stream): void {
    const call = this.known(stream);
    promised(stream.closed, 'a closed stream says so');
    call.closed = true;
    call.reset ||= !(stream.localEnded && stream.remoteEnded);
  }

  onSendable(stream: Stream): void {
    this.known(stream);
    promised(stream.sendWindow > 0, 'it can send');
  }

  onSettings(): void {
    promised(this.failure === undefined, 'silence after a failure');
  }

  onGoaway(): void {
    promised(this.failure === undefined, 'silence after a failure');
  }

  onPong(): void {
    promised(this.failure === undefined, 'silence after a failure');
  }

  onFailure(_errorCode: number, message: string): void {
    promised(this.failure === undefined, 'one failure');
    this.failure = message;
  }

  onOutput(): void {
    const full = this.connection.pendingOutputBytes >= FULL_OUTPUT_BYTES;
    promised(full || !this.output, 'told once until the output is taken, and again when it is full');
    this.output = true;
  }
}
