import { isIPv6 } from 'node:net';
import type { Clock, Random, RouteTable } from '@weir/core';
import { Cluster } from '../config/cluster.js';
import type { Destination } from '../door.js';
import type { RelayConfig } from '../relay/relay-context.js';
import { applicationSettings } from './application-settings.js';

/** An endpoint that is there as long as the proxy is has nothing to be remembered after it. */
const NO_GRACE_MS = 0;

/**
 * The application behind this proxy as the relay sees it: a cluster of one endpoint for every address that
 * callers are let through to, made when the first of them comes. No control plane has a say in it.
 */
export class Applications implements RelayConfig {
  readonly configured = true;
  readonly reason = '';
  readonly configVersion = 0;
  readonly #clock: Clock;
  readonly #random: Random;
  /** By `host:port`. */
  readonly #clusters = new Map<string, Cluster>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get clusters(): Iterable<Cluster> {
    return this.#clusters.values();
  }

  /** Makes the cluster for an address, if there is none yet; returns the name under which `cluster` finds it. */
  admit({ host, port }: Destination): string {
    const address = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
    if (this.#clusters.has(address)) return address;
    const cluster = new Cluster(applicationSettings(port), {
      clock: this.#clock,
      random: this.#random,
      graceMs: NO_GRACE_MS,
      onForgotten: () => {},
      direction: 'inbound',
    });
    cluster.applyEndpoints([
      { address, host, port, weight: 1, health: 'healthy', locality: '', pod: '', priority: 0 },
    ]);
    this.#clusters.set(address, cluster);
    return address;
  }

  cluster(address: string): Cluster | undefined {
    return this.#clusters.get(address);
  }

  /** Nothing is routed: whoever comes in has found the application already. */
  route(): RouteTable | undefined {
    return undefined;
  }

  knows(): boolean {
    return false;
  }

  close(): void {
    for (const cluster of this.#clusters.values()) cluster.close();
  }
}
