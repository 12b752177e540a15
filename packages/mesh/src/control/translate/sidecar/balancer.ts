import { parseDurationMs } from '../../../kube/resources/duration.js';
import type { GrpcLoadBalancerObject } from '../../../kube/resources/grpc-load-balancer.js';
import type { LoadBalancerObject } from '../../../kube/resources/load-balancer.js';
import type { Cluster, Cluster_SlowStartConfig } from '../../../xds/generated/envoy.config.cluster.v3.js';
import { balancerChain, zoneConfig } from './balancer-chain.js';
import { durationOfMs } from './duration.js';
import { runtimeDouble } from './runtime-double.js';

/** Algorithms by the names that `--balancer` takes, the default first. */
export const BALANCERS = [
  'p2c_ewma',
  'prequal',
  'go_zero_p2c',
  'weighted_round_robin',
  'least_request',
  'round_robin',
  'random',
] as const;

export type BalancerName = (typeof BALANCERS)[number];

export const DEFAULT_BALANCER: BalancerName = 'p2c_ewma';

export type BalancerFields = Pick<
  Cluster,
  | 'lbPolicy'
  | 'leastRequestLbConfig'
  | 'roundRobinLbConfig'
  | 'ringHashLbConfig'
  | 'maglevLbConfig'
  | 'loadBalancingPolicy'
  | 'commonLbConfig'
>;

/** Istio's defaults, as Envoy's. */
const RING_SIZE = 1024;
const WARMUP_MIN_PERCENT = 10;
const WARMUP_AGGRESSION = 1;

type AlgorithmKey = Exclude<keyof GrpcLoadBalancerObject, 'subset' | 'zoneAware'>;

const NO_ALGORITHMS: ReadonlySet<string> = new Set([
  'subset',
  'zoneAware',
] satisfies (keyof GrpcLoadBalancerObject)[]);

/** An algorithm with what is said of it. */
export type ChosenBalancer = {
  [Key in AlgorithmKey]: {
    readonly key: Key;
    readonly settings: NonNullable<GrpcLoadBalancerObject[Key]>;
  };
}[AlgorithmKey];

/** Which endpoints an algorithm is left. */
export interface Reach {
  /** A locality is chosen first, by weight. */
  readonly perLocality: boolean;
  readonly zoneAware: { readonly minClusterSize?: number | undefined } | undefined;
  readonly subset: { readonly size: number } | undefined;
}

const KEYS = {
  p2c_ewma: 'p2cEwma',
  prequal: 'prequal',
  go_zero_p2c: 'goZeroP2c',
  weighted_round_robin: 'weightedRoundRobin',
  least_request: 'leastRequest',
  round_robin: 'roundRobin',
  random: 'random',
} as const satisfies Record<BalancerName, AlgorithmKey>;

/**
 * How an endpoint is chosen: as the GRPCPolicy says, else as the DestinationRule, else as the default.
 *
 * @param settings of a DestinationRule
 * @param own of a GRPCPolicy
 * @param fallback where neither chooses
 * @param perLocality whether a locality is chosen first, by weight
 */
export function translateBalancer(
  settings: LoadBalancerObject | undefined,
  own: GrpcLoadBalancerObject | undefined,
  fallback: BalancerName,
  perLocality: boolean,
): BalancerFields {
  const hash = own === undefined ? settings?.consistentHash : undefined;
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
  const chosen = (own && chosenOf(own)) ?? byName(balancerOf(settings, fallback));
  const ofRule = settings?.zoneAwareLbSetting;
  const reach: Reach = {
    perLocality,
    // Localities that have shares by hand are not divided again.
    zoneAware: perLocality ? undefined : (own?.zoneAware ?? (ofRule?.enabled === true ? ofRule : undefined)),
    subset: own?.subset,
  };
  const slowStart = translateWarmup(settings);
  if (reach.subset !== undefined) return balancerChain(chosen, slowStart, reach);
  return { ...algorithmFields(chosen, slowStart, reach), ...zoneFields(chosen, reach) };
}

function algorithmFields(
  chosen: ChosenBalancer,
  slowStart: Cluster_SlowStartConfig | undefined,
  reach: Reach,
): BalancerFields {
  const config = slowStart && { slowStartConfig: slowStart };
  switch (chosen.key) {
    case 'leastRequest': {
      const { choiceCount = 2, activeRequestBias: bias } = chosen.settings;
      return {
        lbPolicy: 'LEAST_REQUEST',
        leastRequestLbConfig: {
          choiceCount: { value: choiceCount },
          ...(bias !== undefined && { activeRequestBias: runtimeDouble(bias, 'weir.active_request_bias') }),
          ...config,
        },
      };
    }
    case 'roundRobin':
      return { lbPolicy: 'ROUND_ROBIN', ...(config && { roundRobinLbConfig: config }) };
    case 'random':
      return { lbPolicy: 'RANDOM' };
    default:
      return balancerChain(chosen, slowStart, reach);
  }
}

/** In Envoy's words, where they are not part of a list. */
function zoneFields({ key }: ChosenBalancer, { zoneAware }: Reach): Pick<Cluster, 'commonLbConfig'> {
  if (zoneAware === undefined || !(key === 'leastRequest' || key === 'roundRobin' || key === 'random'))
    return {};
  return { commonLbConfig: { zoneAwareLbConfig: zoneConfig(zoneAware.minClusterSize) } };
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

function byName(name: BalancerName): ChosenBalancer {
  return { key: KEYS[name], settings: {} };
}

function chosenOf(own: GrpcLoadBalancerObject): ChosenBalancer | undefined {
  const found = Object.entries(own).find(([key, value]) => value !== undefined && !NO_ALGORITHMS.has(key));
  return found && ({ key: found[0], settings: found[1] } as ChosenBalancer);
}

function translateWarmup(settings: LoadBalancerObject | undefined): Cluster_SlowStartConfig | undefined {
  const length = settings?.warmup?.duration ?? settings?.warmupDurationSecs;
  if (length === undefined) return undefined;
  const { minimumPercent = WARMUP_MIN_PERCENT, aggression = WARMUP_AGGRESSION } = settings?.warmup ?? {};
  return {
    slowStartWindow: durationOfMs(parseDurationMs(length) ?? 0),
    aggression: runtimeDouble(aggression, 'weir.slow_start.aggression'),
    minWeightPercent: { value: minimumPercent },
  };
}
