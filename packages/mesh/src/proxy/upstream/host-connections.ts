import type { Timer } from '@weir/core';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { HostPool } from '../host-pool.js';
import type { Attempt } from '../relay/attempt.js';
import type { RelayContext } from '../relay/relay-context.js';
import { UpstreamConnection, type UpstreamConnectionEvents } from './upstream-connection.js';

/** gRPC's connection backoff (doc/connection-backoff.md). */
const RECONNECT_FACTOR = 1.6;
const RECONNECT_JITTER = 0.2;

/**
 * The connections to one endpoint. One is enough until the endpoint's limit of concurrent streams is
 * reached; then another is opened (gRFC A105), and requests wait for it.
 */
export class HostConnections implements HostPool, UpstreamConnectionEvents {
  readonly #context: RelayContext;
  readonly #host: UpstreamHost;
  readonly #connectTimeoutMs: () => number;
  readonly #open = new Set<UpstreamConnection>();
  readonly #pending = new Set<Attempt>();
  #connecting = 0;
  #draining = false;
  #failures = 0;
  #reconnectTimer: Timer | undefined = undefined;

  constructor(context: RelayContext, host: UpstreamHost, connectTimeoutMs: () => number) {
    this.#context = context;
    this.#host = host;
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  get connections(): number {
    return this.#open.size - this.#connecting;
  }

  get activeStreams(): number {
    let streams = 0;
    for (const { connection } of this.#open) streams += connection.activeStreams;
    return streams;
  }

  get pendingStreams(): number {
    return this.#pending.size;
  }

  /** The last dial failed and the pause before the next one is not over: other hosts are to be preferred. */
  get unreachable(): boolean {
    return this.#failures > 0 && this.connections === 0;
  }

  /** Takes the attempt to a connection, now or as soon as there is one. */
  acquire(attempt: Attempt): void {
    attempt.pool = this;
    const connection = this.#leastBusy();
    if (connection !== undefined) return begin(attempt, connection);
    this.#pending.add(attempt);
    this.#dialIfNeeded();
  }

  /** The attempt is no longer wanted. */
  cancel(attempt: Attempt): void {
    this.#pending.delete(attempt);
  }

  drain(): void {
    this.#draining = true;
    this.#reconnectTimer?.cancel();
    this.#failPending('the endpoint was removed');
    for (const connection of [...this.#open]) connection.drain();
  }

  destroy(): void {
    this.#draining = true;
    this.#reconnectTimer?.cancel();
    for (const connection of [...this.#open]) connection.destroy();
  }

  onReady(connection: UpstreamConnection): void {
    this.#connecting--;
    this.#failures = 0;
    this.#reconnectTimer?.cancel();
    this.onRoom(connection);
  }

  onRoom(connection: UpstreamConnection): void {
    for (const attempt of this.#pending) {
      if (!connection.hasRoom) break;
      this.#pending.delete(attempt);
      begin(attempt, connection);
    }
    if (this.#pending.size > 0) this.#dialIfNeeded();
  }

  onGone(connection: UpstreamConnection, error: string | undefined): void {
    this.#open.delete(connection);
    if (error === undefined) {
      if (this.#pending.size > 0) this.#dialIfNeeded();
      return;
    }
    this.#connecting--;
    if (this.#connecting > 0 || this.connections > 0) return;
    this.#failures++;
    this.#scheduleReconnect();
    this.#failPending(error);
  }

  #failPending(message: string): void {
    const waiting = [...this.#pending];
    this.#pending.clear();
    for (const attempt of waiting) attempt.exchange.onAttemptFailed({ kind: 'connect', message });
  }

  #leastBusy(): UpstreamConnection | undefined {
    let best: UpstreamConnection | undefined;
    for (const connection of this.#open) {
      if (!connection.hasRoom) continue;
      if (best === undefined || connection.connection.activeStreams < best.connection.activeStreams)
        best = connection;
    }
    return best;
  }

  #dialIfNeeded(): void {
    const { maxConnectionsPerHost, assumedConcurrentStreams } = this.#context.options;
    if (this.#open.size >= maxConnectionsPerHost) return;
    if (this.#pending.size > this.#connecting * assumedConcurrentStreams) this.#dial();
  }

  #dial(): void {
    this.#connecting++;
    this.#open.add(
      new UpstreamConnection(this.#context, this.#host.endpoint, this.#connectTimeoutMs(), this),
    );
  }

  /** Dials again by itself, so that no request has to pay for finding out whether the host is back. */
  #scheduleReconnect(): void {
    if (this.#draining) return;
    const { options, clock, random } = this.#context;
    const delayMs = Math.min(
      options.reconnectCapMs,
      options.reconnectBaseMs * RECONNECT_FACTOR ** (this.#failures - 1),
    );
    const jitter = 1 + RECONNECT_JITTER * (2 * random.next() - 1);
    this.#reconnectTimer?.cancel();
    this.#reconnectTimer = clock.setTimer(delayMs * jitter, () => {
      if (this.#connecting === 0 && this.connections === 0 && !this.#draining) this.#dial();
    });
  }
}

function begin(attempt: Attempt, connection: UpstreamConnection): void {
  attempt.connection = connection;
  attempt.exchange.onConnection(attempt);
}
