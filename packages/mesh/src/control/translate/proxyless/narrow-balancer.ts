import type { Cluster, LoadBalancingPolicy_Policy } from '../../../xds/generated/envoy.config.cluster.v3.js';
import { decodeWrrLocality } from '../../../xds/generated/envoy.extensions.load_balancing_policies.wrr_locality.v3.js';
import {
  TYPE_LEAST_REQUEST_POLICY,
  TYPE_TYPED_STRUCT,
  TYPE_WEIGHTED_ROUND_ROBIN_POLICY,
  TYPE_WRR_LOCALITY_POLICY,
} from '../../../xds/type-urls.js';
import { leastRequestPolicy, ownBalancer, roundRobinPolicy, withinLocality } from '../balancer-list.js';
import type { Capability, ClientProfile } from '../client-profile.js';
import type { Limits } from './limits.js';

type BalancerFields = Pick<Cluster, 'lbPolicy' | 'ringHashLbConfig' | 'loadBalancingPolicy'>;

/** What some libraries know of what stands in a list; any other standard policy none does. */
const NEEDED: Readonly<Record<string, Capability>> = {
  [TYPE_LEAST_REQUEST_POLICY]: 'leastRequest',
  [TYPE_WEIGHTED_ROUND_ROBIN_POLICY]: 'weightedRoundRobin',
};

/**
 * What a gRPC library can do of a balancer. `lb_policy` is never LEAST_REQUEST, which most refuse; the list (gRFC A52)
 * always ends with a policy that every library knows, and libraries from before the list take `lb_policy`.
 */
export function narrowBalancer(cluster: Cluster, profile: ClientProfile, limits: Limits): BalancerFields {
  const { lbPolicy = 'ROUND_ROBIN', leastRequestLbConfig, roundRobinLbConfig } = cluster;
  if (leastRequestLbConfig?.slowStartConfig ?? roundRobinLbConfig?.slowStartConfig) {
    limits.add('warmup', 'ignored', 'new endpoints get their full share at once');
  }
  if (lbPolicy === 'RING_HASH' || lbPolicy === 'MAGLEV') return narrowHash(cluster, profile, limits);
  const wanted = wantedPolicies(cluster);
  const [first] = wanted;
  const usable = profile.capabilities.has('customBalancer')
    ? wanted.filter((policy) => mayKnow(policy, profile))
    : [];
  noteFallback(first, usable[0], lbPolicy, profile, limits);
  if (!profile.capabilities.has('customBalancer')) return { lbPolicy: 'ROUND_ROBIN' };
  const own = usable.filter(isOwn);
  const standard = [...usable.filter((policy) => !isOwn(policy)), roundRobinPolicy()];
  // Own balancers see all endpoints at once; weights of localities, where they count, are for the one that keeps them.
  const perLocality = cluster.commonLbConfig?.localityWeightedLbConfig !== undefined;
  return {
    lbPolicy: 'ROUND_ROBIN',
    loadBalancingPolicy: {
      policies: perLocality ? [withinLocality([...own, ...standard])] : [...own, withinLocality(standard)],
    },
  };
}

function narrowHash(cluster: Cluster, { capabilities }: ClientProfile, limits: Limits): BalancerFields {
  if (!capabilities.has('ringHash')) {
    limits.add('consistentHash', 'ignored', 'calls go round robin');
    return { lbPolicy: 'ROUND_ROBIN' };
  }
  if (cluster.lbPolicy === 'MAGLEV') limits.add('consistentHash: maglev', 'approximated', 'a ring is used');
  return {
    lbPolicy: 'RING_HASH',
    ringHashLbConfig: { ...cluster.ringHashLbConfig, hashFunction: 'XX_HASH' },
  };
}

/** In order of preference, without the locality around them. */
function wantedPolicies(cluster: Cluster): readonly LoadBalancingPolicy_Policy[] {
  const listed = (cluster.loadBalancingPolicy?.policies ?? []).flatMap(withoutLocality);
  if (listed.length > 0 || cluster.lbPolicy !== 'LEAST_REQUEST') return listed;
  const choiceCount = cluster.leastRequestLbConfig?.choiceCount?.value ?? 2;
  return [ownBalancer('weir_least_request', { choiceCount }), leastRequestPolicy(choiceCount)];
}

function withoutLocality(policy: LoadBalancingPolicy_Policy): readonly LoadBalancingPolicy_Policy[] {
  const config = policy.typedExtensionConfig?.typedConfig;
  if (config?.typeUrl !== TYPE_WRR_LOCALITY_POLICY) return [policy];
  return decodeWrrLocality(config.value ?? new Uint8Array(0)).endpointPickingPolicy?.policies ?? [];
}

function mayKnow(policy: LoadBalancingPolicy_Policy, { capabilities }: ClientProfile): boolean {
  if (isOwn(policy)) return true;
  const needed = NEEDED[policy.typedExtensionConfig?.typedConfig?.typeUrl ?? ''];
  return needed !== undefined && capabilities.has(needed);
}

function isOwn({ typedExtensionConfig }: LoadBalancingPolicy_Policy): boolean {
  return typedExtensionConfig?.typedConfig?.typeUrl === TYPE_TYPED_STRUCT;
}

function noteFallback(
  first: LoadBalancingPolicy_Policy | undefined,
  used: LoadBalancingPolicy_Policy | undefined,
  lbPolicy: string,
  { kind, capabilities }: ClientProfile,
  limits: Limits,
): void {
  if (lbPolicy === 'RANDOM') limits.add('balancer: RANDOM', 'approximated', 'round robin is used');
  // What stands first in the list and is no own balancer is known to the client.
  if (first === undefined || (used === first && !isOwn(first))) return;
  const isLeast = lbPolicy === 'LEAST_REQUEST' && capabilities.has('leastRequest');
  const instead = isLeast ? 'least_request is used' : 'round robin is used';
  const canRegister = kind === 'grpc-node' && capabilities.has('customBalancer') && isOwn(first);
  const name = first.typedExtensionConfig?.name?.split('.').at(-1) ?? '';
  // grpc-go and Java do by themselves what this one asks for.
  if (name === 'weir_least_request' && isLeast) return;
  limits.add(
    `balancer: ${name}`,
    'approximated',
    canRegister ? `${instead}, unless @weir/client is loaded` : instead,
  );
}
