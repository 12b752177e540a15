import { Http2Connection, type ConnectionRole } from './connection.js';
import type { ConnectionHandler } from './connection-handler.js';
import { errorCodeName } from './error-code.js';
import { CLIENT_PREFACE } from './frame.js';
import { FrameReader, settings, settingsAck, type Fields, type ReadFrame } from './frames.test.support.js';
import type { HeaderBlock } from './header-block.js';
import { FieldInterner, HeaderField } from './hpack/header-field.js';
import { DEFAULT_CONNECTION_OPTIONS, type ConnectionOptions } from './options.js';
import { SegmentPool } from './segment-pool.js';
import type { Http2Stream } from './stream.js';

export type Stream = Http2Stream<string>;

export const REQUEST: Fields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/a.B/C'],
  [':authority', 'a:1'],
];

export function fields(...pairs: Fields): HeaderField[] {
  return pairs.map(([name, value]) => new HeaderField(name, value));
}

export const OK = fields([':status', '200']);
export const TRAILERS = fields(['grpc-status', '0']);

/** What a handler does besides being written down; each gets what the handler's method gets. */
export type Reactions = Partial<ConnectionHandler<string>>;

/**
 * One connection with a peer made of raw frames: `send` is what the peer sends, `written` what it reads, and
 * `events` what the connection's user hears, each in words.
 */
export class Rig implements ConnectionHandler<string> {
  readonly connection: Http2Connection<string>;
  readonly options: ConnectionOptions;
  readonly streams = new Map<number, Stream>();
  reactions: Reactions = {};
  nowMs = 0;
  #events: string[] = [];
  readonly #reader: FrameReader;

  constructor(role: ConnectionRole, options: Partial<ConnectionOptions> = {}, reactions: Reactions = {}) {
    this.reactions = reactions;
    this.options = { ...DEFAULT_CONNECTION_OPTIONS, ...options };
    this.connection = new Http2Connection(role, this, this.options, {
      segments: new SegmentPool(),
      interner: new FieldInterner(),
      nowMs: () => this.nowMs,
    });
    this.#reader = new FrameReader(role === 'client' ? CLIENT_PREFACE : '');
    this.connection.start();
  }

  /** A connection whose prefaces are exchanged, with nothing left to read. */
  static ready(
    role: ConnectionRole,
    options: Partial<ConnectionOptions> = {},
    reactions: Reactions = {},
  ): Rig {
    const rig = new Rig(role, options, reactions);
    const preface = role === 'server' ? Buffer.from(CLIENT_PREFACE) : Buffer.alloc(0);
    rig.send(preface, settings(), settingsAck);
    rig.written();
    rig.events();
    return rig;
  }

  /** The peer sends these bytes, in one piece. */
  send(...frames: readonly Buffer[]): void {
    this.connection.receive(Buffer.concat(frames));
  }

  /** What the connection has written since this was last asked. */
  frames(): ReadFrame[] {
    const batch = this.connection.takeOutput();
    const frames = this.#reader.read(Buffer.concat(batch.parts));
    this.connection.releaseOutput(batch);
    return frames;
  }

  written(): string[] {
    return this.frames().map(({ text }) => text);
  }

  /** What the connection's user has heard since this was last asked. */
  events(): string[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  stream(id: number): Stream {
    const stream = this.streams.get(id);
    if (stream === undefined) throw new Error(`stream ${id} was never opened`);
    return stream;
  }

  open(request: Fields = REQUEST, endStream = false): Stream {
    const stream = this.connection.openStream(fields(...request), endStream, '');
    this.streams.set(stream.id, stream);
    return stream;
  }

  onHeaders(stream: Stream, block: HeaderBlock, endStream: boolean): void {
    this.streams.set(stream.id, stream);
    const what =
      block.status?.value ?? `${block.method!.value} ${block.path?.value ?? block.authority!.value}`;
    this.#note(`headers ${stream.id} ${what}${endStream ? ' end' : ''}`);
    this.reactions.onHeaders?.(stream, block, endStream);
  }

  onTrailers(stream: Stream, block: HeaderBlock): void {
    this.#note(
      `trailers ${stream.id} ${block.fields.map(({ name, value }) => `${name}=${value}`).join(' ')}`,
    );
    this.reactions.onTrailers?.(stream, block);
  }

  onData(stream: Stream, chunk: Buffer, start: number, end: number, endStream: boolean): void {
    const text = end - start > 40 ? `${end - start} bytes` : `"${chunk.toString('latin1', start, end)}"`;
    this.#note(`data ${stream.id} ${text}${endStream ? ' end' : ''}`);
    this.reactions.onData?.(stream, chunk, start, end, endStream);
  }

  onHeaderListTooLarge(stream: Stream, endStream: boolean): void {
    this.streams.set(stream.id, stream);
    this.#note(`too large ${stream.id}${endStream ? ' end' : ''}`);
    this.reactions.onHeaderListTooLarge?.(stream, endStream);
  }

  onReset(stream: Stream, errorCode: number, byPeer: boolean): void {
    this.#note(`reset ${stream.id} ${errorCodeName(errorCode)} by ${byPeer ? 'peer' : 'us'}`);
    this.reactions.onReset?.(stream, errorCode, byPeer);
  }

  onClosed(stream: Stream): void {
    this.#note(`closed ${stream.id}`);
    this.reactions.onClosed?.(stream);
  }

  onSendable(stream: Stream): void {
    this.#note(`sendable ${stream.id}`);
    this.reactions.onSendable?.(stream);
  }

  onSettings(): void {
    this.#note('settings');
    this.reactions.onSettings?.();
  }

  onGoaway(lastStreamId: number, errorCode: number, debugData: string): void {
    this.#note(`goaway ${lastStreamId} ${errorCodeName(errorCode)}${debugData && ` ${debugData}`}`);
    this.reactions.onGoaway?.(lastStreamId, errorCode, debugData);
  }

  onPong(): void {
    this.#note('pong');
  }

  onFailure(errorCode: number, message: string): void {
    this.#note(`failure ${errorCodeName(errorCode)}`);
    this.reactions.onFailure?.(errorCode, message);
  }

  onOutput(): void {
    this.reactions.onOutput?.();
  }

  #note(event: string): void {
    this.#events.push(event);
  }
}
