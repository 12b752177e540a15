import type { PoolSettings } from '../config/cluster-settings/read-pool.js';
import type { Patrolled } from '../relay/patrol.js';

/** A connection as far as its age is concerned. */
export interface UsedConnection {
  readonly activeStreams: number;
  /** Requests that it has taken in all. */
  readonly requests: number;
}

/** Watches over how long a connection is open, and how long it is of no use. Settings count as they are now. */
export class ConnectionLifetime implements Patrolled {
  readonly #connection: UsedConnection;
  readonly #pool: () => PoolSettings;
  readonly #onOver: () => void;
  readonly #begunMs: number;
  #idleSinceMs: number;
  #requests = 0;
  #wasActive = false;

  /** @param onOver - called when it should take no more requests, possibly more than once */
  constructor(connection: UsedConnection, pool: () => PoolSettings, onOver: () => void, nowMs: number) {
    this.#connection = connection;
    this.#pool = pool;
    this.#onOver = onOver;
    this.#begunMs = nowMs;
    this.#idleSinceMs = nowMs;
  }

  look(nowMs: number): void {
    const { idleTimeoutMs, maxConnectionDurationMs } = this.#pool();
    const { activeStreams, requests } = this.#connection;
    // A request that ended since the last round ended now, as far as anybody knows.
    if (activeStreams > 0 || this.#wasActive || requests !== this.#requests) this.#idleSinceMs = nowMs;
    this.#wasActive = activeStreams > 0;
    this.#requests = requests;
    if (isOver(nowMs - this.#idleSinceMs, idleTimeoutMs)) this.#onOver();
    else if (isOver(nowMs - this.#begunMs, maxConnectionDurationMs)) this.#onOver();
  }
}

/** A length of 0 is never over. */
function isOver(passedMs: number, lengthMs: number): boolean {
  return lengthMs > 0 && passedMs >= lengthMs;
}
