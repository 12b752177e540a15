import type { DestinationRuleObject } from '../../kube/resources/destination-rule.js';
import type { GrpcPolicyObject } from '../../kube/resources/grpc-policy.js';
import type { HttpMatchObject } from '../../kube/resources/http-match.js';
import type { HttpRouteObject } from '../../kube/resources/http-route.js';
import type { VirtualServiceObject } from '../../kube/resources/virtual-service.js';
import type { Audience } from './export-to.js';
import { HostMap } from './host-map.js';
import type { Loaded, Source } from './source.js';

/** One `match` of a rule. */
export interface ModelMatch {
  readonly spec: HttpMatchObject;
  readonly source: Source;
}

/** One entry of `http`, with what a delegate was given by the rule that delegates. */
export interface ModelRule {
  readonly spec: HttpRouteObject;
  /** `http[2]`, or the name it has. */
  readonly name: string;
  /** Any one suffices; none at all: every request. */
  readonly matches: readonly ModelMatch[];
  readonly source: Source;
  /** The object it stands in, and where; of a delegated rule, the delegate. */
  readonly origin: Loaded<VirtualServiceObject>;
  readonly index: number;
}

export interface ModelVirtualService {
  readonly loaded: Loaded<VirtualServiceObject>;
  readonly namespace: string;
  /** Full names, and wildcards. */
  readonly hosts: readonly string[];
  readonly exportTo: Audience;
  /** Whether sidecars follow it. */
  readonly inMesh: boolean;
  /** In order; the first that matches counts. */
  readonly rules: readonly ModelRule[];
}

export interface ModelDestinationRule {
  readonly loaded: Loaded<DestinationRuleObject>;
  readonly namespace: string;
  /** Full name, or wildcard. */
  readonly host: string;
  readonly exportTo: Audience;
}

export interface ModelGrpcPolicy {
  readonly loaded: Loaded<GrpcPolicyObject>;
  readonly source: Source;
  readonly spec: GrpcPolicyObject['spec'];
}

/** The policies of one service. */
export interface ServicePolicies {
  readonly whole: ModelGrpcPolicy | undefined;
  /** By path: `/package.Service/Method`. What a method's policy leaves out, the service's has been asked for. */
  readonly methods: ReadonlyMap<string, ModelGrpcPolicy>;
}

/** All rules and policies there are. */
export interface Policies {
  readonly virtualServices: readonly ModelVirtualService[];
  readonly virtualServicesByHost: HostMap<ModelVirtualService>;
  readonly destinationRules: readonly ModelDestinationRule[];
  /** By namespace of the rule. */
  readonly destinationRulesByHost: ReadonlyMap<string, HostMap<ModelDestinationRule>>;
  /** By host of the service. */
  readonly grpcPolicies: ReadonlyMap<string, ServicePolicies>;
}

export const NO_POLICIES: Policies = {
  virtualServices: [],
  virtualServicesByHost: new HostMap(),
  destinationRules: [],
  destinationRulesByHost: new Map(),
  grpcPolicies: new Map(),
};

/** By age, where it is known, and then by name: an order that does not change by itself. */
export function compareAge(
  a: Loaded<{ metadata: { creationTimestamp?: string | undefined } }>,
  b: typeof a,
): number {
  const [ofA, ofB] = [a.object.metadata.creationTimestamp ?? '', b.object.metadata.creationTimestamp ?? ''];
  if (ofA !== ofB) return ofA < ofB ? -1 : 1;
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
}
