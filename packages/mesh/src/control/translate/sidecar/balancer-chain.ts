import { parseDurationMs } from '../../../kube/resources/duration.js';
import type {
  Cluster_SlowStartConfig,
  LoadBalancingPolicy_Policy,
} from '../../../xds/generated/envoy.config.cluster.v3.js';
import type { JsonObject } from '../../../xds/struct.js';
import {
  leastRequestPolicy,
  ownBalancer,
  roundRobinPolicy,
  weightedRoundRobinPolicy,
  withinLocality,
} from '../balancer-list.js';
import type { BalancerFields, ChosenBalancer } from './balancer.js';
import { durationOf } from './duration.js';

/** What Envoy and gRPC have no field for, under the names that grpc-js knows them by from `@weir/client`. */
const OWN = {
  p2cEwma: 'weir_p2c_ewma',
  prequal: 'weir_prequal',
  goZeroP2c: 'weir_go_zero_p2c',
} as const;

/** What stands in for an algorithm of ours where it is not known. */
const CHOICES = 2;

/** Algorithms that `lb_policy` has no word for. */
type ListedBalancer = Extract<ChosenBalancer, { readonly key: keyof typeof OWN | 'weightedRoundRobin' }>;

/**
 * An algorithm of which not every client knows, and behind it what the others do instead: as a list (gRFC A52),
 * and in `lb_policy` for those before the list.
 */
export function balancerChain(
  chosen: ListedBalancer,
  slowStart: Cluster_SlowStartConfig | undefined,
  perLocality: boolean,
): BalancerFields {
  const chain = (policies: readonly LoadBalancingPolicy_Policy[]) => ({
    loadBalancingPolicy: { policies: perLocality ? [withinLocality(policies)] : policies },
  });
  if (chosen.key === 'weightedRoundRobin') {
    const { blackout, expiration, update, errorUtilizationPenalty: penalty } = chosen.settings;
    const weighted = weightedRoundRobinPolicy({
      ...(blackout !== undefined && { blackoutPeriod: durationOf(blackout) }),
      ...(expiration !== undefined && { weightExpirationPeriod: durationOf(expiration) }),
      ...(update !== undefined && { weightUpdatePeriod: durationOf(update) }),
      ...(penalty !== undefined && { errorUtilizationPenalty: { value: penalty } }),
    });
    return { lbPolicy: 'ROUND_ROBIN', ...chain([weighted, roundRobinPolicy()]) };
  }
  const config = {
    ...configOf(chosen.settings),
    ...(slowStart && { slowStart: jsonOfSlowStart(slowStart) }),
  };
  return {
    lbPolicy: 'LEAST_REQUEST',
    leastRequestLbConfig: {
      choiceCount: { value: CHOICES },
      ...(slowStart && { slowStartConfig: slowStart }),
    },
    ...chain([ownBalancer(OWN[chosen.key], config), leastRequestPolicy(CHOICES)]),
  };
}

/** As in a gRPC service config: lengths of time are numbers, and their names say the unit. */
function configOf(settings: object): JsonObject {
  const fields = Object.entries(settings as Readonly<Record<string, string | number>>);
  return Object.fromEntries(
    fields.map(([name, value]) => {
      const lengthMs = typeof value === 'string' ? parseDurationMs(value) : undefined;
      return lengthMs === undefined ? [name, value] : [`${name}Ms`, lengthMs];
    }),
  );
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
