import type { Logger } from '../../system/logger.js';
import {
  clusterResource,
  endpointResource,
  listenerResource,
  routeResource,
  type Resource,
} from '../../xds/resource.js';
import { SnapshotCell, type SnapshotSource } from '../../xds/server/snapshot-source.js';
import { buildSnapshot, checkSnapshot, formatDangling, type Snapshot } from '../../xds/snapshot.js';
import { distinctionsOf, formatClient, reduceClient } from '../registry/audience.js';
import type { Client } from '../registry/client.js';
import { EMPTY_MODEL, type Model, type ModelService } from '../registry/model.js';
import type { BalancerName } from '../translate/sidecar/balancer.js';
import { ClientView } from '../translate/sidecar/client-view.js';
import {
  translateEntries,
  translateService,
  type ClusterResources,
} from '../translate/sidecar/translate-sidecar.js';

export interface PublishedSnapshotsOptions {
  readonly balancer: BalancerName;
  readonly logger: Logger;
}

interface Published {
  readonly client: Client;
  readonly cell: SnapshotCell;
  watchers: number;
}

/**
 * What clients get now. A snapshot is built for each set of clients that are alike in namespace, since a service's
 * short name works only within its own, and in whatever else the rules ask of clients: labels, locality. It is
 * built when its first client comes and given up with its last.
 */
export class PublishedSnapshots {
  readonly #options: PublishedSnapshotsOptions;
  /** By everything that clients say of themselves: what of it counts changes with the rules. */
  readonly #published = new Map<string, Published>();
  /** Services keep their identity while they do not change, so only what changed is encoded anew. */
  readonly #ofService = new WeakMap<ModelService, Map<string, readonly Resource[]>>();
  #model: Model = EMPTY_MODEL;
  #distinctions = distinctionsOf(EMPTY_MODEL);

  constructor(options: PublishedSnapshotsOptions) {
    this.#options = options;
  }

  /** Version of what each set of clients gets, by namespace and by what else counts. */
  get versions(): ReadonlyMap<string, string> {
    return new Map(
      [...this.#published.values()].map(({ client, cell }) => [
        formatClient(reduceClient(client, this.#distinctions)),
        cell.current()?.version ?? '',
      ]),
    );
  }

  publish(model: Model): void {
    this.#model = model;
    this.#distinctions = distinctionsOf(model);
    const built = new Map<string, Snapshot | undefined>();
    for (const published of this.#published.values()) this.#refresh(published, built);
  }

  sourceFor(client: Client): SnapshotSource {
    const key = formatClient(client);
    const published = this.#open(key, client);
    return {
      current: () => published.cell.current(),
      onChange: (changed) => {
        published.watchers++;
        // It may have been given up between the two calls.
        this.#published.set(key, published);
        const unwatch = published.cell.onChange(changed);
        return () => {
          unwatch();
          published.watchers--;
          if (published.watchers === 0) this.#published.delete(key);
        };
      },
    };
  }

  #open(key: string, client: Client): Published {
    const known = this.#published.get(key);
    if (known !== undefined) return known;
    const opened: Published = { client, cell: new SnapshotCell(), watchers: 0 };
    this.#published.set(key, opened);
    this.#refresh(opened, new Map());
    return opened;
  }

  /** @param built what was built for this model already, by reduced client */
  #refresh({ client, cell }: Published, built: Map<string, Snapshot | undefined>): void {
    const reduced = reduceClient(client, this.#distinctions);
    const key = formatClient(reduced);
    if (!built.has(key)) built.set(key, this.#build(reduced, key, cell.current()));
    const snapshot = built.get(key);
    if (snapshot !== undefined) cell.set(snapshot);
  }

  /** Undefined, which leaves the last snapshot in force, when the new one would lead clients nowhere. */
  #build(client: Client, clients: string, previous: Snapshot | undefined): Snapshot | undefined {
    const { logger } = this.#options;
    let snapshot: Snapshot;
    try {
      snapshot = buildSnapshot(this.#resourcesFor(client), previous);
    } catch (error) {
      logger.error('the configuration cannot be built; the last one stays in force', { clients, error });
      return undefined;
    }
    const dangling = checkSnapshot(snapshot);
    if (dangling.length === 0) return snapshot;
    const faults = dangling.map(formatDangling).join('; ');
    logger.error('the configuration leads nowhere; the last one stays in force', { clients, faults });
    return undefined;
  }

  *#resourcesFor(client: Client): Iterable<Resource> {
    const view = new ClientView(this.#model, client);
    for (const service of view.services) yield* this.#resourcesOf(service, view);
    const { listeners, routes, ...missing } = translateEntries(view, this.#options.balancer);
    yield* encodeClusters(missing);
    yield* listeners.map(listenerResource);
    yield* routes.map(routeResource);
  }

  #resourcesOf(service: ModelService, view: ClientView): readonly Resource[] {
    const rule = view.ruleOf(service);
    // Without a rule nothing of the client counts.
    const key = rule === undefined ? '' : `${formatClient(view.client)} ${JSON.stringify(rule)}`;
    const ofService = this.#ofService.get(service) ?? new Map<string, readonly Resource[]>();
    this.#ofService.set(service, ofService);
    const known = ofService.get(key);
    if (known !== undefined) return known;
    const translated = translateService(service, rule, view.client, this.#options.balancer);
    const resources = [...encodeClusters(translated)];
    // Rules that were edited would pile up otherwise, for as long as the service stays the same.
    if (ofService.size >= MAX_VARIANTS) ofService.clear();
    ofService.set(key, resources);
    return resources;
  }
}

/** Translations of one service that are kept: one for each set of clients and rule. */
const MAX_VARIANTS = 64;

function* encodeClusters({ clusters, assignments }: ClusterResources): Iterable<Resource> {
  yield* clusters.map(clusterResource);
  yield* assignments.map(endpointResource);
}
