import type { BalancerPolicy } from '@weir/core';
import type {
  LoadBalancingPolicy,
  LoadBalancingPolicy_Policy,
} from '../../../xds/generated/envoy.config.cluster.v3.js';
import type { LocalityLbConfig } from '../../../xds/generated/envoy.extensions.load_balancing_policies.common.v3.js';
import { decodeClientSideWeightedRoundRobin } from '../../../xds/generated/envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.js';
import { decodeLeastRequest } from '../../../xds/generated/envoy.extensions.load_balancing_policies.least_request.v3.js';
import { decodeMaglev } from '../../../xds/generated/envoy.extensions.load_balancing_policies.maglev.v3.js';
import { decodeRingHash } from '../../../xds/generated/envoy.extensions.load_balancing_policies.ring_hash.v3.js';
import { decodeRoundRobin } from '../../../xds/generated/envoy.extensions.load_balancing_policies.round_robin.v3.js';
import { decodeWrrLocality } from '../../../xds/generated/envoy.extensions.load_balancing_policies.wrr_locality.v3.js';
import { decodeTypedStruct } from '../../../xds/generated/xds.type.v3.js';
import { decodeTyped } from '../decode-typed.js';
import type { Findings } from '../findings.js';
import { readLeastRequest, readMaglev, readRingHash, readRoundRobin } from './read-balancer-policy.js';
import { readOwnPolicy, type ZoneSettings } from './read-own-policy.js';
import { readWeightedRoundRobin } from './read-weighted-round-robin.js';

export interface LocalityPolicy {
  readonly policy: BalancerPolicy;
  /** Whether the weights of localities count. */
  readonly localityWeighted: boolean;
  /** Whether the zone of the caller goes first, and what is said of it. */
  readonly zoneAware?: ZoneSettings | undefined;
}

/**
 * The policy that a `load_balancing_policy` asks for: of its list, "the first policy that is supported" (gRFC
 * A52, Envoy `LoadBalancingPolicy.policies`).
 */
export function readPolicyList(
  path: string,
  { policies = [] }: LoadBalancingPolicy,
  findings: Findings,
): LocalityPolicy | undefined {
  const skipped: string[] = [];
  for (const [index, policy] of policies.entries()) {
    const where = `${path}.policies[${index}].typed_extension_config.typed_config`;
    const read = readPolicy(where, policy, findings);
    if (read === 'unknown') {
      skipped.push(policy.typedExtensionConfig?.name ?? `policies[${index}]`);
      continue;
    }
    if (skipped.length > 0) {
      const used = read?.policy.name ?? 'none';
      findings.warn(path, `${skipped.join(', ')} not known to this proxy; ${used} is used instead`);
    }
    return read;
  }
  findings.error(path, `holds no policy this proxy knows (${skipped.join(', ') || 'it is empty'})`);
  return undefined;
}

function readPolicy(
  path: string,
  { typedExtensionConfig }: LoadBalancingPolicy_Policy,
  findings: Findings,
): LocalityPolicy | undefined | 'unknown' {
  const typed = typedExtensionConfig?.typedConfig ?? {};
  const { typeUrl = '' } = typed;
  const decode = <Message>(decoder: (bytes: Uint8Array) => Message): Message | undefined =>
    decodeTyped(path, typed, decoder, findings);
  switch (typeUrl.slice(typeUrl.lastIndexOf('/') + 1)) {
    case 'envoy.extensions.load_balancing_policies.random.v3.Random':
      return { policy: { name: 'random' }, localityWeighted: false };
    case 'envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin': {
      const config = decode(decodeRoundRobin);
      return config && withLocality(path, config, readRoundRobin(path, config, findings), findings);
    }
    case 'envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest': {
      const config = decode(decodeLeastRequest);
      return config && withLocality(path, config, readLeastRequest(path, config, findings), findings);
    }
    case 'envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash': {
      const config = decode(decodeRingHash);
      return config && hashed(config, readRingHash(path, config, findings));
    }
    case 'envoy.extensions.load_balancing_policies.maglev.v3.Maglev': {
      const config = decode(decodeMaglev);
      return config && hashed(config, readMaglev(path, config, findings));
    }
    case 'envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin': {
      const config = decode(decodeClientSideWeightedRoundRobin);
      return config && { policy: readWeightedRoundRobin(path, config, findings), localityWeighted: false };
    }
    case 'xds.type.v3.TypedStruct':
    case 'udpa.type.v1.TypedStruct': {
      // The two are one message under two names.
      const struct = decode(decodeTypedStruct);
      if (struct === undefined) return undefined;
      const own = readOwnPolicy(path, struct, findings);
      return own === 'unknown' ? own : { ...own, localityWeighted: false };
    }
    case 'envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality': {
      const inner = decode(decodeWrrLocality)?.endpointPickingPolicy ?? {};
      const read = readPolicyList(`${path}.endpoint_picking_policy`, inner, findings);
      return read && { ...read, localityWeighted: true };
    }
    default:
      return 'unknown';
  }
}

const LOCALITY_FIELDS = new Set(['localityWeightedLbConfig']);

function withLocality(
  path: string,
  { localityLbConfig = {} }: { readonly localityLbConfig?: LocalityLbConfig | undefined },
  policy: BalancerPolicy,
  findings: Findings,
): LocalityPolicy {
  findings.unused(`${path}.locality_lb_config`, localityLbConfig, LOCALITY_FIELDS);
  return { policy, localityWeighted: localityLbConfig.localityWeightedLbConfig !== undefined };
}

function hashed(
  { localityWeightedLbConfig }: { readonly localityWeightedLbConfig?: object | undefined },
  policy: BalancerPolicy,
): LocalityPolicy {
  return { policy, localityWeighted: localityWeightedLbConfig !== undefined };
}
