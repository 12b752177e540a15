import type { Cluster } from '../../../xds/generated/envoy.config.cluster.v3.js';
import type { ClientProfile } from '../client-profile.js';
import type { Limits } from './limits.js';
import { narrowBalancer } from './narrow-balancer.js';
import { narrowOutlierDetection } from './narrow-outlier-detection.js';

const UNLIMITED = 4_294_967_295;

/** A cluster as far as a gRPC library carries it out; what it cannot do is noted. */
export function narrowCluster(cluster: Cluster, profile: ClientProfile, limits: Limits): Cluster {
  limits.from(cluster.metadata);
  const { name, type, edsClusterConfig } = cluster;
  const breakers = narrowCircuitBreakers(cluster, profile, limits);
  const outlierDetection = narrowOutlierDetection(cluster, profile, limits);
  if (cluster.upstreamConnectionOptions !== undefined) {
    limits.add('connectionPool: tcpKeepalive', 'ignored', "the library's own keepalive counts");
  }
  return {
    name,
    type,
    edsClusterConfig,
    ...narrowBalancer(cluster, profile, limits),
    ...(breakers !== undefined && { circuitBreakers: breakers }),
    ...(outlierDetection !== undefined && { outlierDetection }),
    // Asks for load reports.
    lrsServer: { self: {} },
  };
}

/** gRFC A32: `max_requests` of the default priority. */
function narrowCircuitBreakers(
  { circuitBreakers }: Cluster,
  { capabilities }: ClientProfile,
  limits: Limits,
): Cluster['circuitBreakers'] {
  const [thresholds] = circuitBreakers?.thresholds ?? [];
  if (thresholds === undefined) return undefined;
  const { maxRequests, maxConnections, maxPendingRequests, maxRetries, retryBudget } = thresholds;
  const isLimit = (limit: { value?: number | undefined } | undefined): boolean =>
    limit !== undefined && limit.value !== UNLIMITED;
  if (isLimit(maxConnections)) {
    limits.add('connectionPool: maxConnections', 'ignored', 'one connection is made to each endpoint');
  }
  if (isLimit(maxPendingRequests)) {
    limits.add('connectionPool: http1MaxPendingRequests', 'ignored', 'calls that wait are not limited');
  }
  if (isLimit(maxRetries)) limits.add('connectionPool: maxRetries', 'ignored', 'retries are not limited');
  const { budgetPercent, minRetryConcurrency } = retryBudget ?? {};
  if (retryBudget && (budgetPercent?.value !== 20 || minRetryConcurrency?.value !== 3)) {
    limits.add('retryBudget', 'ignored', 'retries are not limited');
  }
  if (!isLimit(maxRequests)) return undefined;
  if (capabilities.has('circuitBreaking')) return { thresholds: [{ maxRequests }] };
  limits.add('connectionPool: http2MaxRequests', 'ignored', 'calls are not limited');
  return undefined;
}
