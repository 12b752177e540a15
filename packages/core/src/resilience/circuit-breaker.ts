/** Most of each kind at one time (`CircuitBreakers.Thresholds`, DestinationRule `connectionPool`). */
export interface CircuitLimits {
  readonly maxConnections: number;
  /** Requests that wait for a connection. */
  readonly maxPendingRequests: number;
  /** Requests in flight or waiting. */
  readonly maxRequests: number;
  /** Retries in flight or waiting out their pause. */
  readonly maxRetries: number;
}

/** No limits, which is what Istio writes when the user says nothing. */
export const noCircuitLimits: CircuitLimits = {
  maxConnections: Infinity,
  maxPendingRequests: Infinity,
  maxRequests: Infinity,
  maxRetries: Infinity,
};

/** So many at a time; counts those that are and those that were turned away. */
export class Limit {
  #max: number;
  #active = 0;
  #refused = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get max(): number {
    return this.#max;
  }

  get active(): number {
    return this.#active;
  }

  /** How often the limit was reached. */
  get refused(): number {
    return this.#refused;
  }

  /** What is going on beyond a new, lower limit goes on. */
  configure(max: number): void {
    this.#max = max;
  }

  /** Asks for one more. When it is granted exactly one `release` follows; when not, nothing does. */
  tryAcquire(): boolean {
    if (this.#active >= this.#max) {
      this.#refused += 1;
      return false;
    }
    this.#active += 1;
    return true;
  }

  release(): void {
    this.#active -= 1;
  }
}

/**
 * Bounds what a cluster is burdened with: beyond a limit a request is answered at once instead of waiting
 * with the others. Kept across configuration updates, since what is going on goes on.
 */
export class CircuitBreaker {
  readonly connections: Limit;
  readonly pendingRequests: Limit;
  readonly requests: Limit;
  readonly retries: Limit;

  constructor(limits: CircuitLimits = noCircuitLimits) {
    this.connections = new Limit(limits.maxConnections);
    this.pendingRequests = new Limit(limits.maxPendingRequests);
    this.requests = new Limit(limits.maxRequests);
    this.retries = new Limit(limits.maxRetries);
  }

  configure(limits: CircuitLimits): void {
    this.connections.configure(limits.maxConnections);
    this.pendingRequests.configure(limits.maxPendingRequests);
    this.requests.configure(limits.maxRequests);
    this.retries.configure(limits.maxRetries);
  }
}
