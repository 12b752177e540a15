import { compileRouteTable, type RouteDescription, type VirtualHostDescription } from '@weir/core';
import type { PeerCall } from './peer.test.support.js';
import { RelayRig, type RigOptions } from './relay-rig.test.support.js';

/** A rig whose one service has these routes. */
export function rigWithRoutes(
  routes: readonly RouteDescription[],
  options: RigOptions = {},
  host: Partial<VirtualHostDescription> = {},
): RelayRig {
  const rig = new RelayRig(options);
  const table = compileRouteTable({
    version: '1',
    virtualHosts: [{ name: 'echo:50051', domains: ['*'], ...host, routes }],
  });
  rig.context.config.route = () => table;
  return rig;
}

/** A route for everything to the one cluster, with what a test adds. */
export function forwardRoute(
  more: Partial<RouteDescription> = {},
  action: Partial<RouteDescription['action']> = {},
): RouteDescription {
  return {
    name: 'all',
    match: { path: { kind: 'prefix', value: '/' }, headers: [] },
    action: {
      kind: 'forward',
      clusters: [{ cluster: 'echo', weight: 1 }],
      timeoutMs: 0,
      ...action,
    } as RouteDescription['action'],
    ...more,
  };
}

/** Makes a call that endpoints answer at once, and returns both sides of it. */
export function callOnce(
  rig: RelayRig,
  fields: Readonly<Record<string, string | undefined>> = {},
): { readonly call: PeerCall; readonly request: PeerCall | undefined } {
  let request: PeerCall | undefined;
  for (const endpoint of rig.endpoints) {
    endpoint.onCall = (arrived) => {
      request = arrived;
      arrived.respond('reply');
    };
  }
  const call = rig.connect().peer.call(fields, true);
  rig.settle();
  return { call, request };
}
