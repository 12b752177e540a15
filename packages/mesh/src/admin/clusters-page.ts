import { guardsPage } from './cluster-guards.js';
import type { ByDirection, TrafficCounts } from './direction.js';
import { learntPage } from './learnt.js';
import { type ClusterView, poolOf } from './proxy-view.js';

/** The clusters with their hosts as the balancer sees them, as plain JSON. */
export function clustersPage(clusters: Iterable<ClusterView>, counts: ByDirection<TrafficCounts>): unknown {
  return {
    clusters: Array.from(clusters, (cluster) => {
      const requestCounts = counts[cluster.direction].requests.countByEndpoint(cluster.service);
      return {
        name: cluster.name,
        service: cluster.service,
        direction: cluster.direction,
        policy: cluster.policyName,
        connectTimeoutMs: cluster.connectTimeoutMs,
        priorityLoads: Object.fromEntries(cluster.priorityLoads),
        panickingPriorities: cluster.panickingPriorities,
        ...guardsPage(cluster),
        hosts: Array.from(cluster.hosts.values(), ({ endpoint, stats, pool, http1 }) => ({
          address: endpoint.address,
          pod: endpoint.pod,
          health: endpoint.health,
          ejected: stats.ejected,
          weight: endpoint.weight,
          locality: endpoint.locality,
          priority: endpoint.priority ?? 0,
          requests: requestCounts.get(endpoint.address) ?? 0,
          inFlight: stats.inFlight,
          ...poolOf({ pool, http1 }),
          ...learntPage(stats),
        })),
      };
    }),
  };
}
