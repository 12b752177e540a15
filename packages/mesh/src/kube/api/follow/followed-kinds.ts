import type { KubeApiObject, KubeResource } from '@weir/core/kube';
import { definitionOf, type KindDefinition, type KubeObject } from '../../resources/kinds.js';
import type { InternPool } from './intern.js';
import { stripNode, stripPod, stripService, stripSlice } from './strip.js';

interface Followed {
  readonly kind: KubeObject['kind'];
  readonly resource: KubeResource;
  /** Of the same objects, where the server is older. */
  readonly otherVersions: readonly string[];
  /** Whether it is asked for without spec and status. */
  readonly metadataOnly: boolean;
}

/** A kind of Kubernetes itself: there is always one, and it is valid. */
export interface BuiltInKind extends Followed {
  readonly role: 'built-in';
  readonly strip: (raw: KubeApiObject, pool: InternPool) => KubeObject | undefined;
}

/** A kind of rules and policies: it may not be installed, and what users write may be wrong. */
export interface PolicyKind extends Followed {
  readonly role: 'policy';
  readonly definition: KindDefinition;
}

export type FollowedKind = BuiltInKind | PolicyKind;

function builtIn(
  kind: KubeObject['kind'],
  plural: string,
  strip: BuiltInKind['strip'],
  extra: { readonly group?: string; readonly metadataOnly?: boolean } = {},
): BuiltInKind {
  const { group = '', metadataOnly = false } = extra;
  const resource = { group, version: 'v1', plural };
  return { role: 'built-in', kind, resource, otherVersions: [], metadataOnly, strip };
}

function policy(kind: KubeObject['kind'], plural: string): PolicyKind {
  const definition = definitionOf(kind);
  const [version = 'v1', ...otherVersions] = definition.versions;
  const resource = { group: definition.group, version, plural };
  return { role: 'policy', kind, resource, otherVersions, metadataOnly: false, definition };
}

/** Everything the control plane reads of a cluster. `weir check` asks for the permission to list and watch each. */
export const FOLLOWED_KINDS: readonly FollowedKind[] = [
  builtIn('Service', 'services', stripService),
  builtIn('EndpointSlice', 'endpointslices', stripSlice, { group: 'discovery.k8s.io' }),
  builtIn('Pod', 'pods', stripPod, { metadataOnly: true }),
  builtIn('Node', 'nodes', stripNode, { metadataOnly: true }),
  policy('VirtualService', 'virtualservices'),
  policy('DestinationRule', 'destinationrules'),
  policy('ServiceEntry', 'serviceentries'),
  policy('GRPCPolicy', 'grpcpolicies'),
];
