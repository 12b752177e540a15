import {
  type BalancerPolicy,
  type Clock,
  type ClusterBalancing,
  createBalancer,
  seededRandom,
} from '@weir/core';
import type { Cluster, Cluster_CommonLbConfig } from '../../../xds/generated/envoy.config.cluster.v3.js';
import type { Findings } from '../findings.js';
import { readBalancerPolicy } from './read-balancer-policy.js';
import type { ZoneSettings } from './read-own-policy.js';
import { type LocalityPolicy, readPolicyList } from './read-policy-list.js';

/** How requests are divided among the hosts of a cluster, as far as the cluster says it. */
export interface Balancing extends Omit<ClusterBalancing, 'overprovisioningPercent' | 'zoneAware'> {
  /** Whether the zone of the caller goes first, and what is said of it. */
  readonly zoneAware?: ZoneSettings | undefined;
}

/** Envoy: `healthy_panic_threshold`, "If not specified, the default is 50%." */
const DEFAULT_PANIC_THRESHOLD_PERCENT = 50;

const COMMON_FIELDS = new Set(['healthyPanicThreshold', 'localityWeightedLbConfig', 'zoneAwareLbConfig']);
const ZONE_FIELDS = new Set(['minClusterSize']);
const COMMON_PATH = 'common_lb_config';

/**
 * Reads how requests are divided. `load_balancing_policy` wins over `lb_policy` and with it over the
 * localities of `common_lb_config`.
 */
export function readBalancing(cluster: Cluster, findings: Findings): Balancing | undefined {
  const { commonLbConfig: common = {}, loadBalancingPolicy: list } = cluster;
  findings.unused(COMMON_PATH, common, COMMON_FIELDS);
  const panicThresholdPercent = readPanicThreshold(common, findings);
  const localityWeighted = common.localityWeightedLbConfig !== undefined;
  const errors = findings.errors.length;
  const read =
    list === undefined
      ? withLocality(readBalancerPolicy(cluster, findings), localityWeighted, readZones(common, findings))
      : readPolicyList('load_balancing_policy', list, findings);
  if (read === undefined) return undefined;
  if (findings.errors.length === errors) checkPolicy(read.policy, findings);
  return { ...read, panicThresholdPercent };
}

function withLocality(
  policy: BalancerPolicy | undefined,
  localityWeighted: boolean,
  zoneAware: ZoneSettings | undefined,
): LocalityPolicy | undefined {
  return policy && { policy, localityWeighted, ...(zoneAware && { zoneAware }) };
}

function readZones(
  { zoneAwareLbConfig: zones }: Cluster_CommonLbConfig,
  findings: Findings,
): ZoneSettings | undefined {
  if (zones === undefined) return undefined;
  findings.unused(`${COMMON_PATH}.zone_aware_lb_config`, zones, ZONE_FIELDS);
  return zones.minClusterSize === undefined ? {} : { minClusterSize: zones.minClusterSize.value ?? 0 };
}

function readPanicThreshold(
  { healthyPanicThreshold: threshold }: Cluster_CommonLbConfig,
  findings: Findings,
): number {
  if (threshold === undefined) return DEFAULT_PANIC_THRESHOLD_PERCENT;
  const { value = 0 } = threshold;
  if (!(value >= 0 && value <= 100)) {
    findings.error(`${COMMON_PATH}.healthy_panic_threshold`, `must be from 0 to 100, not ${value}`);
  }
  return value;
}

const NO_TIME: Clock = { nowMs: () => 0, wallMs: () => 0, setTimer: () => ({ cancel() {} }) };

/** Whoever makes a balancer checks its settings, so one is made. */
function checkPolicy(policy: BalancerPolicy, findings: Findings): void {
  try {
    createBalancer(policy, seededRandom(0), NO_TIME);
  } catch (error) {
    findings.error('lb_policy', error instanceof Error ? error.message : String(error));
  }
}
