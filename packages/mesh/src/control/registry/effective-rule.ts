import type { GrpcLoadBalancerObject } from '../../kube/resources/grpc-load-balancer.js';
import type { GrpcOutlierObject } from '../../kube/resources/grpc-policy.js';
import type { TrafficPolicyObject } from '../../kube/resources/traffic-policy.js';
import { hasLabels, type Client } from './client.js';
import { reaches } from './export-to.js';
import type { ModelService } from './model.js';
import type { ModelDestinationRule, Policies } from './policies.js';
import { sourceOf, type Source } from './source.js';

/** Istio's default for `rootNamespace`. */
const ROOT_NAMESPACE = 'istio-system';

/** Where rules for a service are looked for, in this order. */
export function lookupPath(service: ModelService, clientNamespace: string): ReadonlySet<string> {
  return new Set([clientNamespace, service.namespace, ROOT_NAMESPACE]);
}

export interface EffectiveSubset {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly trafficPolicy: TrafficPolicyObject | undefined;
  readonly source: Source;
}

/** What a GRPCPolicy adds on endpoints that fail. */
export interface EffectiveOutlier {
  readonly spec: GrpcOutlierObject;
  readonly source: Source;
}

/** What a GRPCPolicy says on how an endpoint is chosen. */
export interface EffectiveBalancer {
  readonly spec: GrpcLoadBalancerObject;
  readonly source: Source;
}

/** What all DestinationRules together, and the GRPCPolicy of the service, say of it to a client. */
export interface EffectiveRule {
  readonly trafficPolicy: TrafficPolicyObject | undefined;
  /** Of the traffic policy, or else of the first rule. */
  readonly source: Source;
  readonly subsets: readonly EffectiveSubset[];
  readonly outlier?: EffectiveOutlier;
  readonly balancer?: EffectiveBalancer;
}

/**
 * The rule for a service, as Istio looks it up: in the namespace of the client, of the service, then in the root
 * namespace; of the most specific host; first among those whose `workloadSelector` selects the client.
 */
export function findEffectiveRule(
  policies: Policies,
  service: ModelService,
  client: Client,
): EffectiveRule | undefined {
  const rule = findDestinationRule(policies, service, client);
  const { spec, source } = policies.grpcPolicies.get(service.host)?.whole ?? {};
  if (spec === undefined || source === undefined) return rule;
  const { outlierDetection, loadBalancer } = spec;
  if (outlierDetection === undefined && loadBalancer === undefined) return rule;
  return {
    ...(rule ?? { trafficPolicy: undefined, source, subsets: [] }),
    ...(outlierDetection && { outlier: { spec: outlierDetection, source } }),
    ...(loadBalancer && { balancer: { spec: loadBalancer, source } }),
  };
}

function findDestinationRule(
  policies: Policies,
  service: ModelService,
  client: Client,
): EffectiveRule | undefined {
  for (const namespace of lookupPath(service, client.namespace)) {
    const groups = policies.destinationRulesByHost.get(namespace)?.groupsFor(service.host) ?? [];
    for (const group of groups) {
      const visible = group.filter((rule) => reaches(rule.exportTo, client.namespace));
      const chosen = chooseByWorkload(visible, namespace, client);
      if (chosen.length > 0) return mergeRules(chosen);
    }
  }
  return undefined;
}

function chooseByWorkload(
  rules: readonly ModelDestinationRule[],
  namespace: string,
  client: Client,
): readonly ModelDestinationRule[] {
  const forSome = rules.filter(({ loaded }) => loaded.object.spec.workloadSelector !== undefined);
  // "workloadSelector … within the same namespace as the destination rule": others are not selected by it.
  if (namespace === client.namespace) {
    const first = forSome.find(({ loaded }) =>
      hasLabels(client.labels, loaded.object.spec.workloadSelector?.matchLabels),
    );
    if (first !== undefined) return [first];
  }
  return rules.filter((rule) => !forSome.includes(rule));
}

/** The first traffic policy counts, and the first of each subset. */
function mergeRules(rules: readonly ModelDestinationRule[]): EffectiveRule {
  const subsets = new Map<string, EffectiveSubset>();
  for (const { loaded } of rules) {
    for (const [index, { name, labels = {}, trafficPolicy }] of loaded.object.spec.subsets.entries()) {
      if (subsets.has(name)) continue;
      subsets.set(name, {
        name,
        labels,
        trafficPolicy,
        source: sourceOf(loaded, ['spec', 'subsets', index]),
      });
    }
  }
  const withPolicy = rules.find(({ loaded }) => loaded.object.spec.trafficPolicy !== undefined);
  const [first] = rules;
  const of = withPolicy ?? first;
  if (of === undefined) throw new Error('no rule to merge');
  return {
    trafficPolicy: withPolicy?.loaded.object.spec.trafficPolicy,
    source: sourceOf(of.loaded, withPolicy === undefined ? [] : ['spec', 'trafficPolicy']),
    subsets: [...subsets.values()],
  };
}
