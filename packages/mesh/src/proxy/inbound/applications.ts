import type { Clock, Random } from '@weir/core';
import { AddressClusters } from '../config/address-clusters.js';
import { addressSettings } from '../config/address-settings.js';
import type { Destination } from '../door.js';
import { ApplicationLoad } from './application-load.js';

/** The application on one of its ports. */
export interface Application {
  /** `host:port`: the name under which the relay finds the cluster. */
  readonly address: string;
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

/** The application behind this proxy: every address that callers are let through to, from when the first comes. */
export class Applications extends AddressClusters {
  readonly #options: ApplicationsOptions;
  readonly #byAddress = new Map<string, Application>();

  constructor(options: ApplicationsOptions) {
    const { clock, random } = options;
    // Istio's name for it.
    super({ clock, random, direction: 'inbound', settings: (port) => addressSettings(`inbound|${port}||`) });
    this.#options = options;
  }

  /** The application at an address. */
  at(destination: Destination): Application {
    const address = this.admit(destination);
    const known = this.#byAddress.get(address);
    if (known !== undefined) return known;
    const { clock, measures, cpuUtilization } = this.#options;
    const application = { address, load: measures ? new ApplicationLoad(clock, cpuUtilization) : undefined };
    this.#byAddress.set(address, application);
    return application;
  }
}
