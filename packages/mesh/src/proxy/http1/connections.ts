import { type ClientRequest, request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { Http1Pool } from '../host-pool.js';
import type { RelayContext } from '../relay/relay-context.js';
import { HostAgent } from './host-agent.js';
import type { RequestHead } from './request-head.js';
import { meterSocket } from './socket-meter.js';

/** For response headers as for requests'. */
export const MAX_HEADER_BYTES = 64 * 1024;

/** The connections of HTTP/1.1 to one endpoint, one request on each at a time. */
export class Http1Connections implements Http1Pool {
  readonly #context: RelayContext;
  readonly #host: UpstreamHost;
  readonly #cluster: Cluster;
  readonly #agent: HostAgent;
  readonly #sockets = new Set<Socket>();
  #failures = 0;
  #retryAtMs = 0;
  #active = 0;
  #pending = 0;

  constructor(context: RelayContext, host: UpstreamHost, cluster: Cluster) {
    this.#context = context;
    this.#host = host;
    this.#cluster = cluster;
    this.#agent = new HostAgent({
      idleTimeoutMs: cluster.pool.idleTimeoutMs,
      maxRequests: () => cluster.pool.maxRequestsPerConnection,
      onDial: (socket) => this.#onDial(socket),
    });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  get activeStreams(): number {
    return this.#active;
  }

  get pendingStreams(): number {
    return this.#pending;
  }

  /** For the pause of gRPC's connection backoff; the next request after it finds out. */
  get unreachable(): boolean {
    return this.#failures > 0 && this.#context.clock.nowMs() < this.#retryAtMs;
  }

  /**
   * Begins a request, on a connection that waits for one or on a new one; when the cluster has as many as it may, it
   * waits for one.
   *
   * @returns `undefined` when too many wait
   */
  begin(head: RequestHead): ClientRequest | undefined {
    const { limits, connectTimeoutMs } = this.#cluster;
    const waits = !this.#agent.hasFree;
    if (waits && !limits.pendingRequests.tryAcquire()) return undefined;
    const { connections } = limits;
    const isFull = connections.active >= connections.max && this.#sockets.size > 0;
    this.#agent.maxSockets = isFull ? this.#sockets.size : Infinity;
    const { host, port } = this.#host.endpoint;
    const request = httpRequest({
      ...head,
      host,
      port,
      agent: this.#agent,
      setHost: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      insecureHTTPParser: false,
    });
    this.#active++;
    if (waits) this.#pending++;
    let waiting = waits;
    const endWait = (): void => {
      timer?.cancel();
      if (!waiting) return;
      waiting = false;
      this.#pending--;
      limits.pendingRequests.release();
    };
    let timer: { cancel(): void } | undefined = undefined;
    request.once('socket', (socket) => {
      if (!socket.connecting) return endWait();
      timer = this.#context.clock.setTimer(connectTimeoutMs, () => {
        this.#context.counters.upstreamConnectTimeouts++;
        socket.destroy(new Error(`no connection within ${connectTimeoutMs} ms`));
      });
      socket.once('connect', endWait);
    });
    request.once('close', () => {
      this.#active--;
      endWait();
    });
    return request;
  }

  /** What is under way ends in peace. */
  drain(): void {
    this.#agent.drain();
  }

  destroy(): void {
    this.#agent.drain();
    for (const socket of this.#sockets) socket.destroy();
  }

  #onDial(socket: Socket): void {
    const { counters, clock, options } = this.#context;
    const { connections } = this.#cluster.limits;
    const isCounted = connections.tryAcquire();
    this.#sockets.add(socket);
    meterSocket(this.#context, socket, 'upstream');
    let connected = false;
    socket.setNoDelay(true);
    socket.once('connect', () => {
      connected = true;
      this.#failures = 0;
      counters.upstreamConnectionsTotal++;
    });
    socket.once('error', () => {
      if (connected) return;
      counters.upstreamConnectFailures++;
      const { reconnectBaseMs, reconnectCapMs } = options;
      this.#retryAtMs = clock.nowMs() + Math.min(reconnectCapMs, reconnectBaseMs * 1.6 ** this.#failures);
      this.#failures++;
    });
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (isCounted) connections.release();
    });
  }
}

/** The pool of a host, made when the first request needs it. */
export function poolOf(context: RelayContext, host: UpstreamHost, cluster: Cluster): Http1Connections {
  if (host.http1 instanceof Http1Connections) return host.http1;
  const pool = new Http1Connections(context, host, cluster);
  host.http1 = pool;
  return pool;
}
