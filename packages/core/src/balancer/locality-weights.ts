import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Divide } from './group-balancer.js';
import { groupBy } from './group-by.js';
import type { HostView } from './host-view.js';

/**
 * Divides the requests among localities by their weights (Envoy's locality weighted load balancing). One that
 * has lost hosts has less: `weight * min(1, available / total * overprovisioning)`. Where no locality has a
 * weight, the hosts' count.
 *
 * A request that is bound to a host must not depend on a draw, so a balancer by hash has all hosts at once,
 * and the weights of the localities in theirs: see `localityWeighted`.
 */
export function divideByLocality(overprovisioningPercent: number): Divide {
  return (hosts, view) => {
    const weighted = haveWeights(hosts);
    return {
      nameOf: ({ endpoint }) => endpoint.locality,
      weightOf: (_, group) =>
        weighted ? effectiveWeight(group, view, overprovisioningPercent) : weightOfAvailable(group, view),
      hasSpares: false,
    };
  };
}

/** The weights of hosts so that those of a locality have its share together. */
export function localityWeighted(
  hosts: readonly EndpointState[],
  view: HostView,
  overprovisioningPercent: number,
): HostView {
  if (!haveWeights(hosts)) return view;
  const groups = groupBy(hosts, ({ endpoint }) => endpoint.locality);
  const factors = new Map<string, number>();
  for (const [locality, group] of groups) {
    const weight = effectiveWeight(group, view, overprovisioningPercent);
    const own = group.reduce((sum, host) => sum + view.weightOf(host), 0);
    if (weight > 0) factors.set(locality, weight / own);
  }
  return {
    isAvailable: (host) => view.isAvailable(host) && factors.has(host.endpoint.locality),
    weightOf: (host) => view.weightOf(host) * (factors.get(host.endpoint.locality) ?? 1),
  };
}

function haveWeights(hosts: readonly EndpointState[]): boolean {
  return hosts.some(({ endpoint }) => (endpoint.localityWeight ?? 0) > 0);
}

/** What the available hosts weigh together. */
export function weightOfAvailable(hosts: readonly EndpointState[], view: HostView): number {
  return hosts.reduce((sum, host) => sum + (view.isAvailable(host) ? view.weightOf(host) : 0), 0);
}

/** Envoy: "effective_weight(L_X) = locality_weight_X * min(100%, 140% * availability(L_X))". */
function effectiveWeight(
  hosts: readonly EndpointState[],
  view: HostView,
  overprovisioningPercent: number,
): number {
  const counted = hosts.filter(({ endpoint }) => endpoint.health !== 'draining').length;
  const available = hosts.filter((host) => view.isAvailable(host)).length;
  if (available === 0) return 0;
  const weight = Math.max(...hosts.map(({ endpoint }) => endpoint.localityWeight ?? 0));
  return weight * Math.min(1, ((available / counted) * overprovisioningPercent) / 100);
}
