import assert from 'node:assert/strict';
import { Http2Connection } from 'weir/dist/http2/connection.js';
import type { ConnectionHandler } from 'weir/dist/http2/connection-handler.js';
import type { HeaderBlock } from 'weir/dist/http2/header-block.js';
import { FieldInterner, HeaderField } from 'weir/dist/http2/hpack/header-field.js';
import { DEFAULT_CONNECTION_OPTIONS, type ConnectionOptions } from 'weir/dist/http2/options.js';
import { SegmentPool } from 'weir/dist/http2/segment-pool.js';
import type { Http2Stream } from 'weir/dist/http2/stream.js';
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FrameReader,
  HEADERS,
  MAGIC,
  RST_STREAM,
} from '../support/raw-frames/frame.js';
import { HpackReader } from '../support/raw-frames/hpack-reader.js';

type Stream = Http2Stream<undefined>;

/** Small limits, so that short inputs can reach them. */
const options: ConnectionOptions = {
  ...DEFAULT_CONNECTION_OPTIONS,
  maxConcurrentStreams: 5,
  maxHeaderListBytes: 2_000,
  maxHeaderFields: 20,
  maxContinuationFrames: 3,
  maxSettingsEntries: 4,
  resetBurst: 6,
  provokedResetBurst: 6,
  glitchBurst: 20,
  maxQueuedControlFrames: 12,
};

const response = [new HeaderField(':status', '200'), new HeaderField('x-answer', 'yes')];
const trailers = [new HeaderField('grpc-status', '0')];
const request = [
  new HeaderField(':method', 'POST'),
  new HeaderField(':scheme', 'http'),
  new HeaderField(':path', '/'),
  new HeaderField(':authority', 'backend.test'),
];
/** One fits any usual window, the other none that the peer has not raised. */
const shortContent = Buffer.alloc(100, 'c');
const longContent = Buffer.alloc(70_000, 'c');
const segments = new SegmentPool();

/** A connection with a user who answers, that writes down all it is told and checks all that it sends. */
export class RecordedConnection implements ConnectionHandler<undefined> {
  readonly events: string[] = [];
  readonly mode: number;
  readonly #connection: Http2Connection<undefined>;
  readonly #output: Buffer[] = [];
  readonly #open = new Set<Stream>();
  readonly #closed = new Set<Stream>();
  /** Streams whose peer has said END_STREAM. */
  readonly #ended = new Set<Stream>();
  #failed = false;

  /**
   * @param mode - bit 0: client; bit 1: the user answers nothing; bit 2: it resets what it gets; bit 3: its content is
   *   long; bit 4: its socket is full until its PING is answered; bit 5: it ends the connection when told of SETTINGS
   */
  constructor(mode: number) {
    this.mode = mode;
    const shared = { segments, interner: new FieldInterner(64), nowMs: () => 0 };
    this.#connection = new Http2Connection(this.#isClient ? 'client' : 'server', this, options, shared);
    this.#connection.start();
    if ((mode & 16) !== 0) this.#connection.blockOutput(true);
    if (!this.#isClient) return;
    for (const endStream of [true, false, true])
      this.#open.add(this.#connection.openStream(request, endStream, undefined));
  }

  get #isClient(): boolean {
    return (this.mode & 1) !== 0;
  }

  feed(bytes: Buffer): void {
    this.#connection.receive(bytes);
  }

  /** All that was sent. */
  sent(): Buffer {
    const batch = this.#connection.takeOutput();
    for (const part of batch.parts) this.#output.push(Buffer.from(part));
    this.#connection.releaseOutput(batch);
    return Buffer.concat(this.#output);
  }

  /** What must hold after any input. */
  check(): void {
    this.#checkOutput(this.sent());
    if (!this.#failed)
      assert.equal(this.#connection.activeStreams, this.#open.size, 'streams are miscounted');
    for (const stream of this.#open) assert.ok(!stream.closed, 'a closed stream was not told as closed');
    const left = this.#connection.abandonStreams().length;
    assert.ok(left <= this.#open.size, 'closed streams are held');
    assert.equal(this.#connection.activeStreams, 0);
  }

  onHeaders(stream: Stream, block: HeaderBlock, endStream: boolean): void {
    this.#tellMessage(stream, `headers ${block.fields.length}`, endStream);
    if (!this.#isClient) this.#open.add(stream);
    if ((this.mode & 4) !== 0) return this.#connection.resetStream(stream, 8);
    if (this.#isClient || (this.mode & 2) !== 0) return;
    this.#connection.sendHeaders(stream, response, false);
    this.#sendContent(stream);
  }

  onTrailers(stream: Stream, block: HeaderBlock): void {
    this.#tellMessage(stream, `trailers ${block.fields.length}`, true);
  }

  onData(stream: Stream, chunk: Buffer, start: number, end: number, endStream: boolean): void {
    assert.ok(0 <= start && start <= end && end <= chunk.length, 'DATA outside of its chunk');
    this.#tellMessage(stream, `data ${end - start}`, endStream);
    if ((this.mode & 2) !== 0) return;
    this.#connection.consume(stream, end - start);
    this.#connection.consumeConnection(end - start);
  }

  onHeaderListTooLarge(stream: Stream, endStream: boolean): void {
    if (!this.#closed.has(stream)) this.#open.add(stream);
    this.#tellMessage(stream, 'too large', endStream);
    this.#connection.resetStream(stream, 1);
  }

  onReset(stream: Stream, errorCode: number, byPeer: boolean): void {
    // A request that was malformed from the start was never told.
    if (!this.#closed.has(stream)) this.#open.add(stream);
    this.#tell(stream, `reset ${errorCode} ${byPeer}`);
  }

  onClosed(stream: Stream): void {
    assert.ok(this.#open.delete(stream), `stream ${stream.id} was closed twice or never opened`);
    this.#closed.add(stream);
    this.events.push(`${stream.id} closed`);
  }

  onSendable(stream: Stream): void {
    this.#tell(stream, 'sendable');
    this.#sendContent(stream);
  }

  onSettings(): void {
    this.#note('settings');
    if ((this.mode & 16) !== 0) this.#connection.ping();
    if ((this.mode & 32) === 0) return;
    this.#connection.announceGoaway();
    this.#connection.goaway(0, 'enough');
  }

  onGoaway(lastStreamId: number, errorCode: number): void {
    this.#note(`goaway ${lastStreamId} ${errorCode}`);
  }

  onPong(): void {
    this.#note('pong');
    this.#connection.blockOutput(false);
  }

  onFailure(errorCode: number, message: string): void {
    this.#note(`failure ${errorCode} ${message}`);
    this.#failed = true;
  }

  onOutput(): void {
    // Taken at the end.
  }

  /** The content once more on every call: it is longer than the window, so it stops for credit, and starts afresh. */
  #sendContent(stream: Stream): void {
    const content = (this.mode & 8) === 0 ? shortContent : longContent;
    if (this.#connection.sendData(stream, content, 0, content.length, false, true) === content.length)
      this.#connection.sendHeaders(stream, trailers, true);
  }

  #note(event: string): void {
    assert.ok(!this.#failed, `${event} after the connection failed`);
    this.events.push(event);
  }

  #tell(stream: Stream, event: string): void {
    assert.ok(!this.#closed.has(stream), `stream ${stream.id} got ${event} after it was closed`);
    this.#note(`${stream.id} ${event}`);
  }

  #tellMessage(stream: Stream, event: string, endStream: boolean): void {
    assert.ok(!this.#ended.has(stream), `stream ${stream.id} got ${event} after its end`);
    if (endStream) this.#ended.add(stream);
    this.#tell(stream, `${event} ${endStream}`);
  }

  /** Whatever comes in, what goes out is lawful. */
  #checkOutput(output: Buffer): void {
    const reader = new FrameReader();
    const hpack = new HpackReader();
    const ended = new Set<number>();
    let fragments: Buffer[] | undefined;
    for (const { type, flags, streamId, payload } of reader.push(
      this.#isClient ? output.subarray(MAGIC.length) : output,
    )) {
      if (type === CONTINUATION || type === HEADERS) {
        if (type === HEADERS) fragments = [];
        assert.ok(fragments, 'CONTINUATION without HEADERS');
        fragments.push(payload);
        if ((flags & END_HEADERS) !== 0) {
          hpack.read(Buffer.concat(fragments));
          fragments = undefined;
        }
      } else {
        assert.equal(fragments, undefined, 'a header block was interrupted');
      }
      if (type === DATA || type === HEADERS) {
        assert.ok(!ended.has(streamId), `frame ${type} on stream ${streamId} after its end`);
        if ((flags & END_STREAM) !== 0) ended.add(streamId);
      }
      if (type === RST_STREAM) ended.add(streamId);
    }
    assert.equal(reader.restBytes, 0, 'the output ends amid a frame');
  }
}
