import type { EndpointState } from '../endpoint/endpoint-state.js';

/** The hosts that may be given new requests, in the order given; always an array of its own. */
export function healthyHosts<Host extends EndpointState>(hosts: readonly Host[]): Host[] {
  return hosts.filter((host) => host.endpoint.health === 'healthy' && !host.stats.ejected);
}

/** Whether every host is due the same share. */
export function weightsAreEqual(hosts: readonly EndpointState[]): boolean {
  const first = hosts[0]?.endpoint.weight;
  return hosts.every((host) => host.endpoint.weight === first);
}
