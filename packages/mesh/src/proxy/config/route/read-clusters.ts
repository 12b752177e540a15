import type { WeightedCluster } from '@weir/core';
import type {
  RouteAction,
  WeightedCluster as XdsWeightedClusters,
  WeightedCluster_ClusterWeight as ClusterWeight,
} from '../../../xds/generated/envoy.config.route.v3.js';
import type { Findings } from '../findings.js';
import { OVERRIDE_FIELDS, readOverrides } from './read-overrides.js';

// The total follows from the weights: "If not specified, ... the sum of the entries in the clusters".
const LIST_FIELDS = new Set(['totalWeight', 'runtimeKeyPrefix', 'headerName']);
const LIST_REFUSED = new Set(['headerName']);
const ENTRY_REFUSED = new Set(['metadataMatch', 'clusterHeader']);
const ENTRY_FIELDS = new Set(['name', 'weight', 'hostRewriteLiteral', ...OVERRIDE_FIELDS, ...ENTRY_REFUSED]);

/** Reads the clusters that a route divides its requests between; most have one. */
export function readClusters(
  path: string,
  { cluster, weightedClusters }: RouteAction,
  findings: Findings,
): readonly WeightedCluster[] | undefined {
  if (weightedClusters !== undefined) {
    return readWeightedClusters(`${path}.weighted_clusters`, weightedClusters, findings);
  }
  if (cluster === undefined || cluster === '') {
    findings.error(`${path}.cluster`, 'must name a cluster');
    return undefined;
  }
  return [{ cluster, weight: 1 }];
}

function readWeightedClusters(
  path: string,
  { clusters = [], ...rest }: XdsWeightedClusters,
  findings: Findings,
): readonly WeightedCluster[] | undefined {
  findings.unused(path, rest, LIST_FIELDS);
  findings.refuse(path, rest, LIST_REFUSED);
  const read = clusters.map((entry, index) => readEntry(`${path}.clusters[${index}]`, entry, findings));
  const total = read.reduce((sum, { weight }) => sum + weight, 0);
  if (total >= 1) return read;
  findings.error(path, 'the sum of the weights must be at least 1');
  return undefined;
}

function readEntry(path: string, entry: ClusterWeight, findings: Findings): WeightedCluster {
  findings.unused(path, entry, ENTRY_FIELDS);
  findings.refuse(path, entry, ENTRY_REFUSED);
  const { name = '', weight, hostRewriteLiteral } = entry;
  if (name === '') findings.error(`${path}.name`, 'must name a cluster');
  return {
    cluster: name,
    weight: weight?.value ?? 0,
    ...(hostRewriteLiteral !== undefined && {
      hostRewrite: { kind: 'literal' as const, value: hostRewriteLiteral },
    }),
    ...readOverrides(path, entry, findings),
  };
}
