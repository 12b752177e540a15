import type { Timer } from '@weir/core';
import type { PoolSettings } from '../config/cluster-settings/read-pool.js';
import type { RelayContext } from '../relay/relay-context.js';

/**
 * Finds out that an endpoint is dead though its connection looks alive: a PING after a time, and an answer
 * within the timeout. Servers answer pings more often than every five minutes with ENHANCE_YOUR_CALM (gRFC A8),
 * and an idle connection needs none; where the cluster says how often, it is done as it says, idle or not, as in
 * Envoy (`connection_keepalive`).
 */
export class KeepAlive {
  readonly #context: RelayContext;
  readonly #connection: Pingable;
  readonly #pool: () => PoolSettings;
  readonly #onDead: () => void;
  #timer: Timer | undefined = undefined;

  constructor(context: RelayContext, connection: Pingable, pool: () => PoolSettings, onDead: () => void) {
    this.#context = context;
    this.#connection = connection;
    this.#pool = pool;
    this.#onDead = onDead;
  }

  start(): void {
    const { clock, options } = this.#context;
    const asked = this.#pool().http2Keepalive;
    this.#timer = clock.setTimer(asked?.intervalMs ?? options.keepaliveTimeMs, () => {
      if (asked === undefined && this.#connection.activeStreams === 0) return this.start();
      this.#connection.ping();
      this.#timer = clock.setTimer(asked?.timeoutMs ?? options.keepaliveTimeoutMs, this.#onDead);
    });
  }

  onPong(): void {
    this.stop();
    this.start();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

interface Pingable {
  readonly activeStreams: number;
  ping(): void;
}
