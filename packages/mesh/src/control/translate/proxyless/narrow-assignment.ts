import type {
  ClusterLoadAssignment,
  LbEndpoint,
  LocalityLbEndpoints,
} from '../../../xds/generated/envoy.config.endpoint.v3.js';

/**
 * A load assignment as gRPC libraries take it: they refuse one in which an address stands twice or a priority is
 * missing, drop a locality without a weight, and know of no draining. What they do not read is left out.
 */
export function narrowAssignment({
  clusterName,
  endpoints = [],
}: ClusterLoadAssignment): ClusterLoadAssignment {
  const seen = new Set<string>();
  const groups = endpoints.flatMap(({ locality, priority = 0, loadBalancingWeight, lbEndpoints = [] }) => {
    const usable = lbEndpoints.filter((each) => isUsable(each) && isNew(each, seen));
    if (usable.length === 0) return [];
    const group: LocalityLbEndpoints = {
      locality: locality ?? {},
      priority,
      loadBalancingWeight: { value: Math.max(1, loadBalancingWeight?.value ?? usable.length) },
      lbEndpoints: usable.map(({ endpoint, loadBalancingWeight: weight }) => ({
        endpoint: { address: endpoint?.address },
        // 1 is what is meant where nothing is said, and a thousand endpoints are sent often.
        ...(weight?.value !== 1 && { loadBalancingWeight: weight }),
      })),
    };
    return [group];
  });
  const levels = [...new Set(groups.map(({ priority = 0 }) => priority))].sort((a, b) => a - b);
  return {
    clusterName,
    endpoints: groups.map((group) => ({ ...group, priority: levels.indexOf(group.priority ?? 0) })),
  };
}

function isUsable({ healthStatus = 'UNKNOWN' }: LbEndpoint): boolean {
  return healthStatus === 'UNKNOWN' || healthStatus === 'HEALTHY';
}

function isNew({ endpoint }: LbEndpoint, seen: Set<string>): boolean {
  const { address = '', portValue = 0 } = endpoint?.address?.socketAddress ?? {};
  const key = `${address} ${portValue}`;
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}
