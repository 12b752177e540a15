import type { Endpoint } from '../endpoint/endpoint.js';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { EndpointStats } from '../endpoint/endpoint-stats.js';

/** A healthy endpoint of weight 1, `10.0.0.<number>:50051`, with whatever the test wants otherwise. */
export function fakeEndpoint(number: number, over: Partial<Endpoint> = {}): Endpoint {
  const host = over.host ?? `10.0.0.${number}`;
  const port = over.port ?? 50051;
  return {
    address: `${host}:${port}`,
    host,
    port,
    weight: 1,
    health: 'healthy',
    locality: '',
    pod: '',
    ...over,
  };
}

/** One healthy host per weight, numbered from 1. */
export function fakeHosts(...weights: number[]): EndpointState[] {
  return weights.map((weight, index) => ({
    endpoint: fakeEndpoint(index + 1, { weight }),
    stats: new EndpointStats(),
  }));
}
