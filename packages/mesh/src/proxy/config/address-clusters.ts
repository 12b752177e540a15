import { isIPv6 } from 'node:net';
import type { Clock, Random, RouteTable } from '@weir/core';
import type { Direction } from '../../admin/direction.js';
import type { Destination } from '../door.js';
import type { RelayConfig } from '../relay/relay-context.js';
import type { ClusterSettings } from './cluster-settings/read-cluster.js';
import { Cluster } from './cluster.js';

/** An endpoint that is there as long as its cluster is has nothing to be remembered after it. */
const NO_GRACE_MS = 0;

export interface AddressClustersOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly direction: Direction;
  /** Of the cluster for an address with this port. */
  readonly settings: (port: number) => ClusterSettings;
}

/**
 * Addresses as the relay sees them where no control plane has a say: each a cluster of one endpoint, there from
 * when it is first admitted until everybody who admitted it has released it.
 */
export class AddressClusters implements RelayConfig {
  readonly configured = true;
  readonly reason = '';
  readonly configVersion = 0;
  readonly #options: AddressClustersOptions;
  /** By `host:port`. */
  readonly #clusters = new Map<string, { readonly cluster: Cluster; users: number }>();

  constructor(options: AddressClustersOptions) {
    this.#options = options;
  }

  get clusters(): readonly Cluster[] {
    return Array.from(this.#clusters.values(), ({ cluster }) => cluster);
  }

  /** Makes the cluster for an address, if there is none yet; returns the name under which `cluster` finds it. */
  admit({ host, port }: Destination): string {
    const address = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
    const known = this.#clusters.get(address);
    if (known !== undefined) {
      known.users += 1;
      return address;
    }
    const { clock, random, direction, settings } = this.#options;
    const cluster = new Cluster(settings(port), {
      clock,
      random,
      graceMs: NO_GRACE_MS,
      onForgotten: () => {},
      direction,
    });
    cluster.applyEndpoints([
      { address, host, port, weight: 1, health: 'healthy', locality: '', pod: '', priority: 0 },
    ]);
    this.#clusters.set(address, { cluster, users: 1 });
    return address;
  }

  /** Takes one `admit` back. */
  release(address: string): void {
    const known = this.#clusters.get(address);
    if (known === undefined || --known.users > 0) return;
    this.#clusters.delete(address);
    known.cluster.close();
  }

  cluster(address: string): Cluster | undefined {
    return this.#clusters.get(address)?.cluster;
  }

  /** Nothing is routed: whoever comes here knows the address already. */
  route(): RouteTable | undefined {
    return undefined;
  }

  knows(): boolean {
    return false;
  }

  close(): void {
    for (const { cluster } of this.#clusters.values()) cluster.close();
  }
}
