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
import { EMPTY_MODEL, type Model, type ModelService } from '../registry/model.js';
import type { BalancerName } from '../translate/sidecar/cluster.js';
import {
  translateEntries,
  translateService,
  visibleServices,
} from '../translate/sidecar/translate-sidecar.js';

export interface PublishedSnapshotsOptions {
  readonly balancer: BalancerName;
  readonly logger: Logger;
}

interface Published {
  readonly cell: SnapshotCell;
  watchers: number;
}

/**
 * What clients get now: a snapshot for each namespace that has clients, since a service's short name works
 * only within its own. A snapshot is built when its first client comes and given up with its last.
 */
export class PublishedSnapshots {
  readonly #options: PublishedSnapshotsOptions;
  readonly #published = new Map<string, Published>();
  /** Services keep their identity while they do not change, so only what changed is encoded anew. */
  readonly #ofService = new WeakMap<ModelService, readonly Resource[]>();
  #model: Model = EMPTY_MODEL;

  constructor(options: PublishedSnapshotsOptions) {
    this.#options = options;
  }

  /** Version of what each namespace with clients gets. */
  get versions(): ReadonlyMap<string, string> {
    return new Map(
      [...this.#published].map(([namespace, { cell }]) => [namespace, cell.current()?.version ?? '']),
    );
  }

  publish(model: Model): void {
    this.#model = model;
    for (const [namespace, { cell }] of this.#published) this.#refresh(namespace, cell);
  }

  sourceFor(namespace: string): SnapshotSource {
    const published = this.#openNamespace(namespace);
    return {
      current: () => published.cell.current(),
      onChange: (changed) => {
        published.watchers++;
        // It may have been given up between the two calls.
        this.#published.set(namespace, published);
        const unwatch = published.cell.onChange(changed);
        return () => {
          unwatch();
          published.watchers--;
          if (published.watchers === 0) this.#published.delete(namespace);
        };
      },
    };
  }

  #openNamespace(namespace: string): Published {
    const known = this.#published.get(namespace);
    if (known !== undefined) return known;
    const opened: Published = { cell: new SnapshotCell(), watchers: 0 };
    this.#published.set(namespace, opened);
    this.#refresh(namespace, opened.cell);
    return opened;
  }

  /** Leaves the last snapshot in force when the new one would lead clients nowhere. */
  #refresh(namespace: string, cell: SnapshotCell): void {
    const { logger } = this.#options;
    let snapshot: Snapshot;
    try {
      snapshot = buildSnapshot(this.#resourcesFor(namespace), cell.current());
    } catch (error) {
      logger.error('the configuration cannot be built; the last one stays in force', { namespace, error });
      return;
    }
    const dangling = checkSnapshot(snapshot);
    if (dangling.length > 0) {
      const faults = dangling.map(formatDangling).join('; ');
      logger.error('the configuration leads nowhere; the last one stays in force', { namespace, faults });
      return;
    }
    cell.set(snapshot);
  }

  *#resourcesFor(namespace: string): Iterable<Resource> {
    const services = visibleServices(this.#model, namespace);
    for (const service of services) yield* this.#resourcesOf(service);
    const { listeners, routes } = translateEntries(services, namespace);
    yield* listeners.map(listenerResource);
    yield* routes.map(routeResource);
  }

  #resourcesOf(service: ModelService): readonly Resource[] {
    const known = this.#ofService.get(service);
    if (known !== undefined) return known;
    const { clusters, assignments } = translateService(service, this.#options.balancer);
    const resources = [...clusters.map(clusterResource), ...assignments.map(endpointResource)];
    this.#ofService.set(service, resources);
    return resources;
  }
}
