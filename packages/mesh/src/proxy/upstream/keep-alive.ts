import type { Timer } from '@weir/core';
import type { RelayContext } from '../relay/relay-context.js';

/**
 * Finds out that an endpoint is dead though its connection looks alive: a PING after a time with open
 * streams, and an answer within the timeout. Servers answer pings more often than every five minutes with
 * ENHANCE_YOUR_CALM (gRFC A8), and an idle connection needs none.
 */
export class KeepAlive {
  readonly #context: RelayContext;
  readonly #connection: Pingable;
  readonly #onDead: () => void;
  #timer: Timer | undefined = undefined;

  constructor(context: RelayContext, connection: Pingable, onDead: () => void) {
    this.#context = context;
    this.#connection = connection;
    this.#onDead = onDead;
  }

  start(): void {
    const { clock, options } = this.#context;
    this.#timer = clock.setTimer(options.keepaliveTimeMs, () => {
      if (this.#connection.activeStreams === 0) return this.start();
      this.#connection.ping();
      this.#timer = clock.setTimer(options.keepaliveTimeoutMs, this.#onDead);
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
