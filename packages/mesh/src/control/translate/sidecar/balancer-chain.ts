import { parseDurationMs } from '../../../kube/resources/duration.js';
import type {
  Cluster_CommonLbConfig_ZoneAwareLbConfig,
  Cluster_SlowStartConfig,
  LoadBalancingPolicy_Policy,
} from '../../../xds/generated/envoy.config.cluster.v3.js';
import type { JsonObject } from '../../../xds/struct.js';
import {
  leastRequestPolicy,
  ownBalancer,
  randomPolicy,
  roundRobinPolicy,
  weightedRoundRobinPolicy,
  withinLocality,
} from '../balancer-list.js';
import type { BalancerFields, ChosenBalancer, Reach } from './balancer.js';
import { durationOf } from './duration.js';

/** Under these names grpc-js knows them from `@weir/client`; those that Envoy knows as well are ours in a subset. */
const OWN = {
  p2cEwma: 'weir_p2c_ewma',
  prequal: 'weir_prequal',
  goZeroP2c: 'weir_go_zero_p2c',
  leastRequest: 'weir_least_request',
  roundRobin: 'round_robin',
  random: 'weir_random',
  weightedRoundRobin: 'weir_weighted_round_robin',
} as const satisfies Record<ChosenBalancer['key'], string>;

/** What stands in for an algorithm of ours where it is not known. */
const CHOICES = 2;

/**
 * An algorithm of which not every client knows, and behind it what the others do instead: as a list (gRFC A52),
 * and in `lb_policy` for those before the list.
 */
export function balancerChain(
  chosen: ChosenBalancer,
  slowStart: Cluster_SlowStartConfig | undefined,
  reach: Reach,
): BalancerFields {
  const policies = [...firstOf(chosen, slowStart, reach), ...insteadOf(chosen)];
  const loadBalancingPolicy = { policies: reach.perLocality ? [withinLocality(policies)] : policies };
  switch (chosen.key) {
    case 'weightedRoundRobin':
    case 'roundRobin':
      return { lbPolicy: 'ROUND_ROBIN', loadBalancingPolicy };
    case 'random':
      return { lbPolicy: 'RANDOM', loadBalancingPolicy };
    default:
      return {
        lbPolicy: 'LEAST_REQUEST',
        leastRequestLbConfig: {
          choiceCount: { value: CHOICES },
          ...(slowStart && { slowStartConfig: slowStart }),
        },
        loadBalancingPolicy,
      };
  }
}

/** Envoy `ZoneAwareLbConfig`, "Cluster size … Defaults to 6". */
export function zoneConfig(minClusterSize: number | undefined): Cluster_CommonLbConfig_ZoneAwareLbConfig {
  return minClusterSize === undefined ? {} : { minClusterSize: { value: minClusterSize } };
}

function firstOf(
  chosen: ChosenBalancer,
  slowStart: Cluster_SlowStartConfig | undefined,
  { subset, zoneAware }: Reach,
): readonly LoadBalancingPolicy_Policy[] {
  const config: JsonObject = {
    ...configOf(chosen.settings),
    ...(slowStart && { slowStart: jsonOfSlowStart(slowStart) }),
    ...(zoneAware && { zoneAware: configOf({ minClusterSize: zoneAware.minClusterSize }) }),
  };
  const name = OWN[chosen.key];
  if (subset !== undefined)
    return [ownBalancer('weir_subset', { size: subset.size, childPolicy: [{ [name]: config }] })];
  // Of the rest of it there is a word that others know.
  if (chosen.key === 'weightedRoundRobin' && zoneAware === undefined) return [];
  return [ownBalancer(name, config)];
}

function insteadOf(chosen: ChosenBalancer): readonly LoadBalancingPolicy_Policy[] {
  switch (chosen.key) {
    case 'weightedRoundRobin': {
      const { blackout, expiration, update, errorUtilizationPenalty: penalty } = chosen.settings;
      const weighted = weightedRoundRobinPolicy({
        ...(blackout !== undefined && { blackoutPeriod: durationOf(blackout) }),
        ...(expiration !== undefined && { weightExpirationPeriod: durationOf(expiration) }),
        ...(update !== undefined && { weightUpdatePeriod: durationOf(update) }),
        ...(penalty !== undefined && { errorUtilizationPenalty: { value: penalty } }),
      });
      return [weighted, roundRobinPolicy()];
    }
    case 'roundRobin':
      return [roundRobinPolicy()];
    case 'random':
      return [randomPolicy()];
    default:
      return [leastRequestPolicy(CHOICES)];
  }
}

/** As in a gRPC service config: lengths of time are numbers, and their names say the unit. */
function configOf(settings: object): JsonObject {
  const config: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(
    settings as Readonly<Record<string, string | number | undefined>>,
  )) {
    if (value === undefined) continue;
    const lengthMs = typeof value === 'string' ? parseDurationMs(value) : undefined;
    if (lengthMs === undefined) config[name] = value;
    else config[`${name}Ms`] = lengthMs;
  }
  return config;
}

function jsonOfSlowStart({
  slowStartWindow,
  minWeightPercent,
  aggression,
}: Cluster_SlowStartConfig): JsonObject {
  return {
    windowMs: (slowStartWindow?.seconds ?? 0) * 1000 + (slowStartWindow?.nanos ?? 0) / 1_000_000,
    minWeightPercent: minWeightPercent?.value ?? 0,
    aggression: aggression?.defaultValue ?? 0,
  };
}
