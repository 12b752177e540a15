import type { CircuitLimits, OutlierSettings, RetryBudgetSettings, Source } from '@weir/core';
import type { Cluster } from '../../../xds/generated/envoy.config.cluster.v3.js';
import { checkConfigSource } from '../config-source.js';
import { readPositiveDuration } from '../duration.js';
import type { Findings } from '../findings.js';
import { readGrpcCodes, readSource, readWeirMetadata } from '../weir-metadata.js';
import { type Balancing, readBalancing } from './read-balancing.js';
import { readLimits } from './read-limits.js';
import { readOutlierDetection } from './read-outlier-detection.js';
import { type PoolSettings, readPool } from './read-pool.js';

/** What the proxy needs of a Cluster. */
export interface ClusterSettings {
  readonly name: string;
  /** Name of its ClusterLoadAssignment. */
  readonly assignmentName: string;
  readonly balancing: Balancing;
  readonly connectTimeoutMs: number;
  readonly pool: PoolSettings;
  readonly limits: CircuitLimits;
  readonly retryBudget: RetryBudgetSettings;
  /** `undefined`: no host is ejected. */
  readonly outlier: OutlierSettings | undefined;
  /** What says more of outliers than `source` does; `undefined`: nothing. */
  readonly outlierSource: Source | undefined;
  /** What says how an endpoint is chosen, when it is not `source`. */
  readonly balancerSource: Source | undefined;
  /** Why there is nothing behind it, as the control plane says; empty when there is. */
  readonly missing: string;
  /** What its settings were written in, or what names it when it is missing; `undefined`: nothing did. */
  readonly source: Source | undefined;
}

/** Envoy: `Cluster.connect_timeout`, "If not set, a default value of 5s will be used." */
const DEFAULT_CONNECT_TIMEOUT_MS = 5000;

const METADATA_FIELDS = new Set(['source', 'missing', 'outlierGrpcCodes', 'outlierSource', 'balancerSource']);
/** Without these, requests would go out in clear text, to other endpoints, or unfiltered. */
const REFUSED = new Set([
  'clusterType',
  'loadAssignment',
  'transportSocket',
  'transportSocketMatches',
  'lbSubsetConfig',
  'filters',
]);
const FIELDS = new Set([
  'name',
  'altStatName',
  'type',
  'edsClusterConfig',
  'connectTimeout',
  'lbPolicy',
  'loadBalancingPolicy',
  'leastRequestLbConfig',
  'roundRobinLbConfig',
  'ringHashLbConfig',
  'maglevLbConfig',
  'commonLbConfig',
  'circuitBreakers',
  'outlierDetection',
  'commonHttpProtocolOptions',
  'http2ProtocolOptions',
  'typedExtensionProtocolOptions',
  'upstreamConnectionOptions',
  'metadata',
  'waitForWarmOnInit',
  ...REFUSED,
]);

/** Reads a Cluster whose endpoints come over EDS; adds an error for whatever cannot be done. */
export function readCluster(cluster: Cluster, findings: Findings): ClusterSettings | undefined {
  findings.unused('', cluster, FIELDS);
  findings.refuse('', cluster, REFUSED);
  const name = cluster.name ?? '';
  if (cluster.type !== 'EDS') findings.error('type', `must be EDS, not ${cluster.type ?? 'STATIC'}`);
  checkConfigSource('eds_cluster_config.eds_config', cluster.edsClusterConfig?.edsConfig, findings);
  const balancing = readBalancing(cluster, findings);
  const { where, object } = readWeirMetadata('', cluster.metadata, METADATA_FIELDS, findings);
  const outlier = readOutlierDetection(cluster.outlierDetection, findings);
  const grpcErrors = readGrpcCodes(`${where}.outlierGrpcCodes`, object['outlierGrpcCodes'], findings);
  const settings = {
    name,
    // "Optional alternative to cluster name to present to EDS" (EdsClusterConfig.service_name).
    assignmentName: cluster.edsClusterConfig?.serviceName || name,
    connectTimeoutMs:
      readPositiveDuration('connect_timeout', cluster.connectTimeout, findings) ?? DEFAULT_CONNECT_TIMEOUT_MS,
    pool: readPool(cluster, findings),
    ...readLimits(cluster.circuitBreakers, findings),
    outlier: outlier && (grpcErrors === undefined ? outlier : { ...outlier, grpcErrors }),
    outlierSource: readSource(object['outlierSource']),
    balancerSource: readSource(object['balancerSource']),
    missing: typeof object['missing'] === 'string' ? object['missing'] : '',
    source: readSource(object['source']),
  };
  return balancing && { ...settings, balancing };
}
