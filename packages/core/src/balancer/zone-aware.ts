import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Divide, Division } from './group-balancer.js';
import { groupBy } from './group-by.js';
import type { HostView } from './host-view.js';
import { weightOfAvailable } from './locality-weights.js';

export interface ZoneAwareSettings {
  /** Where the caller is: `region/zone/subzone`, of which region and zone count. */
  readonly locality: string;
  /** With fewer available hosts all zones are one; default 6 (Envoy `min_cluster_size`). */
  readonly minClusterSize?: number | undefined;
  /**
   * How many callers there are in each zone, `region/zone`; default: equally many in each zone that has hosts.
   * Envoy takes them from the endpoints of the caller's own cluster.
   */
  readonly callers?: ReadonlyMap<string, number> | undefined;
}

const MIN_CLUSTER_SIZE = 6;
const EVERYBODY: Division = { nameOf: () => '', weightOf: () => 1, hasSpares: false };
const HINTED = 'for this zone';
const OTHERS = 'for other zones';

/**
 * Keeps requests within the caller's zone as far as its hosts can bear them and sends the rest to zones that
 * have more hosts than their own callers need: Envoy's zone aware routing, by weights rather than numbers of
 * hosts. A zone whose share of the hosts is as large as its share of the callers keeps everything; with half
 * of that it keeps half. All zones are one when there are few hosts, one zone, or none of the caller's.
 *
 * Hints win (EndpointSlice `hints.forZones`): when every available host has one and some are for this zone,
 * only those are used, which is kube-proxy's rule.
 *
 * What is left in the other zones is for requests that have tried all others.
 */
export function divideByZone({
  locality,
  minClusterSize = MIN_CLUSTER_SIZE,
  callers,
}: ZoneAwareSettings): Divide {
  const own = zoneOf(locality);
  const ownName = own.slice(own.indexOf('/') + 1);
  return (hosts, view) => {
    const available = hosts.filter((host) => view.isAvailable(host));
    if (areHintedFor(available, ownName)) return byHints(ownName);
    if (available.length < minClusterSize) return EVERYBODY;
    const shares = sharesOfZones(available, view, own, callers);
    if (shares === undefined) return EVERYBODY;
    return {
      nameOf: ({ endpoint }) => zoneOf(endpoint.locality),
      weightOf: (zone) => shares.get(zone) ?? 0,
      hasSpares: true,
    };
  };
}

/** `region/zone` of `region/zone/subzone`. */
function zoneOf(locality: string): string {
  const first = locality.indexOf('/');
  const second = first < 0 ? -1 : locality.indexOf('/', first + 1);
  return second < 0 ? locality : locality.slice(0, second);
}

function areHintedFor(available: readonly EndpointState[], zone: string): boolean {
  return (
    available.every(({ endpoint }) => (endpoint.forZones?.length ?? 0) > 0) &&
    available.some(({ endpoint }) => endpoint.forZones?.includes(zone))
  );
}

function byHints(zone: string): Division {
  return {
    nameOf: ({ endpoint }) => (endpoint.forZones?.includes(zone) ? HINTED : OTHERS),
    weightOf: (name) => (name === HINTED ? 1 : 0),
    hasSpares: true,
  };
}

/** What each zone has of the requests of this one's callers; `undefined` where zones have no say. */
function sharesOfZones(
  available: readonly EndpointState[],
  view: HostView,
  own: string,
  callers: ReadonlyMap<string, number> | undefined,
): ReadonlyMap<string, number> | undefined {
  const zones = groupBy(available, ({ endpoint }) => zoneOf(endpoint.locality));
  if (zones.size < 2 || !zones.has(own)) return undefined;
  const total = weightOfAvailable(available, view);
  const allCallers = callers === undefined ? zones.size : [...callers.values()].reduce((a, b) => a + b, 0);
  const demandOf = (zone: string): number =>
    (callers === undefined ? 1 : (callers.get(zone) ?? 0)) / allCallers;
  // A zone without known callers has one all the same: this.
  if (!(demandOf(own) > 0)) return undefined;

  const capacities = new Map<string, number>();
  for (const [zone, hosts] of zones) capacities.set(zone, weightOfAvailable(hosts, view) / total);
  const kept = Math.min(1, capacities.get(own)! / demandOf(own));
  const spares = new Map<string, number>();
  for (const [zone, capacity] of capacities) {
    if (zone !== own) spares.set(zone, Math.max(0, capacity - demandOf(zone)));
  }
  const spare = [...spares.values()].reduce((sum, one) => sum + one, 0);
  const shares = new Map([[own, kept]]);
  for (const [zone, one] of spares) {
    // Where nobody has any to spare, everybody bears what is due to its size.
    const part = spare > 0 ? one / spare : capacities.get(zone)! / (1 - capacities.get(own)!);
    shares.set(zone, (1 - kept) * part);
  }
  return shares;
}
