import type { Cluster, LoadBalancingPolicy_Policy } from '../../../xds/generated/envoy.config.cluster.v3.js';
import { decodeWrrLocality } from '../../../xds/generated/envoy.extensions.load_balancing_policies.wrr_locality.v3.js';
import { TYPE_TYPED_STRUCT, TYPE_WRR_LOCALITY_POLICY } from '../../../xds/type-urls.js';
import { leastRequestPolicy, ownBalancer, roundRobinPolicy, withinLocality } from '../balancer-list.js';
import type { ClientProfile } from '../client-profile.js';
import type { Limits } from './limits.js';
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

type BalancerFields = Pick<Cluster, 'lbPolicy' | 'ringHashLbConfig' | 'loadBalancingPolicy'>;

/**
 * What each library can do of a balancer. `lb_policy` is never LEAST_REQUEST where the library would refuse it, the list
 * (gRFC A52) always ends with a policy that every library knows, and libraries before the list take `lb_policy`.
 */
function narrowBalancer(cluster: Cluster, profile: ClientProfile, limits: Limits): BalancerFields {
  const { lbPolicy = 'ROUND_ROBIN' } = cluster;
  const { capabilities } = profile;
  noteSlowStart(cluster, limits);
  if (lbPolicy === 'RING_HASH' || lbPolicy === 'MAGLEV') {
    if (!capabilities.has('ringHash')) {
      limits.add('consistentHash', 'ignored', 'calls go round robin');
      return { lbPolicy: 'ROUND_ROBIN' };
    }
    if (lbPolicy === 'MAGLEV') limits.add('consistentHash: maglev', 'approximated', 'a ring is used');
    return {
      lbPolicy: 'RING_HASH',
      ringHashLbConfig: { ...cluster.ringHashLbConfig, hashFunction: 'XX_HASH' },
    };
  }
  const { policies: listed, perLocality } = listedPolicies(cluster);
  const own = listed.filter(isOwn);
  if (!capabilities.has('customBalancer')) {
    noteFallback(own, lbPolicy, profile, limits);
    return { lbPolicy: 'ROUND_ROBIN' };
  }
  const policies: LoadBalancingPolicy_Policy[] = [...own];
  const choices = cluster.leastRequestLbConfig?.choiceCount?.value ?? 2;
  const wantsLeast = lbPolicy === 'LEAST_REQUEST';
  if (wantsLeast && own.length === 0)
    policies.push(ownBalancer('weir_least_request', { choiceCount: choices }));
  const standard = [roundRobinPolicy()];
  if (wantsLeast && capabilities.has('leastRequest')) standard.unshift(leastRequestPolicy(choices));
  noteFallback(own, lbPolicy, profile, limits);
  // Own balancers see all endpoints at once; weights of localities, where they count, are for the one that keeps them.
  return {
    lbPolicy: 'ROUND_ROBIN',
    loadBalancingPolicy: {
      policies: perLocality
        ? [withinLocality([...policies, ...standard])]
        : [...policies, withinLocality(standard)],
    },
  };
}

/** The list of the sidecar, without what chooses a locality before it. */
function listedPolicies({ loadBalancingPolicy, commonLbConfig }: Cluster): {
  readonly policies: readonly LoadBalancingPolicy_Policy[];
  readonly perLocality: boolean;
} {
  const policies = loadBalancingPolicy?.policies ?? [];
  const { typeUrl, value } = policies[0]?.typedExtensionConfig?.typedConfig ?? {};
  if (typeUrl !== TYPE_WRR_LOCALITY_POLICY || value === undefined)
    return { policies, perLocality: commonLbConfig?.localityWeightedLbConfig !== undefined };
  return { policies: decodeWrrLocality(value).endpointPickingPolicy?.policies ?? [], perLocality: true };
}

function isOwn({ typedExtensionConfig }: LoadBalancingPolicy_Policy): boolean {
  return typedExtensionConfig?.typedConfig?.typeUrl === TYPE_TYPED_STRUCT;
}

function noteFallback(
  own: readonly LoadBalancingPolicy_Policy[],
  lbPolicy: string,
  { kind, capabilities }: ClientProfile,
  limits: Limits,
): void {
  const canRegister = kind === 'grpc-node' && capabilities.has('customBalancer');
  const [first] = own;
  if (first !== undefined) {
    const name = first.typedExtensionConfig?.name ?? '';
    const instead = canRegister ? 'round robin, unless @weir/client is loaded' : 'round robin is used';
    limits.add(`balancer: ${name}`, 'approximated', instead);
  } else if (lbPolicy === 'LEAST_REQUEST' && !capabilities.has('leastRequest')) {
    const instead = canRegister ? 'round robin, unless @weir/client is loaded' : 'round robin is used';
    limits.add('balancer: LEAST_REQUEST', 'approximated', instead);
  } else if (lbPolicy === 'RANDOM') {
    limits.add('balancer: RANDOM', 'approximated', 'round robin is used');
  }
}

function noteSlowStart({ leastRequestLbConfig, roundRobinLbConfig }: Cluster, limits: Limits): void {
  const slowStart = leastRequestLbConfig?.slowStartConfig ?? roundRobinLbConfig?.slowStartConfig;
  if (slowStart !== undefined) limits.add('warmup', 'ignored', 'new endpoints get their full share at once');
}
