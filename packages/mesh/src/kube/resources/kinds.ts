import type { ZodType } from 'zod';
import { destinationRuleSchema, type DestinationRuleObject } from './destination-rule.js';
import { endpointSliceSchema, type EndpointSliceObject } from './endpoint-slice.js';
import { grpcPolicySchema, type GrpcPolicyObject } from './grpc-policy.js';
import { istioNetworkingVersions } from './istio-object.js';
import { nodeSchema, type NodeObject } from './node.js';
import { podSchema, type PodObject } from './pod.js';
import { serviceEntrySchema, type ServiceEntryObject } from './service-entry.js';
import { serviceSchema, type ServiceObject } from './service.js';
import { virtualServiceSchema, type VirtualServiceObject } from './virtual-service.js';
import { isNearMiss } from '../manifest/near-miss.js';

/** An object of a kind Weir reads, validated, with its namespace filled in. */
export type KubeObject =
  | ServiceObject
  | EndpointSliceObject
  | PodObject
  | NodeObject
  | ServiceEntryObject
  | VirtualServiceObject
  | DestinationRuleObject
  | GrpcPolicyObject;

export interface KindDefinition {
  readonly kind: KubeObject['kind'];
  /** API group; `''` is the core group. */
  readonly group: string;
  readonly versions: readonly string[];
  readonly schema: ZodType<KubeObject>;
}

const ISTIO = 'networking.istio.io';

const KINDS: readonly KindDefinition[] = [
  { kind: 'Service', group: '', versions: ['v1'], schema: serviceSchema },
  { kind: 'EndpointSlice', group: 'discovery.k8s.io', versions: ['v1'], schema: endpointSliceSchema },
  { kind: 'Pod', group: '', versions: ['v1'], schema: podSchema },
  { kind: 'Node', group: '', versions: ['v1'], schema: nodeSchema },
  { kind: 'ServiceEntry', group: ISTIO, versions: istioNetworkingVersions, schema: serviceEntrySchema },
  { kind: 'VirtualService', group: ISTIO, versions: istioNetworkingVersions, schema: virtualServiceSchema },
  { kind: 'DestinationRule', group: ISTIO, versions: istioNetworkingVersions, schema: destinationRuleSchema },
  { kind: 'GRPCPolicy', group: 'weir.dev', versions: ['v1'], schema: grpcPolicySchema },
];

/** The definition of a kind that Weir reads. */
export function definitionOf(kind: KubeObject['kind']): KindDefinition {
  const found = KINDS.find((definition) => definition.kind === kind);
  if (found === undefined) throw new Error(`there is no kind ${kind}`);
  return found;
}

export type KindLookup =
  | { readonly found: 'kind'; readonly definition: KindDefinition }
  | { readonly found: 'other' }
  /** A kind Weir reads was probably meant: ignoring it in silence would hide the mistake. */
  | { readonly found: 'mistake'; readonly field: 'apiVersion' | 'kind'; readonly message: string };

/** Finds what to do with a document by its `apiVersion` and `kind`. */
export function lookUpKind(apiVersion: string, kind: string): KindLookup {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  for (const definition of KINDS) {
    const wanted = definition.versions.map((each) =>
      definition.group === '' ? each : `${definition.group}/${each}`,
    );
    const suggestion = wanted.map((each) => JSON.stringify(each)).join(' or ');
    if (kind === definition.kind) {
      if (group === definition.group) {
        if (definition.versions.includes(version)) return { found: 'kind', definition };
        return {
          found: 'mistake',
          field: 'apiVersion',
          message: `${kind} is not read in version ${JSON.stringify(apiVersion)}; use ${suggestion}`,
        };
      }
      if (isNearMiss(group, definition.group)) {
        return {
          found: 'mistake',
          field: 'apiVersion',
          message: `unknown API group of ${kind}; did you mean ${suggestion}?`,
        };
      }
    } else if (group === definition.group && isNearMiss(kind, definition.kind)) {
      return {
        found: 'mistake',
        field: 'kind',
        message: `unknown kind ${JSON.stringify(kind)}; did you mean ${JSON.stringify(definition.kind)}?`,
      };
    }
  }
  return { found: 'other' };
}

/** What makes two manifests the same object: kind, namespace and name; versions of one kind are one object. */
export function objectKey({ kind, metadata }: KubeObject): string {
  return kind === 'Node' ? `Node ${metadata.name}` : `${kind} ${metadata.namespace}/${metadata.name}`;
}
