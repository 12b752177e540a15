import { isIPv6 } from 'node:net';
import type { Clock, Random, RouteTable } from '@weir/core';
import { Cluster } from '../config/cluster.js';
import type { Destination } from '../door.js';
import type { RelayConfig } from '../relay/relay-context.js';
import { ApplicationLoad } from './application-load.js';
import { applicationSettings } from './application-settings.js';

/** An endpoint that is there as long as the proxy is has nothing to be remembered after it. */
const NO_GRACE_MS = 0;

/** The application on one of its ports. */
export interface Application {
  /** `host:port`: the name under which the relay finds the cluster. */
  readonly address: string;
  readonly cluster: Cluster;
  /** How busy it is; `undefined`: nobody measures. */
  readonly load: ApplicationLoad | undefined;
}

export interface ApplicationsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Whether load is measured. */
  readonly measures: boolean;
  /** Use of the processor, a fraction; 0: not known. */
  readonly cpuUtilization: () => number;
}

/**
 * The application behind this proxy as the relay sees it: a cluster of one endpoint for every address that
 * callers are let through to, made when the first of them comes. No control plane has a say in it.
 */
export class Applications implements RelayConfig {
  readonly configured = true;
  readonly reason = '';
  readonly configVersion = 0;
  readonly #options: ApplicationsOptions;
  readonly #byAddress = new Map<string, Application>();

  constructor(options: ApplicationsOptions) {
    this.#options = options;
  }

  get clusters(): Iterable<Cluster> {
    return Array.from(this.#byAddress.values(), ({ cluster }) => cluster);
  }

  /** The application at an address. */
  at({ host, port }: Destination): Application {
    const address = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
    let application = this.#byAddress.get(address);
    if (application === undefined) {
      application = this.#create(address, host, port);
      this.#byAddress.set(address, application);
    }
    return application;
  }

  cluster(address: string): Cluster | undefined {
    return this.#byAddress.get(address)?.cluster;
  }

  /** Nothing is routed: whoever comes in has found the application already. */
  route(): RouteTable | undefined {
    return undefined;
  }

  knows(): boolean {
    return false;
  }

  close(): void {
    for (const { cluster } of this.#byAddress.values()) cluster.close();
  }

  #create(address: string, host: string, port: number): Application {
    const { clock, random, measures, cpuUtilization } = this.#options;
    const cluster = new Cluster(applicationSettings(port), {
      clock,
      random,
      graceMs: NO_GRACE_MS,
      onForgotten: () => {},
      direction: 'inbound',
    });
    cluster.applyEndpoints([
      { address, host, port, weight: 1, health: 'healthy', locality: '', pod: '', priority: 0 },
    ]);
    return { address, cluster, load: measures ? new ApplicationLoad(clock, cpuUtilization) : undefined };
  }
}
