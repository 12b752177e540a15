import { type Endpoint, type EndpointState, EndpointStats, type LoadReport } from '@weir/core';
import type { ConnectionState, EndpointDescription, Leaf, ResolvedEndpoint } from './policy.js';

/** An endpoint with its connection. What is learnt of it is in `stats` and survives every update. */
export class ClientHost implements EndpointState {
  endpoint: Endpoint;
  readonly stats = new EndpointStats();
  /** What it last said of itself. */
  load: LoadReport | undefined = undefined;
  /** Until then, on the clock's `nowMs`, it is not probed: it has said that it does not answer probes. */
  noProbesUntilMs = -Infinity;
  #leaf: Leaf | undefined = undefined;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  /** Its connection; only hosts of the current update have one. */
  get leaf(): Leaf {
    return this.#leaf ?? noConnection;
  }

  get connected(): boolean {
    return this.#leaf !== undefined;
  }

  get state(): ConnectionState {
    return this.leaf.state;
  }

  attach(leaf: Leaf): void {
    this.#leaf = leaf;
  }

  detach(): void {
    this.#leaf?.destroy();
    this.#leaf = undefined;
  }

  describe(): EndpointDescription {
    const { endpoint, stats } = this;
    return {
      address: endpoint.address,
      pod: endpoint.pod,
      locality: endpoint.locality,
      state: this.state,
      weight: endpoint.weight,
      inFlight: stats.inFlight,
      started: stats.started,
      failed: stats.failed,
      latencyMs: stats.latency?.latencyMs,
      penaltyMs: stats.latency?.penaltyMs,
      load: this.load,
    };
  }
}

const noConnection: Leaf = {
  state: 'idle',
  connect: () => {},
  ask: () => undefined,
  destroy: () => {},
};

/** The endpoint as the balancers know it. */
export function endpointOf({ address, details }: ResolvedEndpoint): Endpoint {
  const colon = address.lastIndexOf(':');
  const host = colon < 0 ? address : address.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = colon < 0 ? 0 : Number(address.slice(colon + 1));
  return { address, host, port, health: 'healthy', ...details };
}
