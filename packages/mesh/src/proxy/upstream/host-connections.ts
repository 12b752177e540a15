import type { CircuitBreaker, Limit, Timer } from '@weir/core';
import type { Cluster } from '../config/cluster.js';
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
  readonly #cluster: Cluster;
  readonly #open = new Set<UpstreamConnection>();
  readonly #pending = new Set<Attempt>();
  /** Of the cluster, known since a request has waited. */
  #limits: CircuitBreaker | undefined = undefined;
  /** Connections that count against the cluster's limit. */
  readonly #counted = new Map<UpstreamConnection, Limit>();
  /** Of `#open`, those that are being dialled and those that take requests; the rest is retired. */
  #connecting = 0;
  #ready = 0;
  #draining = false;
  /** Dials that failed since one succeeded. */
  #failures = 0;
  #reconnectTimer: Timer | undefined = undefined;

  constructor(context: RelayContext, host: UpstreamHost, cluster: Cluster) {
    this.#context = context;
    this.#host = host;
    this.#cluster = cluster;
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

  /** The last dial failed and none has succeeded since: other hosts are to be preferred. */
  get unreachable(): boolean {
    return this.#failures > 0 && this.#ready === 0;
  }

  /** Takes the attempt to a connection, now or as soon as there is one; or fails it when too many wait. */
  acquire(attempt: Attempt): void {
    attempt.pool = this;
    const connection = this.#leastBusy();
    if (connection !== undefined) return connection.take(attempt);
    const { name, limits } = attempt.cluster;
    if (!limits.pendingRequests.tryAcquire()) {
      const message = `${limits.pendingRequests.max} requests, the most for ${name}, wait for a connection`;
      return attempt.owner.onAttemptFailed(attempt, { kind: 'overflow', message });
    }
    this.#limits = limits;
    this.#pending.add(attempt);
    // While one connection works, a failed dial for another is repeated by the timer alone.
    if (this.#ready === 0 || this.#failures === 0) this.#dialForPending();
  }

  /** A connection that has room for a probe; `undefined` while there is none, and one is seen to. */
  get probeable(): UpstreamConnection | undefined {
    const connection = this.#leastBusy();
    if (connection !== undefined || this.#open.size > 0 || this.#failures > 0 || this.#draining)
      return connection;
    this.#dial();
    return undefined;
  }

  /** The attempt is no longer wanted. */
  cancel(attempt: Attempt): void {
    this.#endWait(attempt);
  }

  drain(): void {
    this.#draining = true;
    this.#reconnectTimer?.cancel();
    for (const connection of [...this.#open]) connection.drain();
    if (this.#pending.size === 0) return;
    // Not at once: the cluster is amid its update, and its balancer still picks from the hosts of before.
    this.#context.clock.setTimer(0, () => this.#failPending('the endpoint was removed'));
  }

  destroy(): void {
    this.drain();
    for (const connection of [...this.#open]) connection.destroy();
  }

  onReady(connection: UpstreamConnection): void {
    this.#connecting--;
    this.#ready++;
    this.#failures = 0;
    this.#reconnectTimer?.cancel();
    this.onRoom(connection);
  }

  onRoom(connection: UpstreamConnection): void {
    if (this.#pending.size === 0) return;
    for (const attempt of this.#pending) {
      if (!connection.hasRoom) break;
      this.#endWait(attempt);
      connection.take(attempt);
    }
    if (this.#failures === 0) this.#dialForPending();
  }

  onRetired(): void {
    this.#ready--;
    this.#dialForPending();
  }

  onGone(connection: UpstreamConnection, error: string | undefined): void {
    this.#open.delete(connection);
    this.#counted.get(connection)?.release();
    this.#counted.delete(connection);
    if (error === undefined) return;
    this.#connecting--;
    if (this.#draining) return;
    this.#failures++;
    if (this.#connecting > 0) return;
    this.#scheduleReconnect();
    if (this.#ready === 0) this.#failPending(error);
  }

  #failPending(message: string): void {
    const waiting = [...this.#pending];
    for (const attempt of waiting) this.#endWait(attempt);
    for (const attempt of waiting) attempt.owner.onAttemptFailed(attempt, { kind: 'connect', message });
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

  #dialForPending(): void {
    if (this.#draining) return;
    const { maxConnectionsPerHost, assumedConcurrentStreams } = this.#context.options;
    const { maxConcurrentStreams, maxRequestsPerConnection } = this.#cluster.pool;
    const perConnection = Math.min(assumedConcurrentStreams, maxConcurrentStreams, maxRequestsPerConnection);
    while (
      this.#pending.size > this.#connecting * perConnection &&
      this.#connecting + this.#ready < maxConnectionsPerHost
    )
      if (!this.#dial()) return;
  }

  #endWait(attempt: Attempt): void {
    if (this.#pending.delete(attempt)) attempt.cluster.limits.pendingRequests.release();
  }

  /** Opens a connection; false when there are too many. A host without any gets one all the same, as in Envoy. */
  #dial(): boolean {
    const limit = this.#limits?.connections;
    const granted = limit === undefined || limit.tryAcquire();
    if (!granted && this.#connecting + this.#ready > 0) return false;
    this.#connecting++;
    const connection = new UpstreamConnection(this.#context, this.#host.endpoint, this.#cluster, this);
    this.#open.add(connection);
    if (granted && limit !== undefined) this.#counted.set(connection, limit);
    return true;
  }

  /** Dials again by itself, so that no request has to pay for finding out whether the host is back. */
  #scheduleReconnect(): void {
    const { options, clock, random } = this.#context;
    const delayMs = Math.min(
      options.reconnectCapMs,
      options.reconnectBaseMs * RECONNECT_FACTOR ** (this.#failures - 1),
    );
    const jitter = 1 + RECONNECT_JITTER * (2 * random.next() - 1);
    this.#reconnectTimer?.cancel();
    this.#reconnectTimer = clock.setTimer(delayMs * jitter, () => {
      if (this.#connecting === 0 && (this.#ready === 0 || this.#pending.size > 0)) this.#dial();
    });
  }
}
