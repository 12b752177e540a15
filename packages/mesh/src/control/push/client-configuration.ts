import type { Logger } from '../../system/logger.js';
import { endpointResource, type Resource } from '../../xds/resource.js';
import type { Snapshot, TypeSnapshot } from '../../xds/snapshot.js';
import {
  shortTypeName,
  TYPE_CLUSTER,
  TYPE_ENDPOINT,
  TYPE_LISTENER,
  TYPE_ROUTE,
  type ResourceType,
} from '../../xds/type-urls.js';
import type { Client } from '../registry/client.js';
import type { Model, ModelService } from '../registry/model.js';
import type { ClientProfile } from '../translate/client-profile.js';
import { clusterName } from '../translate/names.js';
import type { Limit } from '../translate/proxyless/limits.js';
import type { BalancerName } from '../translate/sidecar/balancer.js';
import { ClientView } from '../translate/sidecar/client-view.js';
import { clustersOf } from '../translate/sidecar/translate-sidecar.js';
import type { ClusterStore, LimitedResource } from './cluster-store.js';
import { entryResources, type EntryResources } from './entry-resources.js';
import { LazyResources } from './lazy-resources.js';

export interface ClientConfigurationOptions {
  /** What its clients have in common. */
  readonly client: Client;
  readonly profile: ClientProfile;
  readonly balancer: BalancerName;
  readonly store: ClusterStore;
  readonly logger: Logger;
}

/** A version of the model, and the services that it has in place of others of the same shape. */
export interface Publication {
  readonly model: Model;
  readonly version: string;
  /** Undefined: more than endpoints changed. */
  readonly changed: readonly ModelService[] | undefined;
}

/** What was made for the version before: not the set itself, which would keep alive those before it. */
type Made = ReadonlyMap<string, Resource> | undefined;

type Types = Record<ResourceType, TypeSnapshot & { readonly resources: LazyResources }>;

/**
 * What one set of alike clients gets. Resources are made when one of the clients asks for them; a change that touches
 * nothing but endpoints leaves all but the load assignments of the services concerned as they are.
 */
export class ClientConfiguration {
  readonly #options: ClientConfigurationOptions;
  readonly #limits = new Map<string, readonly Limit[]>();
  #view: ClientView;
  #entries: EntryResources;
  #types: Types;
  #snapshot: Snapshot;

  constructor(options: ClientConfigurationOptions, { model, version }: Publication) {
    this.#options = options;
    this.#view = new ClientView(model, options.client);
    this.#entries = this.#newEntries();
    this.#types = this.#newTypes(version, undefined);
    this.#snapshot = this.#newSnapshot(version);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  update({ model, version, changed }: Publication): void {
    this.#view = new ClientView(model, this.#options.client, this.#view);
    if (changed?.length === 0) return;
    if (changed === undefined) {
      this.#entries = this.#newEntries();
      this.#limits.clear();
      this.#types = this.#newTypes(version, this.#types);
    } else {
      const before = this.#types[TYPE_ENDPOINT];
      const names = new Set(changed.flatMap((service) => [...this.#clusterNames(service)]));
      this.#types = {
        ...this.#types,
        [TYPE_ENDPOINT]: {
          version,
          resources: this.#assignments(before.resources.made),
          changed: { since: before.version, names },
        },
      };
    }
    this.#snapshot = this.#newSnapshot(version);
  }

  /** What the clients cannot do of a resource that one of them was sent. */
  limitsOf(typeUrl: ResourceType, name: string): readonly Limit[] {
    return this.#limits.get(`${typeUrl} ${name}`) ?? [];
  }

  #newSnapshot(version: string): Snapshot {
    const clusters = this.#types[TYPE_CLUSTER].resources;
    return { version, types: this.#types, assignmentNames: { has: (name) => clusters.has(name) } };
  }

  #newEntries(): EntryResources {
    return entryResources(() => this.#view, this.#options.profile, this.#options.balancer);
  }

  #newTypes(version: string, before: Types | undefined): Types {
    const entries = this.#entries;
    const clusterNames = (): Iterable<string> => this.#allClusterNames();
    const make = (
      typeUrl: ResourceType,
      find: (name: string) => LimitedResource | undefined,
      names: () => Iterable<string>,
    ) => ({
      version,
      resources: new LazyResources(
        this.#guarded(typeUrl, before?.[typeUrl].resources.made, (name) => {
          const found = find(name);
          if (found !== undefined && found.limits.length > 0)
            this.#limits.set(`${typeUrl} ${name}`, found.limits);
          return found?.resource;
        }),
        names,
      ),
    });
    return {
      [TYPE_LISTENER]: make(
        TYPE_LISTENER,
        (name) => entries.listener(name),
        () => entries.listenerNames(),
      ),
      [TYPE_ROUTE]: make(
        TYPE_ROUTE,
        (name) => entries.route(name),
        () => entries.routeNames(),
      ),
      [TYPE_CLUSTER]: make(TYPE_CLUSTER, (name) => this.#cluster(name), clusterNames),
      [TYPE_ENDPOINT]: { version, resources: this.#assignments(before?.[TYPE_ENDPOINT].resources.made) },
    };
  }

  #assignments(before: Made): LazyResources {
    return new LazyResources(
      this.#guarded(TYPE_ENDPOINT, before, (name) => this.#assignment(name)),
      () => this.#allClusterNames(),
    );
  }

  #cluster(name: string): LimitedResource | undefined {
    const { store, profile } = this.#options;
    const found = store.cluster(name, this.#view, profile) ?? store.missing(name, this.#view, profile);
    if (found !== undefined || !name.startsWith('outbound|')) return found;
    // Some rule not looked at yet may name it.
    this.#entries.resolveAll();
    return store.missing(name, this.#view, profile);
  }

  #assignment(name: string): Resource | undefined {
    const { store, profile } = this.#options;
    const found = store.assignment(name, this.#view, profile);
    if (found !== undefined) return found;
    return this.#cluster(name) && endpointResource({ clusterName: name });
  }

  *#allClusterNames(): Iterable<string> {
    for (const service of this.#view.services) yield* this.#clusterNames(service);
    this.#entries.resolveAll();
    for (const { name } of this.#view.missing) yield name;
  }

  *#clusterNames(service: ModelService): Iterable<string> {
    for (const { port, subset } of clustersOf(service, this.#view.ruleOf(service)))
      yield clusterName(service.host, port.number, subset?.name);
  }

  /** A resource that cannot be made stays as it was; one that came out the same stays the same object. */
  #guarded(
    typeUrl: ResourceType,
    before: Made,
    make: (name: string) => Resource | undefined,
  ): (name: string) => Resource | undefined {
    return (name) => {
      const known = before?.get(name);
      try {
        const made = make(name);
        return known !== undefined && made?.version === known.version ? known : made;
      } catch (error) {
        const type = shortTypeName(typeUrl);
        this.#options.logger.error('a resource cannot be made and stays as it was', { type, name, error });
        return known;
      }
    };
  }
}
