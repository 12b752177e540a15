import type { Cluster } from '../../../xds/generated/envoy.config.cluster.v3.js';
import type { ClusterLoadAssignment } from '../../../xds/generated/envoy.config.endpoint.v3.js';
import type { Listener } from '../../../xds/generated/envoy.config.listener.v3.js';
import type { RouteConfiguration } from '../../../xds/generated/envoy.config.route.v3.js';
import { isVisible, type Model, type ModelService } from '../../registry/model.js';
import { carriesRequests } from '../../registry/protocol.js';
import { translateCluster, type BalancerName } from './cluster.js';
import { translateListener } from './listener.js';
import { translateLoadAssignment } from './load-assignment.js';
import { translateRouteConfiguration } from './route-configuration.js';

/** What belongs to one service alone, whoever asks. */
export interface ServiceResources {
  readonly clusters: readonly Cluster[];
  readonly assignments: readonly ClusterLoadAssignment[];
}

/** What brings a client's requests to the services it sees. */
export interface EntryResources {
  readonly listeners: readonly Listener[];
  readonly routes: readonly RouteConfiguration[];
}

/** A service's clusters and endpoints: one of each for every port that carries requests. */
export function translateService(service: ModelService, balancer: BalancerName): ServiceResources {
  const ports = service.ports.filter((port) => carriesRequests(port.protocol));
  return {
    clusters: ports.map((port) => translateCluster(service, port, balancer)),
    assignments: ports.map((port) => translateLoadAssignment(service, port)),
  };
}

/** Listeners and routes for a client in `namespace`; ports that carry no requests have none and pass through. */
export function translateEntries(services: readonly ModelService[], namespace: string): EntryResources {
  const byPort = new Map<number, ModelService[]>();
  for (const service of services) {
    for (const port of service.ports) {
      if (!carriesRequests(port.protocol)) continue;
      const others = byPort.get(port.number);
      if (others === undefined) byPort.set(port.number, [service]);
      else others.push(service);
    }
  }
  const ports = [...byPort.keys()].sort((a, b) => a - b);
  return {
    listeners: ports.map(translateListener),
    routes: ports.map((port) => translateRouteConfiguration(port, byPort.get(port) ?? [], namespace)),
  };
}

/**
 * The services a client in `namespace` sees, each host once: where several objects have one host, the one of
 * the client's own namespace is taken, then the first in the model.
 */
export function visibleServices(model: Model, namespace: string): readonly ModelService[] {
  const byHost = new Map<string, ModelService>();
  for (const service of model.services) {
    if (!isVisible(service, namespace)) continue;
    const known = byHost.get(service.host);
    const isCloser = known?.namespace !== namespace && service.namespace === namespace;
    if (known === undefined || isCloser) byHost.set(service.host, service);
  }
  return [...byHost.values()];
}
