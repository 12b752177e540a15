import type { EndpointState, Hash64 } from '@weir/core';
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
    const connections = new HostConnections(this.#context(), host, cluster);
    host.pool = connections;
    return connections;
  }

  /**
   * The balancer's pick among hosts that this request has not tried and that are not known to be
   * unreachable; failing that among those it has tried and that can be reached still, failing that among
   * those it has not tried. Undefined when every healthy host was tried and is unreachable.
   *
   * @param hash - what the request is bound to, for balancers that go by it
   * @param avoidedPriorities - of hosts that are taken only when there are no others
   */
  pickReachable(
    cluster: Cluster,
    tried: ReadonlySet<EndpointState> | undefined,
    hash?: Hash64,
    avoidedPriorities?: ReadonlySet<number>,
  ): UpstreamHost | undefined {
    const untried = cluster.pick(tried, hash, avoidedPriorities);
    if (untried !== undefined && !isUnreachable(untried)) return untried;
    return (
      pickAmongReachable(cluster, tried, hash, avoidedPriorities) ??
      (tried && pickAmongReachable(cluster, undefined, hash, avoidedPriorities)) ??
      untried
    );
  }

  /** As `pickReachable` for a first attempt, by what hosts say when they are asked now. Only where `cluster.asksFirst`. */
  askAndPick(
    cluster: Cluster,
    hash: Hash64 | undefined,
    onPicked: (host: UpstreamHost | undefined) => void,
  ): void {
    cluster.pickAfterProbes(hash, (host) => {
      const isUsable = host !== undefined && !host.removed && !isUnreachable(host);
      onPicked(isUsable ? host : this.pickReachable(cluster, undefined, hash));
    });
  }

  /**
   * The balancer's pick among hosts that can be reached and that this request has not tried; failing that among
   * those where nothing of it is under way. Undefined when there is none.
   */
  pickBeside(
    cluster: Cluster,
    tried: ReadonlySet<EndpointState>,
    busy: ReadonlySet<EndpointState>,
    hash: Hash64 | undefined,
  ): UpstreamHost | undefined {
    return pickAmongReachable(cluster, tried, hash) ?? pickAmongReachable(cluster, busy, hash);
  }
}

function pickAmongReachable(
  cluster: Cluster,
  excluded: ReadonlySet<EndpointState> | undefined,
  hash: Hash64 | undefined,
  avoidedPriorities?: ReadonlySet<number>,
): UpstreamHost | undefined {
  const avoided = new Set(excluded);
  for (;;) {
    const host = cluster.pick(avoided, hash, avoidedPriorities);
    if (host === undefined || !isUnreachable(host)) return host;
    avoided.add(host);
  }
}

function isUnreachable(host: UpstreamHost): boolean {
  if (host.http1?.unreachable === true) return true;
  return host.pool instanceof HostConnections && host.pool.unreachable;
}
