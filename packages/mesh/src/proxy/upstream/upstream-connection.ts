import { connect, type Socket } from 'node:net';
import type { Endpoint, Timer } from '@weir/core';
import { errorCodeName, PROTOCOL_ERROR, REFUSED_STREAM } from '../../http2/error-code.js';
import { Http2Connection } from '../../http2/connection.js';
import type { ConnectionHandler } from '../../http2/connection-handler.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { Http2Stream } from '../../http2/stream.js';
import { Http2Socket } from '../../transport/http2-socket.js';
import type { Attempt, AttemptFailure } from '../relay/attempt.js';
import { CreditGate } from '../relay/credit-gate.js';
import type { RelayContext } from '../relay/relay-context.js';
import { KeepAlive } from './keep-alive.js';

/** What a connection tells the pool it belongs to. */
export interface UpstreamConnectionEvents {
  /** The endpoint has spoken HTTP/2: requests can go. */
  onReady(connection: UpstreamConnection): void;
  /** A stream ended, or the endpoint raised its limit: there may be room. */
  onRoom(connection: UpstreamConnection): void;
  /** Called once. `error` says why it never became ready; undefined when it had been. */
  onGone(connection: UpstreamConnection, error: string | undefined): void;
}

/**
 * One connection to an endpoint.
 *
 *     connecting ── TCP and the endpoint's SETTINGS ──► ready ── GOAWAY or closed ──► gone
 *
 * It counts as ready only after the endpoint's SETTINGS: before that a request would go out without anyone
 * being known to listen, and its loss could not be told from its processing.
 */
export class UpstreamConnection implements ConnectionHandler<Attempt> {
  readonly connection: Http2Connection<Attempt>;
  readonly credit: CreditGate<Attempt>;
  readonly #context: RelayContext;
  readonly #events: UpstreamConnectionEvents;
  readonly #socket: Http2Socket<Attempt>;
  readonly #endpoint: Endpoint;
  readonly #keepAlive: KeepAlive;
  #connectTimer: Timer | undefined;
  #state: 'connecting' | 'ready' | 'gone' = 'connecting';
  #reason = 'closed by the endpoint';
  #closing = false;

  constructor(
    context: RelayContext,
    endpoint: Endpoint,
    connectTimeoutMs: number,
    events: UpstreamConnectionEvents,
  ) {
    const { counters, clock } = context;
    this.#context = context;
    this.#endpoint = endpoint;
    this.#events = events;
    this.connection = new Http2Connection<Attempt>('client', this, context.http2, context.shared);
    this.credit = new CreditGate(this.connection, context.options.maxQueuedBytes);
    const socket: Socket = connect({ host: endpoint.host, port: endpoint.port });
    counters.upstreamConnectionsTotal++;
    this.#socket = new Http2Socket(socket, this.connection, context.flushQueue, clock, (error) =>
      this.#onGone(error),
    );
    this.#keepAlive = new KeepAlive(context, this.connection, () => this.#drop('no answer to PING'));
    socket.once('connect', () => {
      this.connection.start();
    });
    this.#connectTimer = clock.setTimer(connectTimeoutMs, () => {
      counters.upstreamConnectTimeouts++;
      this.#drop(`no HTTP/2 connection within ${connectTimeoutMs} ms`);
    });
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** A request can be opened now. */
  get hasRoom(): boolean {
    const { connection } = this;
    if (this.#state !== 'ready' || !connection.canOpen) return false;
    // Node's and other servers leave the limit out of their SETTINGS when there is none.
    return connection.activeStreams < connection.peer.maxConcurrentStreams;
  }

  /** No new requests; closes when the last one has ended. */
  drain(): void {
    this.#closing = true;
    this.#closeIfIdle();
  }

  destroy(): void {
    this.#drop('closed by the proxy');
  }

  onHeaders(stream: Http2Stream<Attempt>, block: HeaderBlock, endStream: boolean): void {
    stream.owner?.exchange.onResponseHeaders(block, endStream);
  }

  onTrailers(stream: Http2Stream<Attempt>, block: HeaderBlock): void {
    stream.owner?.exchange.onResponseTrailers(block);
  }

  onData(stream: Http2Stream<Attempt>, chunk: Buffer, start: number, end: number, endStream: boolean): void {
    if (stream.owner === undefined) this.credit.passed(end - start);
    else stream.owner.exchange.onResponseData(chunk, start, end, endStream);
  }

  onHeaderListTooLarge(stream: Http2Stream<Attempt>): void {
    this.connection.resetStream(stream, PROTOCOL_ERROR);
    fail(stream, { kind: 'protocol', errorCode: PROTOCOL_ERROR });
  }

  onReset(stream: Http2Stream<Attempt>, errorCode: number, byPeer: boolean): void {
    if (!byPeer) return fail(stream, { kind: 'protocol', errorCode });
    if (errorCode !== REFUSED_STREAM) {
      this.#context.counters.upstreamResets++;
      return fail(stream, { kind: 'reset', errorCode });
    }
    fail(stream, this.connection.draining ? { kind: 'goaway' } : { kind: 'refused' });
  }

  onClosed(stream: Http2Stream<Attempt>): void {
    stream.owner = undefined;
    if (this.#closing || this.connection.draining) this.#closeIfIdle();
    else this.#events.onRoom(this);
  }

  onSendable(stream: Http2Stream<Attempt>): void {
    stream.owner?.exchange.onUpstreamSendable();
  }

  onSettings(): void {
    if (this.#state === 'ready') return this.#events.onRoom(this);
    this.#state = 'ready';
    this.#connectTimer?.cancel();
    this.#connectTimer = undefined;
    this.#keepAlive.start();
    this.#events.onReady(this);
  }

  onGoaway(_lastStreamId: number, errorCode: number, debugData: string): void {
    this.#context.counters.upstreamGoaways++;
    if (errorCode !== 0) {
      this.#context.logger.warn('an endpoint said GOAWAY', {
        endpoint: this.#endpoint.address,
        code: errorCodeName(errorCode),
        reason: debugData,
      });
    }
    this.#closeIfIdle();
  }

  onPong(): void {
    this.#keepAlive.onPong();
  }

  onFailure(errorCode: number, message: string): void {
    this.#context.counters.upstreamProtocolErrors++;
    this.#reason = `the endpoint broke the HTTP/2 protocol: ${message}`;
    this.#context.logger.warn('an endpoint broke the HTTP/2 protocol', {
      endpoint: this.#endpoint.address,
      code: errorCodeName(errorCode),
      reason: message,
    });
    this.#socket.close();
  }

  onOutput(): void {
    this.#socket.wake();
  }

  #drop(reason: string): void {
    if (this.#state === 'gone') return;
    this.#reason = reason;
    this.#socket.destroy();
  }

  #closeIfIdle(): void {
    if (this.connection.activeStreams > 0) return;
    if (this.#state === 'connecting') this.#socket.destroy();
    else this.#socket.close();
  }

  #onGone(error: Error | undefined): void {
    const { counters } = this.#context;
    const wasReady = this.#state === 'ready';
    this.#state = 'gone';
    this.#connectTimer?.cancel();
    this.#keepAlive.stop();
    counters.upstreamReceivedBytes += this.#socket.takeBytesRead();
    counters.upstreamSentBytes += this.#socket.takeBytesWritten();
    const message = error?.message ?? this.#reason;
    if (!wasReady) counters.upstreamConnectFailures++;
    // The pool first, so that a retry does not find this connection in it.
    this.#events.onGone(this, wasReady ? undefined : message);
    for (const stream of this.connection.abandonStreams()) {
      fail(stream, { kind: this.connection.isUnsent(stream) ? 'unsent' : 'lost', message });
    }
  }
}

function fail(stream: Http2Stream<Attempt>, failure: AttemptFailure): void {
  const attempt = stream.owner;
  stream.owner = undefined;
  attempt?.exchange.onAttemptFailed(failure);
}
