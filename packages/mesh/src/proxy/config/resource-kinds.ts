import { type Cluster, decodeCluster } from '../../xds/generated/envoy.config.cluster.v3.js';
import {
  type ClusterLoadAssignment,
  decodeClusterLoadAssignment,
} from '../../xds/generated/envoy.config.endpoint.v3.js';
import { decodeListener, type Listener } from '../../xds/generated/envoy.config.listener.v3.js';
import {
  decodeRouteConfiguration,
  type RouteConfiguration,
} from '../../xds/generated/envoy.config.route.v3.js';
import { TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE } from '../../xds/type-urls.js';
import { type ClusterSettings, readCluster } from './cluster-settings/read-cluster.js';
import { type OutboundListener, readListener } from './read-listener.js';
import { type LoadAssignment, readLoadAssignment } from './read-load-assignment.js';
import { readRouteConfig, type RouteConfig } from './route/read-route-config.js';
import type { ResourceKind } from './resource-store.js';

export const listenerKind: ResourceKind<Listener, OutboundListener> = {
  typeUrl: TYPE_LISTENER,
  label: 'Listener',
  complete: true,
  decode: decodeListener,
  nameOf: (listener) => listener.name ?? '',
  read: (listener, _version, findings) => readListener(listener, findings),
};

export const routeKind: ResourceKind<RouteConfiguration, RouteConfig> = {
  typeUrl: TYPE_ROUTE,
  label: 'RouteConfiguration',
  complete: false,
  decode: decodeRouteConfiguration,
  nameOf: (config) => config.name ?? '',
  read: readRouteConfig,
};

export const clusterKind: ResourceKind<Cluster, ClusterSettings> = {
  typeUrl: TYPE_CLUSTER,
  label: 'Cluster',
  complete: true,
  decode: decodeCluster,
  nameOf: (cluster) => cluster.name ?? '',
  read: (cluster, _version, findings) => readCluster(cluster, findings),
};

export const endpointKind: ResourceKind<ClusterLoadAssignment, LoadAssignment> = {
  typeUrl: TYPE_ENDPOINT,
  label: 'ClusterLoadAssignment',
  complete: false,
  decode: decodeClusterLoadAssignment,
  nameOf: (assignment) => assignment.clusterName ?? '',
  read: (assignment, _version, findings) => readLoadAssignment(assignment, findings),
};
