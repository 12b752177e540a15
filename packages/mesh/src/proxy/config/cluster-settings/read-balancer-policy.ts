import type { BalancerPolicy, SlowStartSettings } from '@weir/core';
import type { Cluster, Cluster_SlowStartConfig } from '../../../xds/generated/envoy.config.cluster.v3.js';
import type { RuntimeDouble } from '../../../xds/generated/envoy.config.core.v3.js';
import type { UInt32Value, UInt64Value } from '../../../xds/generated/google.protobuf.js';
import { readPositiveDuration } from '../duration.js';
import type { Findings } from '../findings.js';

/** The policy that `lb_policy` names, with its settings. */
export function readBalancerPolicy(cluster: Cluster, findings: Findings): BalancerPolicy | undefined {
  const lbPolicy = cluster.lbPolicy ?? 'ROUND_ROBIN';
  switch (lbPolicy) {
    case 'ROUND_ROBIN':
      return readRoundRobin('round_robin_lb_config', cluster.roundRobinLbConfig ?? {}, findings);
    case 'RANDOM':
      return { name: 'random' };
    case 'LEAST_REQUEST':
      return readLeastRequest('least_request_lb_config', cluster.leastRequestLbConfig ?? {}, findings);
    case 'RING_HASH':
      return readRingHash('ring_hash_lb_config', cluster.ringHashLbConfig ?? {}, findings);
    case 'MAGLEV':
      return readMaglev('maglev_lb_config', cluster.maglevLbConfig ?? {}, findings);
    default:
      findings.error(
        'lb_policy',
        `${lbPolicy} is not supported; use ROUND_ROBIN, LEAST_REQUEST, RANDOM, RING_HASH or MAGLEV`,
      );
      return undefined;
  }
}

// Locality settings are read by those who know where they stand.
const ROUND_ROBIN_FIELDS = new Set(['slowStartConfig', 'localityLbConfig']);

export function readRoundRobin(
  path: string,
  config: { readonly slowStartConfig?: Cluster_SlowStartConfig | undefined },
  findings: Findings,
): BalancerPolicy {
  findings.unused(path, config, ROUND_ROBIN_FIELDS);
  return { name: 'round_robin', ...readSlowStart(path, config.slowStartConfig, findings) };
}

interface LeastRequestConfig {
  readonly choiceCount?: UInt32Value | undefined;
  readonly activeRequestBias?: RuntimeDouble | undefined;
  readonly slowStartConfig?: Cluster_SlowStartConfig | undefined;
}

const LEAST_REQUEST_FIELDS = new Set([
  'choiceCount',
  'activeRequestBias',
  'slowStartConfig',
  'localityLbConfig',
]);

export function readLeastRequest(
  path: string,
  config: LeastRequestConfig,
  findings: Findings,
): BalancerPolicy {
  findings.unused(path, config, LEAST_REQUEST_FIELDS);
  // LeastRequestLbConfig: "Defaults to 2 so that we perform two-choice selection"; the bias "Defaults to 1.0".
  const choiceCount = config.choiceCount === undefined ? 2 : (config.choiceCount.value ?? 0);
  const activeRequestBias = doubleOr(config.activeRequestBias, 1);
  if (choiceCount < 2) findings.error(`${path}.choice_count`, `must be at least 2, not ${choiceCount}`);
  if (!(activeRequestBias >= 0 && activeRequestBias < Infinity)) {
    findings.error(`${path}.active_request_bias`, `must be at least 0, not ${activeRequestBias}`);
  }
  const slowStart = readSlowStart(path, config.slowStartConfig, findings);
  return { name: 'least_request', choiceCount, activeRequestBias, ...slowStart };
}

interface RingHashConfig {
  readonly minimumRingSize?: UInt64Value | undefined;
  readonly maximumRingSize?: UInt64Value | undefined;
  readonly hashFunction?: string | undefined;
}

const RING_HASH_FIELDS = new Set([
  'minimumRingSize',
  'maximumRingSize',
  'hashFunction',
  'localityWeightedLbConfig',
]);

export function readRingHash(path: string, config: RingHashConfig, findings: Findings): BalancerPolicy {
  findings.unused(path, config, RING_HASH_FIELDS);
  if (config.hashFunction === 'MURMUR_HASH_2') {
    findings.warn(`${path}.hash_function`, 'MURMUR_HASH_2 is not known to this proxy; XX_HASH is used');
  }
  return {
    name: 'ring_hash',
    // RingHashLbConfig: "Defaults to 1024 entries", "Defaults to 8M entries".
    minimumRingSize: integerOr(config.minimumRingSize, 1024),
    maximumRingSize: integerOr(config.maximumRingSize, 8_388_608),
  };
}

const MAGLEV_FIELDS = new Set(['tableSize', 'localityWeightedLbConfig']);

export function readMaglev(
  path: string,
  config: { readonly tableSize?: UInt64Value | undefined },
  findings: Findings,
): BalancerPolicy {
  findings.unused(path, config, MAGLEV_FIELDS);
  // MaglevLbConfig: "If not specified, the default is 65537."
  return { name: 'maglev', tableSize: integerOr(config.tableSize, 65_537) };
}

function readSlowStart(
  parent: string,
  config: Cluster_SlowStartConfig | undefined,
  findings: Findings,
): { readonly slowStart?: SlowStartSettings } {
  if (config === undefined) return {};
  const path = `${parent}.slow_start_config`;
  const windowMs = readPositiveDuration(`${path}.slow_start_window`, config.slowStartWindow ?? {}, findings);
  const { minWeightPercent: minimum, aggression: rise } = config;
  // "Defaults to 10%"; aggression "Defaults to 1.0".
  const minWeightPercent = minimum === undefined ? 10 : (minimum.value ?? 0);
  const aggression = doubleOr(rise, 1);
  if (!(minWeightPercent >= 0 && minWeightPercent <= 100)) {
    findings.error(`${path}.min_weight_percent`, `must be from 0 to 100, not ${minWeightPercent}`);
  }
  if (!(aggression > 0 && aggression < Infinity)) {
    findings.error(`${path}.aggression`, `must be more than 0, not ${aggression}`);
  }
  return { slowStart: { windowMs: windowMs ?? 0, minWeightPercent, aggression } };
}

function integerOr(value: UInt64Value | undefined, otherwise: number): number {
  return value === undefined ? otherwise : (value.value ?? 0);
}

function doubleOr(value: RuntimeDouble | undefined, otherwise: number): number {
  return value === undefined ? otherwise : (value.defaultValue ?? 0);
}
