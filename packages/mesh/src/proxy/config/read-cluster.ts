import type { BalancerPolicy } from '@weir/core';
import type { Cluster } from '../../xds/generated/envoy.config.cluster.v3.js';
import {
  decodeHttpProtocolOptions,
  type HttpProtocolOptions,
} from '../../xds/generated/envoy.extensions.upstreams.http.v3.js';
import { HTTP_PROTOCOL_OPTIONS } from '../../xds/type-urls.js';
import { checkConfigSource } from './config-source.js';
import { durationMs } from './duration.js';
import type { Findings } from './findings.js';
import { readBalancerPolicy } from './read-balancer-policy.js';

/** What the proxy needs of a Cluster. */
export interface ClusterSettings {
  readonly name: string;
  /** Name of its ClusterLoadAssignment. */
  readonly assignmentName: string;
  readonly policy: BalancerPolicy;
  readonly connectTimeoutMs: number;
}

/** Envoy: `Cluster.connect_timeout`, "If not set, a default value of 5s will be used." */
const DEFAULT_CONNECT_TIMEOUT_MS = 5000;

const CLUSTER_FIELDS = new Set([
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
  'http2ProtocolOptions',
  'typedExtensionProtocolOptions',
  'metadata',
  'waitForWarmOnInit',
]);
/** Without these, requests would go out in clear text, to other endpoints, or unfiltered. */
const CLUSTER_REFUSED = new Set([
  'clusterType',
  'loadAssignment',
  'transportSocket',
  'transportSocketMatches',
  'lbSubsetConfig',
  'filters',
]);
const ALL_CLUSTER_FIELDS = new Set([...CLUSTER_FIELDS, ...CLUSTER_REFUSED]);

/** Reads a Cluster whose endpoints come over EDS; adds an error for whatever cannot be done. */
export function readCluster(cluster: Cluster, findings: Findings): ClusterSettings | undefined {
  findings.unused('', cluster, ALL_CLUSTER_FIELDS);
  findings.refuse('', cluster, CLUSTER_REFUSED);
  const name = cluster.name ?? '';
  if (cluster.type !== 'EDS') findings.error('type', `must be EDS, not ${cluster.type ?? 'STATIC'}`);
  checkConfigSource('eds_cluster_config.eds_config', cluster.edsClusterConfig?.edsConfig, findings);
  checkProtocol(cluster, findings);
  const policy = readBalancerPolicy(cluster, findings);
  const connectTimeoutMs = readConnectTimeout(cluster, findings);
  if (policy === undefined) return undefined;
  // "Optional alternative to cluster name to present to EDS" (EdsClusterConfig.service_name).
  const assignmentName = cluster.edsClusterConfig?.serviceName || name;
  return { name, assignmentName, policy, connectTimeoutMs };
}

function readConnectTimeout({ connectTimeout }: Cluster, findings: Findings): number {
  if (connectTimeout === undefined) return DEFAULT_CONNECT_TIMEOUT_MS;
  const timeoutMs = durationMs(connectTimeout);
  if (!(timeoutMs > 0))
    findings.error('connect_timeout', `must be longer than 0 s, not ${timeoutMs / 1000} s`);
  return timeoutMs;
}

/** Endpoints are spoken to in HTTP/2 whatever is written; say so where something else is asked for. */
function checkProtocol(cluster: Cluster, findings: Findings): void {
  const typed = cluster.typedExtensionProtocolOptions ?? {};
  for (const key of Object.keys(typed)) {
    if (key !== HTTP_PROTOCOL_OPTIONS) {
      findings.warn(`typed_extension_protocol_options["${key}"]`, 'has no effect in this proxy');
    }
  }
  const options = typed[HTTP_PROTOCOL_OPTIONS];
  if (options === undefined) return;
  const path = `typed_extension_protocol_options["${HTTP_PROTOCOL_OPTIONS}"]`;
  let decoded: HttpProtocolOptions;
  try {
    decoded = decodeHttpProtocolOptions(options.value ?? new Uint8Array());
  } catch (error) {
    findings.error(path, `cannot be decoded: ${String(error)}`);
    return;
  }
  const explicit = decoded.explicitHttpConfig;
  if (explicit?.httpProtocolOptions !== undefined || explicit?.http3ProtocolOptions !== undefined) {
    findings.error(
      `${path}.explicit_http_config`,
      'must be http2_protocol_options: endpoints are spoken to in HTTP/2',
    );
  }
  findings.unused(
    path,
    decoded,
    new Set(['explicitHttpConfig', 'useDownstreamProtocolConfig', 'autoConfig']),
  );
}
