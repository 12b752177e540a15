import { createHash } from 'node:crypto';
import { createWriter } from './wire.js';
import { encodeCluster, type Cluster } from './generated/envoy.config.cluster.v3.js';
import {
  encodeClusterLoadAssignment,
  type ClusterLoadAssignment,
} from './generated/envoy.config.endpoint.v3.js';
import { encodeListener, type Listener } from './generated/envoy.config.listener.v3.js';
import { encodeRouteConfiguration, type RouteConfiguration } from './generated/envoy.config.route.v3.js';
import { clusterReferences, listenerReferences, routeReferences, type Reference } from './references.js';
import { TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE, type ResourceType } from './type-urls.js';

/** One named piece of configuration, encoded once and shared by every snapshot and stream that carries it. */
export interface Resource {
  readonly typeUrl: ResourceType;
  readonly name: string;
  /** Digest of the bytes: equal content has equal versions, also across restarts. */
  readonly version: string;
  /** The encoded message. */
  readonly bytes: Uint8Array;
  /** Field 2 (`resources`) of a DiscoveryResponse, tag and length included: an Any around `bytes`, which is a view into it. */
  readonly entry: Uint8Array;
  /** Resources this one names, each once. */
  readonly references: readonly Reference[];
}

export function listenerResource(listener: Listener): Resource {
  return createResource(TYPE_LISTENER, listener.name, encodeListener(listener), listenerReferences(listener));
}

export function routeResource(route: RouteConfiguration): Resource {
  return createResource(TYPE_ROUTE, route.name, encodeRouteConfiguration(route), routeReferences(route));
}

export function clusterResource(cluster: Cluster): Resource {
  return createResource(TYPE_CLUSTER, cluster.name, encodeCluster(cluster), clusterReferences(cluster));
}

export function endpointResource(assignment: ClusterLoadAssignment): Resource {
  return createResource(TYPE_ENDPOINT, assignment.clusterName, encodeClusterLoadAssignment(assignment), []);
}

function createResource(
  typeUrl: ResourceType,
  name: string | undefined,
  message: Uint8Array,
  references: readonly Reference[],
): Resource {
  if (!name) throw new Error(`a resource of type ${typeUrl} has no name`);
  const entry = createWriter()
    .uint32(18)
    .fork()
    .uint32(10)
    .string(typeUrl)
    .uint32(18)
    .bytes(message)
    .ldelim()
    .finish();
  const version = createHash('sha256').update(message).digest('hex').slice(0, 16);
  const bytes = entry.subarray(entry.length - message.length);
  return { typeUrl, name, version, bytes, entry, references };
}
