import type { Socket } from 'node:net';
import type { Timer } from '@weir/core';
import { RESOURCE_EXHAUSTED } from '../../grpc/status.js';
import { NO_ERROR, REFUSED_STREAM, errorCodeName } from '../../http2/error-code.js';
import { Http2Connection } from '../../http2/connection.js';
import type { ConnectionHandler } from '../../http2/connection-handler.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { Http2Stream } from '../../http2/stream.js';
import { Http2Socket } from '../../transport/http2-socket.js';
import { CreditGate } from './credit-gate.js';
import { Exchange } from './exchange.js';
import { replyLocally } from './local-reply.js';
import type { RelayContext } from './relay-context.js';
import type { Router } from './router.js';

/**
 * Between the two GOAWAY frames of a graceful end: "at least one round-trip time" (RFC 9113 6.8), so that
 * requests under way when the first was sent are still served.
 */
const GOAWAY_PAUSE_MS = 100;

/** A caller's connection: turns its streams into exchanges. */
export class DownstreamConnection implements ConnectionHandler<Exchange> {
  readonly connection: Http2Connection<Exchange>;
  readonly credit: CreditGate<Exchange>;
  readonly #context: RelayContext;
  readonly #socket: Http2Socket<Exchange>;
  readonly #router: Router;
  #draining = false;
  #goawayTimer: Timer | undefined = undefined;

  /**
   * @param onGone - called once, when the connection and all its streams are gone
   */
  constructor(context: RelayContext, socket: Socket, router: Router, onGone: () => void) {
    this.#context = context;
    this.#router = router;
    this.connection = new Http2Connection<Exchange>('server', this, context.http2, context.shared);
    this.credit = new CreditGate(this.connection, context.options.maxQueuedBytes);
    context.counters.downstreamConnections++;
    context.counters.downstreamConnectionsTotal++;
    this.#socket = new Http2Socket(socket, this.connection, context.flushQueue, context.clock, () => {
      context.counters.downstreamConnections--;
      context.counters.downstreamReceivedBytes += this.#socket.takeBytesRead();
      context.counters.downstreamSentBytes += this.#socket.takeBytesWritten();
      this.#goawayTimer?.cancel();
      for (const stream of this.connection.abandonStreams()) {
        stream.owner?.onDownstreamReset();
        this.onClosed(stream);
      }
      onGone();
    });
  }

  /** Begins with what was read of the connection already. */
  start(firstBytes: Buffer): void {
    this.connection.start();
    this.connection.receive(firstBytes);
  }

  /** No new requests; closes when the last one has ended. */
  close(): void {
    if (this.#draining) return;
    this.#draining = true;
    if (!this.connection.established) return this.#socket.close();
    this.connection.announceGoaway();
    this.#goawayTimer = this.#context.clock.setTimer(GOAWAY_PAUSE_MS, () => {
      this.connection.goaway(NO_ERROR);
      this.#closeIfIdle();
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  onHeaders(stream: Http2Stream<Exchange>, block: HeaderBlock, endStream: boolean): void {
    const { counters } = this.#context;
    counters.downstreamStreamsTotal++;
    if (block.path === undefined) {
      // A CONNECT request inside HTTP/2 asks for a tunnel, which nobody offers here.
      this.connection.resetStream(stream, REFUSED_STREAM);
      return;
    }
    const routed = this.#router.route(block);
    const exchange = new Exchange(this.#context, this, stream, block, routed, endStream);
    stream.owner = exchange;
    counters.downstreamStreams++;
    exchange.start();
  }

  onTrailers(stream: Http2Stream<Exchange>, block: HeaderBlock): void {
    stream.owner?.onRequestTrailers(block);
  }

  onData(stream: Http2Stream<Exchange>, chunk: Buffer, start: number, end: number, endStream: boolean): void {
    stream.owner?.onRequestData(chunk, start, end, endStream);
  }

  onHeaderListTooLarge(stream: Http2Stream<Exchange>): void {
    const limit = this.#context.http2.maxHeaderListBytes;
    const message = `weir: the request's metadata is larger than ${limit} bytes`;
    replyLocally(this.connection, stream, true, RESOURCE_EXHAUSTED, message);
    if (!stream.closed) this.connection.resetStream(stream, NO_ERROR);
  }

  onReset(stream: Http2Stream<Exchange>, _errorCode: number, byPeer: boolean): void {
    if (byPeer) this.#context.counters.downstreamResets++;
    stream.owner?.onDownstreamReset();
  }

  onClosed(stream: Http2Stream<Exchange>): void {
    if (stream.owner !== undefined) {
      stream.owner = undefined;
      this.#context.counters.downstreamStreams--;
    }
    if (this.connection.draining) this.#closeIfIdle();
  }

  onSendable(stream: Http2Stream<Exchange>): void {
    stream.owner?.onDownstreamSendable();
  }

  onSettings(): void {}

  onGoaway(): void {
    this.#closeIfIdle();
  }

  onPong(): void {}

  onFailure(errorCode: number, message: string): void {
    this.#context.counters.downstreamProtocolErrors++;
    const { remoteAddress } = this.#socket.socket;
    this.#context.logger.warn('a caller broke the HTTP/2 protocol', {
      caller: remoteAddress,
      code: errorCodeName(errorCode),
      reason: message,
    });
    for (const stream of this.connection.openStreams()) stream.owner?.onDownstreamReset();
    this.#socket.close();
  }

  onOutput(): void {
    this.#socket.wake();
  }

  #closeIfIdle(): void {
    if (this.connection.activeStreams === 0) this.#socket.close();
  }
}
