import { CANCEL, NO_ERROR } from '../../http2/error-code.js';
import { Http2Connection, type ConnectionRole, type ConnectionShared } from '../../http2/connection.js';
import type { ConnectionHandler } from '../../http2/connection-handler.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import { HeaderField } from '../../http2/hpack/header-field.js';
import { DEFAULT_CONNECTION_OPTIONS, type ConnectionOptions } from '../../http2/options.js';
import type { Http2Stream } from '../../http2/stream.js';

export type Fields = Readonly<Record<string, string>>;

export function fieldsOf(fields: Fields): HeaderField[] {
  return Object.entries(fields).map(([name, value]) => new HeaderField(name, value));
}

/** One call as a peer of the relay sees it: the caller that made it, or the endpoint that got it. */
export class PeerCall {
  readonly peer: Peer;
  stream!: Http2Stream<PeerCall>;
  informational: Fields | undefined = undefined;
  headers: Fields | undefined = undefined;
  trailers: Fields | undefined = undefined;
  ended = false;
  resetCode: number | undefined = undefined;
  leftOut = false;
  /** Does not let the other side send more than the first window. */
  stalled = false;
  #received: Buffer[] = [];
  #unread = 0;
  #out: Buffer = Buffer.alloc(0);
  #outEnds = false;
  #outTrailers: Fields | undefined = undefined;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  get body(): Buffer {
    return Buffer.concat(this.#received);
  }

  get status(): string | undefined {
    return this.trailers?.['grpc-status'] ?? this.headers?.['grpc-status'];
  }

  get message(): string | undefined {
    return this.trailers?.['grpc-message'] ?? this.headers?.['grpc-message'];
  }

  /** Nothing will come any more. */
  get over(): boolean {
    return this.ended || this.resetCode !== undefined;
  }

  sendHeaders(fields: Fields, end = false): this {
    this.peer.connection.sendHeaders(this.stream, fieldsOf(fields), end);
    return this;
  }

  send(bytes: Buffer | string, end = false): this {
    this.#out = Buffer.concat([this.#out, Buffer.from(bytes)]);
    this.#outEnds ||= end;
    this.flush();
    return this;
  }

  sendTrailers(fields: Fields): this {
    this.#outTrailers = fields;
    this.flush();
    return this;
  }

  /** As an endpoint: a whole gRPC response. */
  respond(body: Buffer | string = 'reply', status = 0): this {
    return this.sendHeaders({ ':status': '200', 'content-type': 'application/grpc' })
      .send(body)
      .sendTrailers({ 'grpc-status': String(status) });
  }

  /** As an endpoint: GOAWAY that says nothing was done about this call and those after it. */
  leaveOut(): void {
    const { peer, stream } = this;
    if (peer.connection.draining) return;
    for (const call of peer.calls) call.leftOut ||= call.stream.id >= stream.id;
    const connection = peer.connection as unknown as { lastPeerStreamId: number };
    const { lastPeerStreamId } = connection;
    connection.lastPeerStreamId = Math.max(0, stream.id - 2);
    peer.connection.goaway(NO_ERROR);
    connection.lastPeerStreamId = lastPeerStreamId;
  }

  reset(code: number = CANCEL): void {
    this.peer.connection.resetStream(this.stream, code);
  }

  readOn(): void {
    this.stalled = false;
    this.peer.connection.consume(this.stream, this.#unread);
    this.#unread = 0;
  }

  flush(): void {
    const { connection } = this.peer;
    const ends = this.#outEnds && this.#outTrailers === undefined;
    const sent = connection.sendData(this.stream, this.#out, 0, this.#out.length, ends, false);
    this.#out = this.#out.subarray(sent);
    if (this.#out.length === 0 && this.#outTrailers !== undefined)
      connection.sendHeaders(this.stream, fieldsOf(this.#outTrailers), true);
  }

  take(chunk: Buffer, start: number, end: number): void {
    this.#received.push(Buffer.from(chunk.subarray(start, end)));
    this.peer.connection.consumeConnection(end - start);
    if (this.stalled) this.#unread += end - start;
    else this.peer.connection.consume(this.stream, end - start);
  }
}

/** The other end of one of the relay's connections. */
export class Peer implements ConnectionHandler<PeerCall> {
  readonly connection: Http2Connection<PeerCall>;
  readonly calls: PeerCall[] = [];
  goaways: number[] = [];
  pings = 0;
  failure: string | undefined = undefined;
  /** As an endpoint: what happens to each new call. */
  onCall: (call: PeerCall) => void = () => {};

  constructor(role: ConnectionRole, shared: ConnectionShared, options: Partial<ConnectionOptions> = {}) {
    this.connection = new Http2Connection<PeerCall>(
      role,
      this,
      { ...DEFAULT_CONNECTION_OPTIONS, ...options },
      shared,
    );
  }

  receive(bytes: Buffer): void {
    this.connection.receive(bytes);
  }

  take(): Buffer | undefined {
    if (this.connection.pendingOutputBytes === 0) return undefined;
    const batch = this.connection.takeOutput();
    const bytes = Buffer.concat(batch.parts);
    this.connection.releaseOutput(batch);
    return bytes;
  }

  /** As a caller: begins a gRPC call, with these fields set or (undefined) left out. */
  call(fields: Readonly<Record<string, string | undefined>> = {}, end = false): PeerCall {
    const call = new PeerCall(this);
    const request = {
      ':method': 'POST',
      ':scheme': 'http',
      ':path': '/helloworld.Greeter/SayHello',
      ':authority': 'echo:50051',
      'content-type': 'application/grpc',
      ...fields,
    };
    const present = Object.entries(request).filter(
      (field): field is [string, string] => field[1] !== undefined,
    );
    call.stream = this.connection.openStream(fieldsOf(Object.fromEntries(present)), end, call);
    this.calls.push(call);
    return call;
  }

  onHeaders(stream: Http2Stream<PeerCall>, block: HeaderBlock, endStream: boolean): void {
    const fields = Object.fromEntries(block.fields.map(({ name, value }) => [name, value]));
    if (block.status === undefined) {
      const call = new PeerCall(this);
      call.stream = stream;
      stream.owner = call;
      this.calls.push(call);
    }
    const call = stream.owner!;
    if (block.informational) call.informational = fields;
    else call.headers = fields;
    call.ended = endStream;
    if (block.status === undefined) this.onCall(call);
  }

  onTrailers(stream: Http2Stream<PeerCall>, block: HeaderBlock): void {
    stream.owner!.trailers = Object.fromEntries(block.fields.map(({ name, value }) => [name, value]));
    stream.owner!.ended = true;
  }

  onData(stream: Http2Stream<PeerCall>, chunk: Buffer, start: number, end: number, endStream: boolean): void {
    stream.owner!.take(chunk, start, end);
    if (endStream) stream.owner!.ended = true;
  }

  onReset(stream: Http2Stream<PeerCall>, errorCode: number): void {
    // After a whole response it only says that the rest of the request is not wanted.
    if (!(stream.owner!.ended && errorCode === NO_ERROR)) stream.owner!.resetCode = errorCode;
  }

  onSendable(stream: Http2Stream<PeerCall>): void {
    stream.owner!.flush();
  }

  onHeaderListTooLarge(): void {}
  onClosed(): void {}
  onSettings(): void {}
  onOutput(): void {}

  onGoaway(lastStreamId: number): void {
    this.goaways.push(lastStreamId);
  }

  onPong(): void {
    this.pings++;
  }

  onFailure(_errorCode: number, message: string): void {
    this.failure = message;
  }
}
