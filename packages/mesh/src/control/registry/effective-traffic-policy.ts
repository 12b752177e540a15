import type { TrafficPolicyObject } from '../../kube/resources/traffic-policy.js';
import type {
  EffectiveBalancer,
  EffectiveOutlier,
  EffectiveRule,
  EffectiveSubset,
} from './effective-rule.js';
import type { Source } from './source.js';

/** A traffic policy for one port of a service or subset, with nothing left to look up. */
export type EffectiveTrafficPolicy = Omit<TrafficPolicyObject, 'portLevelSettings'>;

export interface SourcedTrafficPolicy {
  readonly policy: EffectiveTrafficPolicy;
  readonly source: Source;
  readonly outlier?: EffectiveOutlier;
  readonly balancer?: EffectiveBalancer;
}

/**
 * What holds for a port: the rule's policy, over it the subset's part by part; settings for the port replace
 * the parts that can be set for a port. Istio `port_level_settings`: "Traffic settings specified at the
 * destination-level will not be inherited when overridden by port-level settings, i.e. default values will be
 * applied to fields omitted in port-level traffic policies."
 */
export function effectiveTrafficPolicy(
  rule: EffectiveRule | undefined,
  subset: EffectiveSubset | undefined,
  port: number,
): SourcedTrafficPolicy | undefined {
  if (rule === undefined) return undefined;
  const ofRule = applyTo({}, rule.trafficPolicy, port);
  const policy = applyTo(ofRule, subset?.trafficPolicy, port);
  const { outlier, balancer } = rule;
  const isEmpty = Object.keys(policy).length === 0 && outlier === undefined && balancer === undefined;
  if (isEmpty && subset === undefined) return undefined;
  // Where most of it is written, for people.
  const ofSubset = subset?.trafficPolicy !== undefined || rule.trafficPolicy === undefined;
  return {
    policy,
    source: (ofSubset ? subset?.source : undefined) ?? rule.source,
    ...(outlier && { outlier }),
    ...(balancer && { balancer }),
  };
}

function applyTo(
  base: EffectiveTrafficPolicy,
  over: TrafficPolicyObject | undefined,
  port: number,
): EffectiveTrafficPolicy {
  if (over === undefined) return base;
  const { portLevelSettings = [], ...whole } = over;
  const merged = { ...base, ...whole };
  const ofPort = portLevelSettings.find((settings) => settings.port.number === port);
  if (ofPort === undefined) return merged;
  const { tunnel, proxyProtocol, retryBudget } = merged;
  const { port: _port, ...settings } = ofPort;
  return {
    ...settings,
    ...(tunnel && { tunnel }),
    ...(proxyProtocol && { proxyProtocol }),
    ...(retryBudget && { retryBudget }),
  };
}
