import type {
  ClusterLoadAssignment,
  LbEndpoint,
  LocalityLbEndpoints,
} from '../../../xds/generated/envoy.config.endpoint.v3.js';
import { structOf } from '../../../xds/struct.js';
import type { ModelEndpoint } from '../../registry/model.js';
import type { LocalityOrder } from './locality-order.js';

const MAX_UINT32 = 2 ** 32 - 1;

interface Group {
  readonly priority: number;
  readonly endpoints: ModelEndpoint[];
}

/**
 * The endpoints of a cluster, by locality and priority. A cluster without endpoints has an assignment too: state
 * of the world xDS has no other way to say "none", and silence makes clients wait.
 *
 * @param order undefined: all localities are alike
 */
export function translateLoadAssignment(
  clusterName: string,
  endpoints: readonly ModelEndpoint[],
  order?: LocalityOrder,
): ClusterLoadAssignment {
  const groups = groupEndpoints(endpoints, order);
  const weights = order?.shareOf === undefined ? undefined : sharedWeights(groups, order.shareOf);
  const used = weights === undefined ? groups : groups.filter((group) => weights.has(group));
  // "Priorities should range from 0 (highest) to N (lowest) without skipping" (LocalityLbEndpoints.priority).
  const levels = [...new Set(used.map(({ priority }) => priority))].sort((a, b) => a - b);
  return {
    clusterName,
    endpoints: used.map((group) => ({
      ...translateGroup(group.endpoints, weights?.get(group)),
      priority: levels.indexOf(group.priority),
    })),
  };
}

function groupEndpoints(endpoints: readonly ModelEndpoint[], order: LocalityOrder | undefined): Group[] {
  const byKey = new Map<string, Group>();
  for (const endpoint of endpoints) {
    const { region, zone, subZone } = endpoint.locality;
    const priority = order?.priorityOf(endpoint) ?? 0;
    const key = `${region}/${zone}/${subZone} ${priority}`;
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { priority, endpoints: [endpoint] });
    else known.endpoints.push(endpoint);
  }
  return [...byKey.keys()].sort().flatMap((key) => byKey.get(key) ?? []);
}

/** Shares of localities that one pattern stands for are divided by their own weights; localities without a share get nothing. */
function sharedWeights(
  groups: readonly Group[],
  shareOf: NonNullable<LocalityOrder['shareOf']>,
): ReadonlyMap<Group, number> {
  const totals = new Map<string, number>();
  const found = groups.flatMap((group) => {
    const [first] = group.endpoints;
    const share = first && shareOf(first.locality);
    if (share === undefined || share.percent === 0) return [];
    const weight = weightOf(group.endpoints);
    totals.set(share.pattern, (totals.get(share.pattern) ?? 0) + weight);
    return [{ group, share, weight }];
  });
  // In hundredths of a percent, so that small parts of a share are not rounded away.
  return new Map(
    found.map(({ group, share, weight }) => [
      group,
      Math.max(1, Math.round((share.percent * 100 * weight) / (totals.get(share.pattern) ?? 1))),
    ]),
  );
}

function weightOf(endpoints: readonly ModelEndpoint[]): number {
  return endpoints.reduce((sum, endpoint) => sum + endpoint.weight, 0);
}

function translateGroup(
  endpoints: readonly ModelEndpoint[],
  weight = weightOf(endpoints),
): LocalityLbEndpoints {
  return {
    locality: endpoints[0]?.locality,
    lbEndpoints: endpoints.map(translateEndpoint),
    // gRPC clients drop a locality without a weight.
    loadBalancingWeight: { value: Math.min(Math.max(1, weight), MAX_UINT32) },
  };
}

function translateEndpoint({ host, port, weight, health, pod }: ModelEndpoint): LbEndpoint {
  return {
    endpoint: { address: { socketAddress: { address: host, portValue: port } } },
    healthStatus: health === 'healthy' ? 'HEALTHY' : 'DRAINING',
    metadata: { filterMetadata: { weir: structOf({ pod }) } },
    loadBalancingWeight: { value: weight },
  };
}
