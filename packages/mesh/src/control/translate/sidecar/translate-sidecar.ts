import type { Cluster } from '../../../xds/generated/envoy.config.cluster.v3.js';
import type { ClusterLoadAssignment } from '../../../xds/generated/envoy.config.endpoint.v3.js';
import type { Listener } from '../../../xds/generated/envoy.config.listener.v3.js';
import type { RouteConfiguration } from '../../../xds/generated/envoy.config.route.v3.js';
import { hasLabels, type Client } from '../../registry/client.js';
import type { EffectiveRule, EffectiveSubset } from '../../registry/effective-rule.js';
import { effectiveTrafficPolicy } from '../../registry/effective-traffic-policy.js';
import type { ModelPort, ModelService } from '../../registry/model.js';
import { carriesRequests } from '../../registry/protocol.js';
import { clusterName } from '../names.js';
import type { BalancerName } from './balancer.js';
import type { ClientView } from './client-view.js';
import { translateCluster, translateMissingCluster } from './cluster.js';
import { filtersIn, translateListener } from './listener.js';
import { translateLoadAssignment } from './load-assignment.js';
import { localityOrder, type LocalityOrder } from './locality-order.js';
import { translateRouteConfiguration } from './route-configuration.js';

/** Clusters, each with its endpoints. */
export interface ClusterResources {
  readonly clusters: readonly Cluster[];
  readonly assignments: readonly ClusterLoadAssignment[];
}

/** What brings a client's requests to the services it sees. */
export interface EntryResources extends ClusterResources {
  readonly listeners: readonly Listener[];
  readonly routes: readonly RouteConfiguration[];
}

/**
 * A service's clusters and endpoints: for every port that carries requests one of the whole, and one of each
 * subset.
 *
 * @param rule what DestinationRules say of it to the client
 */
export function translateService(
  service: ModelService,
  rule: EffectiveRule | undefined,
  client: Client,
  balancer: BalancerName,
): ClusterResources {
  const clusters: Cluster[] = [];
  const assignments: ClusterLoadAssignment[] = [];
  for (const { port, subset } of clustersOf(service, rule)) {
    const name = clusterName(service.host, port.number, subset?.name);
    const found = effectiveTrafficPolicy(rule, subset, port.number);
    clusters.push(translateCluster(name, found, balancer));
    assignments.push(translateSubset(name, port, subset, localityOrder(found?.policy, client)));
  }
  return { clusters, assignments };
}

/** What a cluster stands for: a port of a service, or of a subset of its endpoints. */
export interface ClusterPart {
  readonly port: ModelPort;
  readonly subset: EffectiveSubset | undefined;
}

/** All parts of a service that get a cluster of their own. */
export function* clustersOf(service: ModelService, rule: EffectiveRule | undefined): Iterable<ClusterPart> {
  for (const port of service.ports) {
    if (!carriesRequests(port.protocol)) continue;
    yield { port, subset: undefined };
    for (const subset of rule?.subsets ?? []) yield { port, subset };
  }
}

/** The endpoints of one part of a service. */
export function translateSubset(
  name: string,
  port: ModelPort,
  subset: EffectiveSubset | undefined,
  order: LocalityOrder | undefined,
): ClusterLoadAssignment {
  const endpoints =
    subset === undefined
      ? port.endpoints
      : port.endpoints.filter(({ labels }) => hasLabels(labels, subset.labels));
  return translateLoadAssignment(name, endpoints, order);
}

/**
 * Listeners and routes for a client, and clusters that routes name and nothing stands behind. Ports that carry no
 * requests have none and pass through.
 */
export function translateEntries(view: ClientView, balancer: BalancerName): EntryResources {
  const byPort = new Map<number, ModelService[]>();
  for (const service of view.services) {
    for (const port of service.ports) {
      if (!carriesRequests(port.protocol)) continue;
      const others = byPort.get(port.number);
      if (others === undefined) byPort.set(port.number, [service]);
      else others.push(service);
    }
  }
  const ports = [...byPort.keys()].sort((a, b) => a - b);
  const routes = ports.map((port) => translateRouteConfiguration(port, byPort.get(port) ?? [], view));
  const missing = [...view.missing];
  return {
    listeners: ports.map((port, index) => translateListener(port, filtersIn(routes[index]))),
    routes,
    clusters: missing.map((each) => translateMissingCluster(each, balancer)),
    assignments: missing.map(({ name }) => translateLoadAssignment(name, [])),
  };
}
