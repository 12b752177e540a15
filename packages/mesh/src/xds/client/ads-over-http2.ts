import { connect, type OnReadOpts, type Socket } from 'node:net';
import type { Clock, Timer } from '@weir/core';
import { frameMessage, MessageReader } from '../../grpc/message-framing.js';
import { CANCEL, errorCodeName } from '../../http2/error-code.js';
import { Http2Connection, type ConnectionShared } from '../../http2/connection.js';
import type { ConnectionHandler } from '../../http2/connection-handler.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import { HeaderField } from '../../http2/hpack/header-field.js';
import { DEFAULT_CONNECTION_OPTIONS } from '../../http2/options.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { FlushQueue } from '../../transport/flush-queue.js';
import { Http2Socket } from '../../transport/http2-socket.js';
import type { AdsConnect, AdsStream } from './ads-client.js';

const SERVICE = '/envoy.service.discovery.v3.AggregatedDiscoveryService';
const PATHS = {
  delta: `${SERVICE}/DeltaAggregatedResources`,
  sotw: `${SERVICE}/StreamAggregatedResources`,
} as const;

/** Far above any sane response; bounds what a confused server can make us allocate. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;
/** A control plane has long silences, so a dead one is found by PING. */
const KEEPALIVE_TIME_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;

export interface AdsOverHttp2Options {
  /** Which of the protocol's variants is spoken; default: state of the world. */
  readonly variant?: keyof typeof PATHS;
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly flushQueue: FlushQueue;
  readonly shared: ConnectionShared;
}

type AdsEvents = Parameters<AdsConnect>[0];

/**
 * Opens ADS calls over Weir's own HTTP/2 connection. A gRPC library would do it too, and cost the sidecar
 * more memory than all of its relay.
 */
export function adsOverHttp2(options: AdsOverHttp2Options): AdsConnect {
  return (events) => new AdsCall(options, events);
}

class AdsCall implements AdsStream, ConnectionHandler<AdsCall> {
  readonly #options: AdsOverHttp2Options;
  readonly #events: AdsEvents;
  readonly #connection: Http2Connection<AdsCall>;
  readonly #socket: Http2Socket<AdsCall>;
  readonly #reader = new MessageReader(MAX_MESSAGE_BYTES);
  #stream: Http2Stream<AdsCall> | undefined = undefined;
  #unsent: Buffer[] = [];
  #timer: Timer;
  #ended = false;

  constructor(options: AdsOverHttp2Options, events: AdsEvents) {
    const { host, port, clock, flushQueue, shared } = options;
    this.#options = options;
    this.#events = events;
    this.#connection = new Http2Connection<AdsCall>('client', this, DEFAULT_CONNECTION_OPTIONS, shared);
    const open = (onread: OnReadOpts): Socket => connect({ host, port, onread });
    this.#socket = new Http2Socket(open, this.#connection, flushQueue, clock, (error) =>
      this.#end(error ?? new Error('the control plane closed the connection')),
    );
    this.#socket.socket.once('connect', () => this.#open());
    this.#timer = clock.setTimer(CONNECT_TIMEOUT_MS, () =>
      this.#end(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`)),
    );
  }

  send(requestBytes: Uint8Array): void {
    this.#unsent.push(frameMessage(requestBytes));
    this.#pump();
  }

  close(): void {
    this.#ended = true;
    this.#timer.cancel();
    if (this.#stream !== undefined) this.#connection.resetStream(this.#stream, CANCEL);
    this.#socket.close();
  }

  onHeaders(_stream: Http2Stream<AdsCall>, block: HeaderBlock, endStream: boolean): void {
    if (endStream) return this.onTrailers(_stream, block);
    const status = block.status?.value ?? '';
    if (!block.informational && status !== '200')
      this.#end(new Error(`the control plane answers HTTP ${status}`));
  }

  onTrailers(_stream: Http2Stream<AdsCall>, block: HeaderBlock): void {
    const code = block.get('grpc-status') ?? 'missing';
    const message = block.get('grpc-message') ?? '';
    this.#end(new Error(`the control plane ended the stream with status ${code} ${message}`.trimEnd()));
  }

  onData(stream: Http2Stream<AdsCall>, chunk: Buffer, start: number, end: number, endStream: boolean): void {
    this.#connection.consume(stream, end - start);
    this.#connection.consumeConnection(end - start);
    let messages: Buffer[];
    try {
      messages = this.#reader.push(chunk, start, end);
    } catch (error) {
      return this.#end(error as Error);
    }
    for (const message of messages) if (!this.#ended) this.#events.onMessage(message);
    if (endStream) this.#end(new Error('the control plane ended the stream'));
  }

  onHeaderListTooLarge(): void {
    this.#end(new Error("the control plane's metadata is too large"));
  }

  onReset(_stream: Http2Stream<AdsCall>, errorCode: number): void {
    this.#end(new Error(`the control plane reset the stream: ${errorCodeName(errorCode)}`));
  }

  onClosed(): void {}

  onSendable(): void {
    this.#pump();
  }

  onSettings(): void {
    this.#keepAlive();
  }

  /** The stream may live on after GOAWAY, but a server that says it wants us elsewhere. */
  onGoaway(): void {
    this.#end(new Error('the control plane is going away'));
  }

  onPong(): void {
    this.#keepAlive();
  }

  onFailure(_errorCode: number, message: string): void {
    this.#end(new Error(`the control plane broke the HTTP/2 protocol: ${message}`));
  }

  onOutput(): void {
    this.#socket.wake();
  }

  #open(): void {
    const { host, port, variant = 'sotw' } = this.#options;
    this.#connection.start();
    const fields = [
      new HeaderField(':method', 'POST'),
      new HeaderField(':scheme', 'http'),
      new HeaderField(':path', PATHS[variant]),
      new HeaderField(':authority', host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`),
      new HeaderField('te', 'trailers'),
      new HeaderField('content-type', 'application/grpc'),
      new HeaderField('user-agent', 'weir'),
    ];
    this.#stream = this.#connection.openStream(fields, false, this);
    this.#pump();
  }

  #pump(): void {
    if (this.#stream === undefined) return;
    while (this.#unsent.length > 0) {
      const bytes = this.#unsent[0]!;
      const taken = this.#connection.sendData(this.#stream, bytes, 0, bytes.length, false, true);
      if (taken < bytes.length) {
        this.#unsent[0] = bytes.subarray(taken);
        return;
      }
      this.#unsent.shift();
    }
  }

  #keepAlive(): void {
    const { clock } = this.#options;
    this.#timer.cancel();
    if (this.#ended) return;
    this.#timer = clock.setTimer(KEEPALIVE_TIME_MS, () => {
      this.#connection.ping();
      this.#timer = clock.setTimer(KEEPALIVE_TIMEOUT_MS, () =>
        this.#end(new Error('the control plane does not answer PING')),
      );
    });
  }

  #end(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer.cancel();
    this.#socket.destroy();
    this.#events.onEnd(error);
  }
}
