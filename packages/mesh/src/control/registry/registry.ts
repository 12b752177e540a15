import type { LoadedObject } from '../../kube/directory/manifest-set.js';
import type { Problem } from '../../kube/problem.js';
import { SERVICE_NAME_LABEL, type EndpointSliceObject } from '../../kube/resources/endpoint-slice.js';
import type { ServiceEntryObject } from '../../kube/resources/service-entry.js';
import type { ServiceObject } from '../../kube/resources/service.js';
import type { Model, ModelService } from './model.js';
import { readServiceEntry } from './read-service-entry.js';
import { readService, warningAt, type Loaded, type ReadResult } from './read-service.js';

interface Memo {
  readonly inputs: readonly LoadedObject[];
  readonly result: ReadResult;
}

/**
 * Turns the objects of a source into the model. Level-triggered: each update is given everything there is
 * now. Services whose objects did not change keep their identity in the next model.
 */
export class Registry {
  readonly #clusterDomain: string;
  #memo: ReadonlyMap<string, Memo> = new Map();

  constructor(clusterDomain = 'cluster.local') {
    this.#clusterDomain = clusterDomain;
  }

  update(objects: readonly LoadedObject[]): Model {
    const { services, slices, entries } = sortByKind(objects);
    const memo = new Map<string, Memo>();
    const read = (key: string, inputs: readonly LoadedObject[], compute: () => ReadResult): ReadResult => {
      const known = this.#memo.get(key);
      const result = known !== undefined && isSame(known.inputs, inputs) ? known.result : compute();
      memo.set(key, { inputs, result });
      return result;
    };

    const results: ReadResult[] = [];
    const problems: Problem[] = [];
    for (const service of services) {
      const { namespace, name } = service.object.metadata;
      const own = slices.get(`${namespace}/${name}`) ?? [];
      slices.delete(`${namespace}/${name}`);
      results.push(
        read(service.key, [service, ...own], () => readService(service, own, this.#clusterDomain)),
      );
    }
    for (const entry of entries) results.push(read(entry.key, [entry], () => readServiceEntry(entry)));
    for (const [owner, orphans] of slices) {
      for (const slice of orphans) {
        problems.push(
          warningAt(slice, `${slice.key} has endpoints of Service ${owner}, which does not exist`),
        );
      }
    }
    this.#memo = memo;

    const all = results.flatMap((result) => result.services).sort(compareServices);
    problems.push(...results.flatMap((result) => result.problems), ...findHostConflicts(all, objects));
    return { services: all, problems };
  }
}

interface Kinds {
  readonly services: Loaded<ServiceObject>[];
  /** By `namespace/name` of the Service that owns them. */
  readonly slices: Map<string, Loaded<EndpointSliceObject>[]>;
  readonly entries: Loaded<ServiceEntryObject>[];
}

function sortByKind(objects: readonly LoadedObject[]): Kinds {
  const kinds: Kinds = { services: [], slices: new Map(), entries: [] };
  for (const { object, ...place } of [...objects].sort((a, b) => (a.key < b.key ? -1 : 1))) {
    switch (object.kind) {
      case 'Service':
        kinds.services.push({ object, ...place });
        break;
      case 'ServiceEntry':
        kinds.entries.push({ object, ...place });
        break;
      case 'EndpointSlice': {
        const owner = object.metadata.labels?.[SERVICE_NAME_LABEL];
        if (owner === undefined || owner === '') break;
        const key = `${object.metadata.namespace}/${owner}`;
        const others = kinds.slices.get(key);
        if (others === undefined) kinds.slices.set(key, [{ object, ...place }]);
        else others.push({ object, ...place });
      }
    }
  }
  return kinds;
}

function isSame(before: readonly LoadedObject[], after: readonly LoadedObject[]): boolean {
  return (
    before.length === after.length &&
    before.every(({ object, file, line }, index) => {
      const other = after[index];
      return object === other?.object && file === other.file && line === other.line;
    })
  );
}

/** By host; of one host a Service before a ServiceEntry, and then by name, so that the first is always the same. */
function compareServices(a: ModelService, b: ModelService): number {
  if (a.host !== b.host) return a.host < b.host ? -1 : 1;
  return a.origin < b.origin ? -1 : 1;
}

/** @param services in the order of `compareServices` */
function findHostConflicts(services: readonly ModelService[], objects: readonly LoadedObject[]): Problem[] {
  const places = new Map(objects.map((object) => [object.key, object]));
  const problems: Problem[] = [];
  let first: ModelService | undefined;
  for (const service of services) {
    if (service.host !== first?.host) {
      first = service;
      continue;
    }
    const place = places.get(service.origin);
    if (place === undefined || !mayMeet(first, service)) continue;
    const message = `${service.origin} has the host ${service.host} of ${first.origin}; clients that see both use only one of them`;
    problems.push(warningAt(place, message));
  }
  return problems;
}

function mayMeet(a: ModelService, b: ModelService): boolean {
  if (a.exportTo === undefined) return b.exportTo === undefined || b.exportTo.size > 0;
  if (b.exportTo === undefined) return a.exportTo.size > 0;
  return [...a.exportTo].some((namespace) => b.exportTo?.has(namespace));
}
