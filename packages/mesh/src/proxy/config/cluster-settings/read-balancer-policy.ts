import type { BalancerPolicy } from '@weir/core';
import type {
  Cluster,
  LoadBalancingPolicy,
  LoadBalancingPolicy_Policy,
} from '../../../xds/generated/envoy.config.cluster.v3.js';
import type { RuntimeDouble } from '../../../xds/generated/envoy.config.core.v3.js';
import { decodeLeastRequest } from '../../../xds/generated/envoy.extensions.load_balancing_policies.least_request.v3.js';
import { decodeWrrLocality } from '../../../xds/generated/envoy.extensions.load_balancing_policies.wrr_locality.v3.js';
import type { UInt32Value } from '../../../xds/generated/google.protobuf.js';
import type { Findings } from '../findings.js';

/**
 * The balancing policy of a cluster. `load_balancing_policy` wins over `lb_policy`; of its list, "the first
 * policy that is supported" counts (gRFC A52, Envoy `LoadBalancingPolicy.policies`).
 */
export function readBalancerPolicy(cluster: Cluster, findings: Findings): BalancerPolicy | undefined {
  const list = cluster.loadBalancingPolicy;
  if (list !== undefined) return readPolicyList('load_balancing_policy', list, findings);
  const lbPolicy = cluster.lbPolicy ?? 'ROUND_ROBIN';
  switch (lbPolicy) {
    case 'ROUND_ROBIN':
      findings.unused('round_robin_lb_config', cluster.roundRobinLbConfig ?? {}, new Set());
      return { name: 'round_robin' };
    case 'RANDOM':
      return { name: 'random' };
    case 'LEAST_REQUEST':
      return readLeastRequest('least_request_lb_config', cluster.leastRequestLbConfig ?? {}, findings);
    default:
      findings.error('lb_policy', `${lbPolicy} is not supported; use ROUND_ROBIN, LEAST_REQUEST or RANDOM`);
      return undefined;
  }
}

function readPolicyList(
  path: string,
  { policies = [] }: LoadBalancingPolicy,
  findings: Findings,
): BalancerPolicy | undefined {
  const skipped: string[] = [];
  for (const [index, policy] of policies.entries()) {
    const where = `${path}.policies[${index}]`;
    const read = readPolicy(where, policy, findings);
    if (read !== 'unknown') {
      if (skipped.length > 0) {
        findings.warn(
          path,
          `${skipped.join(', ')} not known to this proxy; ${read?.name ?? 'none'} is used instead`,
        );
      }
      return read;
    }
    skipped.push(policy.typedExtensionConfig?.name ?? `policies[${index}]`);
  }
  findings.error(path, `holds no policy this proxy knows (${skipped.join(', ') || 'it is empty'})`);
  return undefined;
}

function readPolicy(
  path: string,
  { typedExtensionConfig }: LoadBalancingPolicy_Policy,
  findings: Findings,
): BalancerPolicy | undefined | 'unknown' {
  const typed = typedExtensionConfig?.typedConfig;
  const typeUrl = typed?.typeUrl ?? '';
  const bytes = typed?.value ?? new Uint8Array();
  const where = `${path}.typed_extension_config.typed_config`;
  try {
    switch (typeUrl.slice(typeUrl.lastIndexOf('/') + 1)) {
      case 'envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin':
        return { name: 'round_robin' };
      case 'envoy.extensions.load_balancing_policies.random.v3.Random':
        return { name: 'random' };
      case 'envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest':
        return readLeastRequest(where, decodeLeastRequest(bytes), findings);
      case 'envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality':
        findings.warn(where, 'weights of localities have no effect in this proxy, only those of endpoints');
        return readPolicyList(
          `${where}.endpoint_picking_policy`,
          decodeWrrLocality(bytes).endpointPickingPolicy ?? {},
          findings,
        );
      default:
        return 'unknown';
    }
  } catch (error) {
    findings.error(where, `cannot be decoded: ${String(error)}`);
    return undefined;
  }
}

interface LeastRequestConfig {
  readonly choiceCount?: UInt32Value | undefined;
  readonly activeRequestBias?: RuntimeDouble | undefined;
}

function readLeastRequest(
  path: string,
  config: LeastRequestConfig,
  findings: Findings,
): BalancerPolicy | undefined {
  findings.unused(path, config, new Set(['choiceCount', 'activeRequestBias']));
  // LeastRequestLbConfig: "Defaults to 2 so that we perform two-choice selection"; the bias "Defaults to 1.0".
  const choiceCount = config.choiceCount?.value ?? 2;
  const activeRequestBias =
    config.activeRequestBias === undefined ? 1 : (config.activeRequestBias.defaultValue ?? 0);
  if (choiceCount < 2) findings.error(`${path}.choice_count`, `must be at least 2, not ${choiceCount}`);
  if (!(activeRequestBias >= 0 && activeRequestBias < Infinity)) {
    findings.error(`${path}.active_request_bias`, `must be at least 0, not ${activeRequestBias}`);
  }
  return { name: 'least_request', choiceCount, activeRequestBias };
}
