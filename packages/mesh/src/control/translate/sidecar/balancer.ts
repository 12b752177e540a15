import { parseDurationMs } from '../../../kube/resources/duration.js';
import type { LoadBalancerObject } from '../../../kube/resources/load-balancer.js';
import type { Cluster, Cluster_SlowStartConfig } from '../../../xds/generated/envoy.config.cluster.v3.js';
import { durationOfMs } from './duration.js';

export type BalancerName = 'least_request' | 'round_robin' | 'random';

export type BalancerFields = Pick<
  Cluster,
  'lbPolicy' | 'leastRequestLbConfig' | 'roundRobinLbConfig' | 'ringHashLbConfig' | 'maglevLbConfig'
>;

/** Istio's defaults, as Envoy's. */
const RING_SIZE = 1024;
const WARMUP_MIN_PERCENT = 10;
const WARMUP_AGGRESSION = 1;

/** @param fallback where the settings do not choose */
export function translateBalancer(
  settings: LoadBalancerObject | undefined,
  fallback: BalancerName,
): BalancerFields {
  const hash = settings?.consistentHash;
  if (hash?.maglev !== undefined) {
    const { tableSize } = hash.maglev;
    return {
      lbPolicy: 'MAGLEV',
      ...(tableSize !== undefined && { maglevLbConfig: { tableSize: { value: tableSize } } }),
    };
  }
  if (hash !== undefined) {
    // 0 is what protobuf makes of a size that is not there.
    const size = hash.ringHash?.minimumRingSize || hash.minimumRingSize || RING_SIZE;
    return { lbPolicy: 'RING_HASH', ringHashLbConfig: { minimumRingSize: { value: size } } };
  }
  const slowStart = translateWarmup(settings);
  switch (balancerOf(settings, fallback)) {
    case 'least_request':
      return { lbPolicy: 'LEAST_REQUEST', leastRequestLbConfig: { choiceCount: { value: 2 }, ...slowStart } };
    case 'round_robin':
      return { lbPolicy: 'ROUND_ROBIN', ...(slowStart.slowStartConfig && { roundRobinLbConfig: slowStart }) };
    case 'random':
      return { lbPolicy: 'RANDOM' };
  }
}

function balancerOf(settings: LoadBalancerObject | undefined, fallback: BalancerName): BalancerName {
  switch (settings?.simple) {
    case 'LEAST_REQUEST':
    case 'LEAST_CONN':
      return 'least_request';
    case 'ROUND_ROBIN':
      return 'round_robin';
    case 'RANDOM':
      return 'random';
    case 'PASSTHROUGH':
    case 'UNSPECIFIED':
    case undefined:
      return fallback;
  }
}

function translateWarmup(settings: LoadBalancerObject | undefined): {
  readonly slowStartConfig?: Cluster_SlowStartConfig;
} {
  const length = settings?.warmup?.duration ?? settings?.warmupDurationSecs;
  if (length === undefined) return {};
  const { minimumPercent = WARMUP_MIN_PERCENT, aggression = WARMUP_AGGRESSION } = settings?.warmup ?? {};
  return {
    slowStartConfig: {
      slowStartWindow: durationOfMs(parseDurationMs(length) ?? 0),
      aggression: { defaultValue: aggression },
      minWeightPercent: { value: minimumPercent },
    },
  };
}
