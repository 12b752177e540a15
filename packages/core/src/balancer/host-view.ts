import type { EndpointState } from '../endpoint/endpoint-state.js';

/** How a balancer is to see hosts, which is not always as they are described. */
export interface HostView {
  /** Whether a host may be given new requests. */
  isAvailable(host: EndpointState): boolean;
  /** A host's share in relation to the others; more than 0. */
  weightOf(host: EndpointState): number;
}

/** Hosts that are healthy and not ejected, by the weight of their endpoint. */
export const asDescribed: HostView = {
  isAvailable: ({ endpoint, stats }) => endpoint.health === 'healthy' && !stats.ejected,
  weightOf: ({ endpoint }) => endpoint.weight,
};

/** Every host but those that are about to go: what is left when too few are healthy. */
export const inPanic: HostView = {
  isAvailable: ({ endpoint }) => endpoint.health !== 'draining',
  weightOf: asDescribed.weightOf,
};

/** The hosts that may be picked, in the order given; always an array of its own. */
export function availableHosts<Host extends EndpointState>(hosts: readonly Host[], view: HostView): Host[] {
  return hosts.filter((host) => view.isAvailable(host));
}

/** Whether every host is due the same share. */
export function areEqual(weights: readonly number[]): boolean {
  return weights.every((weight) => weight === weights[0]);
}
