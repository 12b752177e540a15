import type { Endpoint, Timer } from '@weir/core';
import { CANCEL, errorCodeName, REFUSED_STREAM } from '../../http2/error-code.js';
import { Http2Connection } from '../../http2/connection.js';
import type { ConnectionHandler } from '../../http2/connection-handler.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { Cluster } from '../config/cluster.js';
import type { Attempt } from '../relay/attempt.js';
import type { AttemptFailure } from '../relay/attempt-failure.js';
import { CreditGate } from '../relay/credit-gate.js';
import type { ByteMeter, RelayContext } from '../relay/relay-context.js';
import type { Wire } from '../relay/wire.js';
import type { PoolSettings } from '../config/cluster-settings/read-pool.js';
import { TokenBucket } from '../../http2/token-bucket.js';
import {
  type ConnectionDelay,
  ConnectionWatch,
  type StreamDelay,
  type WatchEvents,
} from '../relay/connection-watch.js';
import { ConnectionLifetime } from './connection-lifetime.js';
import { KeepAlive } from './keep-alive.js';
import type { UpstreamCall } from './upstream-call.js';

/** What a connection tells the pool it belongs to. */
export interface UpstreamConnectionEvents {
  /** The endpoint has spoken HTTP/2: requests can go. */
  onReady(connection: UpstreamConnection): void;
  /** A stream ended, or the endpoint raised its limit: there may be room. */
  onRoom(connection: UpstreamConnection): void;
  /** A connection that was ready takes no more requests; those on it may go on. Called once. */
  onRetired(connection: UpstreamConnection): void;
  /** Called once, after `onRetired`. `error` says why it never became ready; undefined when it had been. */
  onGone(connection: UpstreamConnection, error: string | undefined): void;
}

/**
 * One connection to an endpoint.
 *
 *     connecting ── the endpoint's SETTINGS ──► ready ── GOAWAY, end, error, drain ──► retired ──► gone
 *          └───────────────────────── refused, timeout, error, drain ─────────────────────────────┘
 *
 * It counts as ready only after the endpoint's SETTINGS: before that a request would go out without anyone
 * being known to listen, and its loss could not be told from its processing.
 */
export class UpstreamConnection
  implements ConnectionHandler<UpstreamCall>, WatchEvents<UpstreamCall>, ByteMeter
{
  readonly connection: Http2Connection<UpstreamCall>;
  readonly credit: CreditGate<UpstreamCall>;
  /** Taken in all. */
  requests = 0;
  readonly #context: RelayContext;
  readonly #events: UpstreamConnectionEvents;
  readonly #wire: Wire;
  readonly #endpoint: Endpoint;
  readonly #cluster: Cluster;
  readonly #keepAlive: KeepAlive;
  readonly #connectTimer: Timer;
  readonly #watch: ConnectionWatch<UpstreamCall>;
  readonly #lifetime: ConnectionLifetime;
  readonly #cancels: TokenBucket;
  #state: 'connecting' | 'ready' | 'retired' | 'gone' = 'connecting';
  #reason = 'closed by the endpoint';
  /** Why it never became ready, as the counters tell it; not at all when the pool changed its mind. */
  #blame: 'error' | 'timeout' | 'nobody' = 'error';

  constructor(context: RelayContext, endpoint: Endpoint, cluster: Cluster, events: UpstreamConnectionEvents) {
    this.#context = context;
    this.#endpoint = endpoint;
    this.#cluster = cluster;
    this.#events = events;
    this.connection = new Http2Connection<UpstreamCall>('client', this, context.http2, context.shared);
    this.credit = new CreditGate(this.connection, context.options.maxQueuedBytes);
    const { cancelBurst, cancelsPerSecond } = context.options;
    const nowMs = context.clock.nowMs();
    this.#cancels = new TokenBucket(cancelBurst, cancelsPerSecond, nowMs);
    this.#watch = new ConnectionWatch(this.connection, context.options, this, nowMs);
    const pool = (): PoolSettings => cluster.pool;
    this.#lifetime = new ConnectionLifetime(this, pool, () => this.drain(), nowMs);
    this.#keepAlive = new KeepAlive(context, this.connection, pool, () => {
      context.limits.upstream.keepaliveTimeoutMs++;
      this.#drop('no answer to PING');
    });
    context.counters.upstreamConnectionsTotal++;
    context.openConnections.add(this);
    const { connectTimeoutMs } = cluster;
    this.#wire = context.dial(endpoint, this.connection, cluster.pool, {
      onOpen: () => this.connection.start(),
      // What is sent from here on may find nobody, and its loss could not be told from its processing.
      onEnd: () => this.#retire(),
      onGone: (error) => this.#onGone(error),
    });
    this.#connectTimer = context.clock.setTimer(connectTimeoutMs, () => {
      this.#blame = 'timeout';
      this.#drop(`no HTTP/2 connection within ${connectTimeoutMs} ms`);
    });
  }

  /** A request can be opened now. */
  get hasRoom(): boolean {
    return (
      this.#state === 'ready' &&
      this.connection.canOpen &&
      this.connection.activeStreams < this.#cluster.pool.maxConcurrentStreams
    );
  }

  get activeStreams(): number {
    return this.connection.activeStreams;
  }

  /** Has the attempt send its request here. Only while `hasRoom`. */
  take(attempt: Attempt): void {
    this.requests++;
    attempt.connection = this;
    attempt.owner.onConnection(attempt);
    if (this.requests >= this.#cluster.pool.maxRequestsPerConnection) this.#retire();
  }

  /** No new requests; closes when the last one has ended. */
  drain(): void {
    if (this.#state === 'connecting') {
      this.#blame = 'nobody';
      return this.#drop('the endpoint was removed');
    }
    this.#retire();
    this.#closeIfIdle();
  }

  destroy(): void {
    this.#blame = 'nobody';
    this.#drop('closed by the proxy');
  }

  countBytes(): void {
    const { counters } = this.#context;
    counters.upstreamReceivedBytes += this.#wire.takeBytesRead();
    counters.upstreamSentBytes += this.#wire.takeBytesWritten();
  }

  onHeaders(stream: Http2Stream<UpstreamCall>, block: HeaderBlock, endStream: boolean): void {
    stream.owner?.onHeaders(block, endStream);
  }

  onTrailers(stream: Http2Stream<UpstreamCall>, block: HeaderBlock): void {
    stream.owner?.onTrailers(block);
  }

  onData(
    stream: Http2Stream<UpstreamCall>,
    chunk: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    if (stream.owner === undefined) this.credit.passed(end - start);
    else stream.owner.onData(chunk, start, end, endStream);
  }

  onHeaderListTooLarge(stream: Http2Stream<UpstreamCall>): void {
    this.#context.limits.upstream.maxHeaderListBytes++;
    const call = stream.owner;
    stream.owner = undefined;
    this.connection.resetStream(stream, CANCEL);
    call?.onFailed({ kind: 'headers-too-large', limitBytes: this.#context.http2.maxHeaderListBytes });
  }

  onReset(stream: Http2Stream<UpstreamCall>, errorCode: number, byPeer: boolean): void {
    if (!byPeer) return fail(stream, { kind: 'protocol', errorCode });
    if (errorCode !== REFUSED_STREAM) {
      this.#context.counters.upstreamResets++;
      return fail(stream, { kind: 'reset', errorCode });
    }
    fail(stream, this.connection.draining ? { kind: 'goaway' } : { kind: 'refused' });
  }

  onClosed(stream: Http2Stream<UpstreamCall>): void {
    // Whoever ended it otherwise than by a cancellation has taken the owner away before.
    const cancelled = stream.owner !== undefined && !(stream.localEnded && stream.remoteEnded);
    stream.owner = undefined;
    if (this.#state === 'ready') {
      if (!this.connection.exhausted && !(cancelled && this.#cancelledTooMuch()))
        return this.#events.onRoom(this);
      this.#retire();
    }
    this.#closeIfIdle();
  }

  onSendable(stream: Http2Stream<UpstreamCall>): void {
    stream.owner?.onSendable();
  }

  onSettings(): void {
    if (this.#state === 'ready') return this.#events.onRoom(this);
    if (this.#state !== 'connecting') return;
    this.#state = 'ready';
    this.#connectTimer.cancel();
    this.#context.patrol.join(this.#watch);
    this.#context.patrol.join(this.#lifetime);
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
    this.#retire();
    this.#closeIfIdle();
  }

  onPong(): void {
    this.#keepAlive.onPong();
  }

  onFailure(errorCode: number, message: string): void {
    const { counters, limits } = this.#context;
    const { limitHit } = this.connection;
    counters.upstreamProtocolErrors++;
    if (limitHit !== undefined) limits.upstream[limitHit]++;
    this.#reason = `the endpoint broke the HTTP/2 protocol: ${message}`;
    this.#context.logger.warn('an endpoint broke the HTTP/2 protocol', {
      endpoint: this.#endpoint.address,
      code: errorCodeName(errorCode),
      reason: message,
    });
    // Who does not speak HTTP/2 does not read GOAWAY either, and requests wait to be told.
    if (this.#state === 'connecting') return this.#wire.destroy();
    this.#retire();
    for (const stream of [...this.connection.openStreams()]) fail(stream, { kind: 'protocol', errorCode });
    this.#wire.close();
  }

  onConnectionOverdue(delay: ConnectionDelay): void {
    // The preface is not watched here: `connectTimer` waits for it.
    if (delay !== 'prefaceTimeoutMs') this.#context.limits.upstream[delay]++;
  }

  idleTimeoutMs(): undefined {
    return undefined;
  }

  onStreamOverdue(stream: Http2Stream<UpstreamCall>, delay: StreamDelay): void {
    // A call is idle when its caller's stream is.
    if (delay !== 'windowStallTimeoutMs') return;
    const { limits, options } = this.#context;
    limits.upstream[delay]++;
    const call = stream.owner;
    stream.owner = undefined;
    this.connection.resetStream(stream, CANCEL);
    call?.onFailed({ kind: 'stalled', timeoutMs: options[delay] });
  }

  onOutput(): void {
    this.#wire.wake();
  }

  #drop(reason: string): void {
    if (this.#state === 'gone') return;
    this.#reason = reason;
    this.#retire();
    this.#wire.destroy();
  }

  /** Takes no more requests. */
  #retire(): void {
    if (this.#state !== 'ready') return;
    this.#state = 'retired';
    this.#events.onRetired(this);
  }

  /** Takes note of a cancelled request; true when there were more than the endpoint can be expected to bear. */
  #cancelledTooMuch(): boolean {
    const { clock, limits } = this.#context;
    if (this.#cancels.take(clock.nowMs())) return false;
    limits.upstream.cancelBurst++;
    return true;
  }

  #closeIfIdle(): void {
    if (this.connection.activeStreams === 0) this.#wire.close();
  }

  #onGone(error: Error | undefined): void {
    const { counters, openConnections } = this.#context;
    const wasReady = this.#state !== 'connecting';
    this.#retire();
    this.#state = 'gone';
    this.#connectTimer.cancel();
    this.#keepAlive.stop();
    this.#context.patrol.leave(this.#watch);
    this.#context.patrol.leave(this.#lifetime);
    this.countBytes();
    openConnections.delete(this);
    if (!wasReady) {
      if (this.#blame === 'error') counters.upstreamConnectFailures++;
      if (this.#blame === 'timeout') counters.upstreamConnectTimeouts++;
    }
    const message = error?.message ?? this.#reason;
    // The pool first, so that a retry does not find this connection in it.
    this.#events.onGone(this, wasReady ? undefined : message);
    for (const stream of this.connection.abandonStreams()) {
      fail(stream, { kind: this.connection.isUnsent(stream) ? 'unsent' : 'lost', message });
    }
  }
}

function fail(stream: Http2Stream<UpstreamCall>, failure: AttemptFailure): void {
  const call = stream.owner;
  stream.owner = undefined;
  call?.onFailed(failure);
}
