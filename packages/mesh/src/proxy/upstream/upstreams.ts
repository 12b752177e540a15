import type { EndpointState } from '@weir/core';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { RelayContext } from '../relay/relay-context.js';
import { HostConnections } from './host-connections.js';

/** The connections to all endpoints, found by host. */
export class Upstreams {
  readonly #context: () => RelayContext;

  /** @param context - asked when needed, since it contains this object */
  constructor(context: () => RelayContext) {
    this.#context = context;
  }

  connectionsOf(host: UpstreamHost, cluster: Cluster): HostConnections {
    if (host.pool instanceof HostConnections) return host.pool;
    const connections = new HostConnections(this.#context(), host, () => cluster.connectTimeoutMs);
    host.pool = connections;
    return connections;
  }

  /**
   * The balancer's pick among hosts that were not tried yet and are not known to be unreachable; failing
   * that among those not tried, failing that among all.
   */
  pickReachable(cluster: Cluster, tried: ReadonlySet<EndpointState> | undefined): UpstreamHost | undefined {
    const first = cluster.pick(tried);
    if (first === undefined) return tried === undefined ? undefined : cluster.pick(undefined);
    if (!isUnreachable(first)) return first;
    const avoided = new Set<EndpointState>(tried);
    let host: UpstreamHost | undefined = first;
    while (host !== undefined && isUnreachable(host)) {
      avoided.add(host);
      host = cluster.pick(avoided);
    }
    return host ?? first;
  }
}

function isUnreachable(host: UpstreamHost): boolean {
  return host.pool instanceof HostConnections && host.pool.unreachable;
}
