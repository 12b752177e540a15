import type { Cluster } from './generated/envoy.config.cluster.v3.js';
import type { FilterChain, Listener } from './generated/envoy.config.listener.v3.js';
import type {
  RouteAction,
  RouteAction_RequestMirrorPolicy,
  RouteConfiguration,
} from './generated/envoy.config.route.v3.js';
import { decodeHttpConnectionManager } from './generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import type { Any } from './generated/google.protobuf.js';
import {
  TYPE_CLUSTER,
  TYPE_ENDPOINT,
  TYPE_HTTP_CONNECTION_MANAGER,
  TYPE_ROUTE,
  type ResourceType,
} from './type-urls.js';

/** A resource named by another one. */
export interface Reference {
  readonly typeUrl: ResourceType;
  readonly name: string;
}

/** Route configurations a listener takes over RDS, and clusters of those it carries inline. */
export function listenerReferences(listener: Listener): readonly Reference[] {
  const chains: readonly FilterChain[] = [
    ...(listener.filterChains ?? []),
    ...(listener.defaultFilterChain === undefined ? [] : [listener.defaultFilterChain]),
  ];
  const filters = chains.flatMap((chain) => chain.filters ?? []).map((filter) => filter.typedConfig);
  return distinct([...filters, listener.apiListener?.apiListener].flatMap(connectionManagerReferences));
}

function connectionManagerReferences(config: Any | undefined): readonly Reference[] {
  if (config?.typeUrl !== TYPE_HTTP_CONNECTION_MANAGER) return [];
  const { rds, routeConfig } = decodeHttpConnectionManager(config.value ?? new Uint8Array(0));
  const route = rds?.routeConfigName;
  return [
    ...(route ? [{ typeUrl: TYPE_ROUTE, name: route } as const] : []),
    ...(routeConfig === undefined ? [] : routeReferences(routeConfig)),
  ];
}

/** Clusters that traffic may be sent to, mirrors included. A cluster named by a request header is not known here. */
export function routeReferences(routes: RouteConfiguration): readonly Reference[] {
  const names = [...mirrors(routes.requestMirrorPolicies)];
  for (const host of routes.virtualHosts ?? []) {
    names.push(...mirrors(host.requestMirrorPolicies));
    for (const { route } of host.routes ?? []) if (route !== undefined) names.push(...clustersOf(route));
  }
  return distinct(names.filter(Boolean).map((name) => ({ typeUrl: TYPE_CLUSTER, name })));
}

function clustersOf(action: RouteAction): readonly string[] {
  const weighted = (action.weightedClusters?.clusters ?? []).map((cluster) => cluster.name ?? '');
  return [action.cluster ?? '', ...weighted, ...mirrors(action.requestMirrorPolicies)];
}

function mirrors(policies: readonly RouteAction_RequestMirrorPolicy[] | undefined): readonly string[] {
  return (policies ?? []).map((policy) => policy.cluster ?? '');
}

/** The load assignment of a cluster of type EDS: its `service_name`, or its own name without one. */
export function clusterReferences(cluster: Cluster): readonly Reference[] {
  if (cluster.type !== 'EDS') return [];
  return [{ typeUrl: TYPE_ENDPOINT, name: cluster.edsClusterConfig?.serviceName || (cluster.name ?? '') }];
}

function distinct(references: readonly Reference[]): readonly Reference[] {
  return [
    ...new Map(references.map((reference) => [`${reference.typeUrl} ${reference.name}`, reference])).values(),
  ];
}
