import type { Problem } from '../../kube/problem.js';
import { HostMap } from './host-map.js';
import type { HostIndex } from './host-index.js';
import type { SortedObjects } from './objects-by-kind.js';
import type { ModelDestinationRule, ModelVirtualService, Policies } from './policies.js';
import { readDestinationRules } from './read-destination-rules.js';
import { readGrpcPolicies } from './read-grpc-policies.js';
import { readVirtualServices } from './read-virtual-services.js';

/** Reads all rules and policies. The problems are those that keep something from taking effect at all. */
export function readPolicies(
  objects: Pick<SortedObjects, 'virtualServices' | 'destinationRules' | 'grpcPolicies'>,
  hosts: HostIndex,
): { readonly policies: Policies; readonly problems: readonly Problem[] } {
  const { virtualServices, problems } = readVirtualServices(objects.virtualServices, hosts);
  const virtualServicesByHost = new HostMap<ModelVirtualService>();
  for (const each of virtualServices) for (const host of each.hosts) virtualServicesByHost.add(host, each);

  const destinationRules = readDestinationRules(objects.destinationRules, hosts);
  const destinationRulesByHost = new Map<string, HostMap<ModelDestinationRule>>();
  for (const rule of destinationRules) {
    const ofNamespace = destinationRulesByHost.get(rule.namespace) ?? new HostMap();
    destinationRulesByHost.set(rule.namespace, ofNamespace);
    ofNamespace.add(rule.host, rule);
  }

  const grpc = readGrpcPolicies(objects.grpcPolicies, hosts);
  return {
    policies: {
      virtualServices,
      virtualServicesByHost,
      destinationRules,
      destinationRulesByHost,
      grpcPolicies: grpc.policies,
    },
    problems: [...problems, ...grpc.problems],
  };
}
