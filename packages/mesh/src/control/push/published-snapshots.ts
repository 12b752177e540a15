import type { Logger } from '../../system/logger.js';
import { SnapshotCell, type SnapshotSource } from '../../xds/server/snapshot-source.js';
import { distinctionsOf, formatClient, reduceClient } from '../registry/audience.js';
import type { Client } from '../registry/client.js';
import { EMPTY_MODEL, type Model, type ModelService } from '../registry/model.js';
import { formatProfile, SIDECAR_PROFILE, type ClientProfile } from '../translate/client-profile.js';
import type { BalancerName } from '../translate/sidecar/balancer.js';
import { ClientConfiguration, type Publication } from './client-configuration.js';
import { ClusterStore } from './cluster-store.js';

export interface PublishedSnapshotsOptions {
  readonly balancer: BalancerName;
  readonly logger: Logger;
  /** Begins every version, so that those of two runs differ; default: nothing. */
  readonly epoch?: string;
}

/** Clients that say the same of themselves. */
interface Published {
  readonly client: Client;
  readonly profile: ClientProfile;
  readonly cell: SnapshotCell;
  configuration: ClientConfiguration;
  watchers: number;
}

/** A source of snapshots, and what its clients cannot do of them. */
export interface ClientSource extends SnapshotSource, Pick<ClientConfiguration, 'limitsOf'> {}

/**
 * What clients get now. There is one configuration for each set of clients that are alike in kind, in namespace, since
 * a service's short name works only within its own, and in whatever else the rules ask of clients: labels, locality. It
 * is opened when its first client comes and given up with its last.
 */
export class PublishedSnapshots {
  readonly #options: PublishedSnapshotsOptions;
  readonly #store: ClusterStore;
  /** By everything that clients say of themselves: what of it counts changes with the rules. */
  readonly #published = new Map<string, Published>();
  /** By what of it counts. */
  #configurations = new Map<string, ClientConfiguration>();
  #current: Publication = { model: EMPTY_MODEL, version: '0', changed: undefined };
  #distinctions = distinctionsOf(EMPTY_MODEL);
  #publications = 0;

  constructor(options: PublishedSnapshotsOptions) {
    this.#options = options;
    this.#store = new ClusterStore(options.balancer);
  }

  /** Version of what each set of clients gets, by namespace and by what else counts. */
  get versions(): ReadonlyMap<string, string> {
    return new Map([...this.#configurations].map(([key, { snapshot }]) => [key, snapshot.version]));
  }

  /** Of what was published last. */
  get version(): string {
    return this.#current.version;
  }

  publish(model: Model): void {
    const changed = changedServices(this.#current.model, model);
    this.#publications += 1;
    const { epoch } = this.#options;
    const version = epoch === undefined ? String(this.#publications) : `${epoch}/${this.#publications}`;
    this.#current = { model, version, changed };
    if (changed === undefined) this.#regroup(model);
    for (const configuration of this.#configurations.values()) configuration.update(this.#current);
    for (const { cell, configuration } of this.#published.values()) cell.set(configuration.snapshot);
  }

  sourceFor(client: Client, profile: ClientProfile = SIDECAR_PROFILE): ClientSource {
    const key = keyOf(client, profile);
    const published = this.#published.get(key) ?? this.#open(key, client, profile);
    return {
      current: () => published.cell.current(),
      limitsOf: (typeUrl, name) => published.configuration.limitsOf(typeUrl, name),
      onChange: (changed) => {
        published.watchers++;
        // It may have been given up between the two calls.
        this.#published.set(key, published);
        const unwatch = published.cell.onChange(changed);
        return () => {
          unwatch();
          published.watchers--;
          if (published.watchers > 0) return;
          this.#published.delete(key);
          this.#dropUnused();
        };
      },
    };
  }

  #open(key: string, client: Client, profile: ClientProfile): Published {
    const cell = new SnapshotCell();
    const published = {
      client,
      profile,
      cell,
      configuration: this.#configurationFor(client, profile),
      watchers: 0,
    };
    this.#published.set(key, published);
    if (this.#publications > 0) cell.set(published.configuration.snapshot);
    return published;
  }

  /** Rules may have begun to tell clients apart that were alike, or the other way round. */
  #regroup(model: Model): void {
    this.#distinctions = distinctionsOf(model);
    for (const published of this.#published.values())
      published.configuration = this.#configurationFor(published.client, published.profile);
    this.#dropUnused();
  }

  #configurationFor(client: Client, profile: ClientProfile): ClientConfiguration {
    const reduced = reduceClient(client, this.#distinctions);
    const key = keyOf(reduced, profile);
    const known = this.#configurations.get(key);
    if (known !== undefined) return known;
    const { balancer, logger } = this.#options;
    const options = { client: reduced, profile, balancer, store: this.#store, logger };
    const opened = new ClientConfiguration(options, this.#current);
    this.#configurations.set(key, opened);
    return opened;
  }

  #dropUnused(): void {
    const used = new Set([...this.#published.values()].map(({ configuration }) => configuration));
    if (used.size === this.#configurations.size) return;
    this.#configurations = new Map([...this.#configurations].filter(([, each]) => used.has(each)));
  }
}

function keyOf(client: Client, profile: ClientProfile): string {
  return profile.kind === 'sidecar'
    ? formatClient(client)
    : `${formatClient(client)} (${formatProfile(profile)})`;
}

/** Services that were replaced, where nothing but endpoints differs; undefined where more does. */
function changedServices(before: Model, after: Model): readonly ModelService[] | undefined {
  if (before.shape !== after.shape) return undefined;
  return after.services.filter((service, index) => service !== before.services[index]);
}
