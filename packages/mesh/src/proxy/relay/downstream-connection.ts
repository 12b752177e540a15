import type { Caller, Timer } from '@weir/core';
import { RESOURCE_EXHAUSTED } from '../../grpc/status.js';
import { trailersOnly } from '../../grpc/status-fields.js';
import { NO_ERROR, errorCodeName } from '../../http2/error-code.js';
import { Http2Connection } from '../../http2/connection.js';
import type { ConnectionHandler } from '../../http2/connection-handler.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { Http2Stream } from '../../http2/stream.js';
import {
  ConnectionWatch,
  type ConnectionDelay,
  type StreamDelay,
  type WatchEvents,
} from './connection-watch.js';
import { CreditGate } from './credit-gate.js';
import { Exchange } from './exchange.js';
import { ExplainedExchange, wantsExplanation } from './explained-exchange.js';
import { replyText } from './local-reply.js';
import type { ByteMeter, RelayContext } from './relay-context.js';
import type { RequestRouter, RoutedRequest } from './router.js';
import type { StreamOwner } from './stream-owner.js';
import type { Attach, Wire } from './wire.js';

/**
 * Between the two GOAWAY frames of a graceful end: "at least one round-trip time" (RFC 9113 6.8), so that
 * requests under way when the first was sent are still served.
 */
const GOAWAY_PAUSE_MS = 100;

/**
 * From the end of a response until the caller is asked to give up the rest of its request. A request that is about
 * to end needs no reset, and what is on its way meanwhile is still held to the rules of an open stream.
 */
const REQUEST_GRACE_MS = 100;

/** A caller's connection: turns its streams into exchanges. */
export class DownstreamConnection
  implements ConnectionHandler<StreamOwner>, WatchEvents<StreamOwner>, ByteMeter
{
  readonly connection: Http2Connection<StreamOwner>;
  readonly credit: CreditGate<StreamOwner>;
  readonly #context: RelayContext;
  readonly #wire: Wire;
  readonly #router: RequestRouter;
  /** Who requests come from. */
  readonly caller: Caller;
  readonly #watch: ConnectionWatch<StreamOwner>;
  /** Callers may ask why their calls go as they do. */
  readonly #explains: boolean;
  #draining = false;
  #goawayTimer: Timer | undefined = undefined;

  /**
   * @param onGone - called once, when the connection and all its streams are gone
   */
  constructor(
    context: RelayContext,
    attach: Attach<StreamOwner>,
    caller: Caller,
    router: RequestRouter,
    onGone: () => void,
  ) {
    const { counters } = context;
    this.#context = context;
    this.#router = router;
    this.#explains = context.options.explainBytes > 0;
    this.caller = caller;
    this.connection = new Http2Connection<StreamOwner>('server', this, context.http2, context.shared);
    this.credit = new CreditGate(this.connection, context.options.maxQueuedBytes);
    counters.downstreamConnections++;
    counters.downstreamConnectionsTotal++;
    context.openConnections.add(this);
    this.#watch = new ConnectionWatch(this.connection, context.options, this, context.clock.nowMs());
    context.patrol.join(this.#watch);
    this.#wire = attach(this.connection, () => {
      this.#onGone();
      onGone();
    });
  }

  /** Begins with what was read of the connection already. */
  start(firstBytes: Buffer): void {
    this.#context.counters.downstreamReceivedBytes += firstBytes.length;
    this.connection.start();
    this.connection.receive(firstBytes);
  }

  /** No new requests; closes when the last one has ended. */
  close(): void {
    if (this.#draining) return;
    this.#draining = true;
    if (!this.connection.established) {
      // Whatever request is on its way, the caller will know that it was not processed.
      this.connection.goaway(NO_ERROR);
      return this.#wire.close();
    }
    this.connection.announceGoaway();
    this.#goawayTimer = this.#context.clock.setTimer(GOAWAY_PAUSE_MS, () => {
      this.connection.goaway(NO_ERROR);
      this.#closeIfIdle();
    });
  }

  countBytes(): void {
    const { counters, limits } = this.#context;
    limits.downstream.maxConcurrentStreams += this.connection.refusedStreams;
    this.connection.refusedStreams = 0;
    counters.downstreamReceivedBytes += this.#wire.takeBytesRead();
    counters.downstreamSentBytes += this.#wire.takeBytesWritten();
  }

  /** The response is complete and the request is not: asks the caller, after a while, to stop sending (RFC 9113 8.1). */
  stopRequest(stream: Http2Stream<StreamOwner>): void {
    this.#context.clock.setTimer(REQUEST_GRACE_MS, () => this.connection.resetStream(stream, NO_ERROR));
  }

  onHeaders(stream: Http2Stream<StreamOwner>, block: HeaderBlock, endStream: boolean): void {
    const { counters } = this.#context;
    counters.downstreamStreamsTotal++;
    if (block.path === undefined) {
      replyText(this.connection, stream, block, 501, 'weir: CONNECT is not offered inside HTTP/2');
      if (!endStream) this.connection.resetStream(stream, NO_ERROR);
      return;
    }
    const routed = this.#router.route(block);
    const owner =
      routed.open === undefined
        ? this.#open(stream, block, routed, endStream)
        : routed.open(this, stream, block, routed, endStream);
    stream.owner = owner;
    counters.downstreamStreams++;
    owner.start();
  }

  onTrailers(stream: Http2Stream<StreamOwner>, block: HeaderBlock): void {
    stream.owner?.onRequestTrailers(block);
  }

  onData(
    stream: Http2Stream<StreamOwner>,
    chunk: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    if (stream.owner === undefined) this.credit.passed(end - start);
    else stream.owner.onRequestData(chunk, start, end, endStream);
  }

  onHeaderListTooLarge(stream: Http2Stream<StreamOwner>, endStream: boolean): void {
    this.#context.limits.downstream.maxHeaderListBytes++;
    const reason = `the request's metadata is larger than ${this.#context.http2.maxHeaderListBytes} bytes`;
    if (stream.owner !== undefined) return stream.owner.onRequestTooLarge(reason);
    this.#context.counters.downstreamStreamsTotal++;
    // Its fields are lost, and with them whether it is gRPC; what else would have so much metadata.
    this.connection.sendHeaders(stream, trailersOnly(RESOURCE_EXHAUSTED, `weir: ${reason}`), true);
    if (!endStream) this.connection.resetStream(stream, NO_ERROR);
  }

  onReset(stream: Http2Stream<StreamOwner>, _errorCode: number, byPeer: boolean): void {
    if (byPeer) this.#context.counters.downstreamResets++;
    stream.owner?.onDownstreamReset();
  }

  onClosed(stream: Http2Stream<StreamOwner>): void {
    if (stream.owner !== undefined) {
      stream.owner = undefined;
      this.#context.counters.downstreamStreams--;
    }
    if (this.connection.draining) this.#closeIfIdle();
  }

  onSendable(stream: Http2Stream<StreamOwner>): void {
    stream.owner?.onDownstreamSendable();
  }

  onSettings(): void {}

  onGoaway(): void {
    this.#closeIfIdle();
  }

  onPong(): void {}

  onFailure(errorCode: number, message: string): void {
    const { counters, limits } = this.#context;
    const { limitHit } = this.connection;
    counters.downstreamProtocolErrors++;
    if (limitHit !== undefined) limits.downstream[limitHit]++;
    this.#context.logger.warn('a caller broke the HTTP/2 protocol', {
      caller: this.caller.ip,
      code: errorCodeName(errorCode),
      reason: message,
    });
    for (const stream of newestFirst(this.connection.openStreams())) stream.owner?.onDownstreamReset();
    this.#wire.close();
  }

  onConnectionOverdue(delay: ConnectionDelay): void {
    this.#context.limits.downstream[delay]++;
  }

  idleTimeoutMs(stream: Http2Stream<StreamOwner>): number | undefined {
    return stream.owner?.idleTimeoutMs;
  }

  onStreamOverdue(stream: Http2Stream<StreamOwner>, delay: StreamDelay): void {
    this.#context.limits.downstream[delay]++;
    stream.owner?.onOverdue(delay);
    // The answer may be complete, and the caller silent about the rest of its request.
    this.connection.resetStream(stream, NO_ERROR);
  }

  onOutput(): void {
    this.#wire.wake();
  }

  #open(
    stream: Http2Stream<StreamOwner>,
    block: HeaderBlock,
    routed: RoutedRequest,
    endStream: boolean,
  ): StreamOwner {
    if (this.#explains && wantsExplanation(block)) {
      const why = this.#router.explain?.(block, routed);
      if (why !== undefined)
        return new ExplainedExchange(this.#context, this, stream, block, routed, endStream, why);
    }
    return new Exchange(this.#context, this, stream, block, routed, endStream);
  }

  #closeIfIdle(): void {
    if (this.connection.activeStreams === 0) this.#wire.close();
  }

  #onGone(): void {
    const { counters, openConnections } = this.#context;
    this.#goawayTimer?.cancel();
    this.#context.patrol.leave(this.#watch);
    this.countBytes();
    openConnections.delete(this);
    counters.downstreamConnections--;
    for (const stream of newestFirst(this.connection.abandonStreams())) {
      stream.owner?.onDownstreamReset();
      this.onClosed(stream);
    }
  }
}

/**
 * Requests that wait for room are the newest. Were the older ones taken away first, each would make room, and
 * the endpoint would hear of a request that nobody wants.
 */
function newestFirst<T>(streams: Iterable<T>): T[] {
  return [...streams].reverse();
}
