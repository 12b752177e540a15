import type { LocalityLbObject } from '../../../kube/resources/load-balancer.js';
import type { Client } from '../../registry/client.js';
import type { EffectiveTrafficPolicy } from '../../registry/effective-traffic-policy.js';
import type { ModelEndpoint, ModelLocality } from '../../registry/model.js';

/**
 * How a client divides its calls over localities: `priority` 0 is nearest and gets all calls while it is healthy
 * enough; `share` in percent counts among localities of one priority where it is given.
 */
export interface LocalityOrder {
  /** Any whole numbers; gaps are closed later. */
  readonly priorityOf: (endpoint: ModelEndpoint) => number;
  /** Undefined: in proportion to the endpoints. 0: none. */
  readonly shareOf: ((locality: ModelLocality) => Share | undefined) | undefined;
}

/** Percent of the calls, for all localities together that `pattern` stands for. */
export interface Share {
  readonly pattern: string;
  readonly percent: number;
}

/**
 * The order for a client, or undefined where all localities are alike. As in Istio, calls fail over only where
 * outlier detection tells when to, and then by default; and only for clients that tell their locality.
 */
export function localityOrder(
  policy: EffectiveTrafficPolicy | undefined,
  client: Client,
): LocalityOrder | undefined {
  const setting = policy?.loadBalancer?.localityLbSetting;
  const { locality } = client;
  if (locality === undefined || setting?.enabled === false) return undefined;
  const distribute = setting?.distribute ?? [];
  if (distribute.length > 0) return distributed(distribute, locality);
  if (policy?.outlierDetection === undefined) return undefined;
  const labels = setting?.failoverPriority ?? [];
  const priorityOf =
    labels.length > 0
      ? (endpoint: ModelEndpoint) => priorityByLabels(labels, endpoint, { ...client, locality })
      : (endpoint: ModelEndpoint) => priorityByPlace(endpoint.locality, locality, setting?.failover ?? []);
  return { priorityOf, shareOf: undefined };
}

type Distribute = NonNullable<LocalityLbObject['distribute']>[number];

function distributed(rules: readonly Distribute[], own: ModelLocality): LocalityOrder | undefined {
  const rule = rules.find(({ from }) => localityMatches(from, own));
  if (rule === undefined) return undefined;
  // The most specific pattern counts, as each locality can have but one share.
  const shares = Object.entries(rule.to).sort(([a], [b]) => b.split('/').length - a.split('/').length);
  return {
    priorityOf: () => 0,
    shareOf: (locality) => {
      const found = shares.find(([pattern]) => localityMatches(pattern, locality));
      return found && { pattern: found[0], percent: found[1] };
    },
  };
}

/** `region/zone/*` stands for every sub-zone, and so does `region/zone`. */
export function localityMatches(pattern: string, { region, zone, subZone }: ModelLocality): boolean {
  const place = [region, zone, subZone];
  return pattern.split('/').every((part, index) => part === '*' || part === place[index]);
}

/** Istio: 0 same sub-zone, 1 same zone, 2 same region, 3 elsewhere; 4 where `failover` names another region. */
function priorityByPlace(
  there: ModelLocality,
  own: ModelLocality,
  failover: NonNullable<LocalityLbObject['failover']>,
): number {
  if (there.region === own.region) {
    if (there.zone !== own.zone) return 2;
    return there.subZone === own.subZone ? 0 : 1;
  }
  const rule = failover.find(({ from }) => from === own.region);
  return rule === undefined || rule.to === there.region ? 3 : 4;
}

/**
 * Istio `failoverPriority`: of N labels, endpoints that share all with the client have priority 0, those that
 * share the first N-1 have priority 1, and so on. `key=value` asks for that value instead of the client's.
 */
function priorityByLabels(
  wanted: readonly string[],
  endpoint: ModelEndpoint,
  client: Pick<Client, 'labels'> & { readonly locality: ModelLocality },
): number {
  const there = withPlace(endpoint.labels, endpoint.locality);
  const own = withPlace(client.labels, client.locality);
  const firstDifference = wanted.findIndex((label) => {
    const [key = '', value] = label.split('=', 2);
    return there[key] === undefined || there[key] !== (value ?? own[key]);
  });
  return firstDifference < 0 ? 0 : wanted.length - firstDifference;
}

function withPlace(
  labels: Readonly<Record<string, string>>,
  { region, zone, subZone }: ModelLocality,
): Readonly<Record<string, string>> {
  const known: Record<string, string> = { ...labels };
  if (region !== '') known['topology.kubernetes.io/region'] = region;
  if (zone !== '') known['topology.kubernetes.io/zone'] = zone;
  if (subZone !== '') known['topology.istio.io/subzone'] = subZone;
  return known;
}
