import { type EndpointSlice, mergeSlices, type MergedEndpoint } from '@weir/core/kube';
import type { FoundEndpoint } from './resolver.js';

/** Which of its ports a target means, as far as the slices tell. */
export type PortChoice =
  | { readonly name: string }
  /** There are several, and only the Service says which of them has this number. */
  | { readonly ambiguous: readonly string[] }
  | { readonly unknown: string };

/**
 * Finds the port that a target means. Slices know ports by the name they have in the Service, and the number
 * they have on the pod, which need not be the Service's.
 *
 * @param port of the target
 */
export function choosePort(slices: readonly EndpointSlice[], port: number | string | undefined): PortChoice {
  const names = [...new Set(slices.flatMap(({ ports }) => ports.map(({ name }) => name ?? '')))].sort();
  const list = names.map((name) => name || '(unnamed)').join(', ');
  if (typeof port === 'string') {
    return names.includes(port) || names.length === 0
      ? { name: port }
      : { unknown: `no port ${port}; it has ${list}` };
  }
  if (names.length <= 1) return { name: names[0] ?? '' };
  return port === undefined
    ? { unknown: `several ports, ${list}: name one in the target` }
    : { ambiguous: names };
}

/** The names of the ports that have this number on the pods. */
export function portsByNumber(slices: readonly EndpointSlice[], port: number): readonly string[] {
  const names = slices.flatMap(({ ports }) =>
    ports.filter((one) => one.port === port).map(({ name }) => name ?? ''),
  );
  return [...new Set(names)];
}

/**
 * The endpoints of a Service's port to which calls may go: those that are ready, or, when there is none, those
 * that end but still serve. Where every endpoint has a hint (topology-aware routing), those meant for the zone.
 *
 * @param zone the caller's; empty: unknown
 */
export function endpointsOf(
  slices: readonly EndpointSlice[],
  portName: string,
  zone: string,
): readonly FoundEndpoint[] {
  const family = slices.some(({ addressType }) => addressType === 'IPv4') ? 'IPv4' : 'IPv6';
  const usable = mergeSlices(slices, portName, family).filter(({ health }) => health === 'healthy');
  return hintedFor(zone, usable).map(({ host, port, weight, locality, pod }) => ({
    host,
    port,
    weight,
    locality: locality.zone === '' && locality.region === '' ? '' : `${locality.region}/${locality.zone}/`,
    pod,
  }));
}

/** As kube-proxy has it: a hint counts only when all have one, and some are for this zone (KEP-2433). */
function hintedFor(zone: string, endpoints: readonly MergedEndpoint[]): readonly MergedEndpoint[] {
  if (zone === '' || endpoints.some(({ zoneHints }) => zoneHints.length === 0)) return endpoints;
  const near = endpoints.filter(({ zoneHints }) => zoneHints.includes(zone));
  return near.length > 0 ? near : endpoints;
}
