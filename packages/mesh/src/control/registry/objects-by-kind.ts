import { SERVICE_NAME_LABEL } from '@weir/core/kube';
import type { LoadedObject } from '../../kube/directory/manifest-set.js';
import type { DestinationRuleObject } from '../../kube/resources/destination-rule.js';
import type { EndpointSliceObject } from '../../kube/resources/endpoint-slice.js';
import type { GrpcPolicyObject } from '../../kube/resources/grpc-policy.js';
import type { NodeObject } from '../../kube/resources/node.js';
import type { PodObject } from '../../kube/resources/pod.js';
import type { ServiceEntryObject } from '../../kube/resources/service-entry.js';
import type { ServiceObject } from '../../kube/resources/service.js';
import type { VirtualServiceObject } from '../../kube/resources/virtual-service.js';
import type { Loaded } from './source.js';

export interface SortedObjects {
  readonly services: Loaded<ServiceObject>[];
  /** By `namespace/name` of the Service that owns them. */
  readonly slices: Map<string, Loaded<EndpointSliceObject>[]>;
  /** By `podKey`. */
  readonly pods: Map<string, Loaded<PodObject>>;
  /** By name. */
  readonly nodes: Map<string, Loaded<NodeObject>>;
  readonly entries: Loaded<ServiceEntryObject>[];
  readonly virtualServices: Loaded<VirtualServiceObject>[];
  readonly destinationRules: Loaded<DestinationRuleObject>[];
  readonly grpcPolicies: Loaded<GrpcPolicyObject>[];
}

export function podKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/**
 * Objects by kind, each kind in the order given.
 *
 * @param objects ordered by key
 */
export function sortByKind(objects: readonly LoadedObject[]): SortedObjects {
  const sorted: SortedObjects = {
    services: [],
    slices: new Map(),
    pods: new Map(),
    nodes: new Map(),
    entries: [],
    virtualServices: [],
    destinationRules: [],
    grpcPolicies: [],
  };
  for (const each of objects) {
    const { object } = each;
    switch (object.kind) {
      case 'Service':
        sorted.services.push(each as Loaded<ServiceObject>);
        break;
      case 'ServiceEntry':
        sorted.entries.push(each as Loaded<ServiceEntryObject>);
        break;
      case 'VirtualService':
        sorted.virtualServices.push(each as Loaded<VirtualServiceObject>);
        break;
      case 'DestinationRule':
        sorted.destinationRules.push(each as Loaded<DestinationRuleObject>);
        break;
      case 'GRPCPolicy':
        sorted.grpcPolicies.push(each as Loaded<GrpcPolicyObject>);
        break;
      case 'Pod':
        sorted.pods.set(podKey(object.metadata.namespace, object.metadata.name), each as Loaded<PodObject>);
        break;
      case 'Node':
        sorted.nodes.set(object.metadata.name, each as Loaded<NodeObject>);
        break;
      case 'EndpointSlice': {
        const owner = object.metadata.labels?.[SERVICE_NAME_LABEL];
        if (owner === undefined || owner === '') break;
        const key = `${object.metadata.namespace}/${owner}`;
        const others = sorted.slices.get(key);
        if (others === undefined) sorted.slices.set(key, [each as Loaded<EndpointSliceObject>]);
        else others.push(each as Loaded<EndpointSliceObject>);
      }
    }
  }
  return sorted;
}
