import { placeOfLabels } from '@weir/core/kube';
import { ExternalNames } from './external-names.js';
import type { LoadedObject } from '../../kube/directory/manifest-set.js';
import type { Problem } from '../../kube/problem.js';
import { HostIndex } from './host-index.js';
import { mayMeet } from './export-to.js';
import { hasSameShape, type Model, type ModelService } from './model.js';
import { KeyOrder } from './key-order.js';
import { podKey, sortByKind, type SortedObjects } from './objects-by-kind.js';
import { readPolicies } from './read-policies.js';
import { readServiceEntry } from './read-service-entry.js';
import { readService, warningAt, type ReadResult } from './read-service.js';
import type { Loaded } from './source.js';
import type { EndpointSliceObject } from '../../kube/resources/endpoint-slice.js';

interface Memo {
  readonly inputs: readonly Loaded<unknown>[];
  readonly result: ReadResult;
}

/** What stands behind a Service's slices; it changes with them, which is seldom. */
interface Behind {
  readonly slices: readonly Loaded<EndpointSliceObject>[];
  readonly pods: readonly string[];
  readonly nodes: readonly string[];
}

interface PoliciesMemo {
  readonly inputs: readonly Loaded<unknown>[];
  readonly services: readonly ModelService[];
  readonly result: ReturnType<typeof readPolicies>;
}

/**
 * Turns the objects of a source into the model. Level-triggered: each update is given everything there is
 * now. Services whose objects did not change keep their identity in the next model.
 */
export class Registry {
  readonly #clusterDomain: string;
  readonly #externalNames: ExternalNames;
  #memo: ReadonlyMap<string, Memo> = new Map();
  #behind: ReadonlyMap<string, Behind> = new Map();
  #policies: PoliciesMemo | undefined;
  readonly #order = new KeyOrder();

  constructor(clusterDomain = 'cluster.local') {
    this.#clusterDomain = clusterDomain;
    this.#externalNames = new ExternalNames(clusterDomain);
  }

  update(objects: readonly LoadedObject[]): Model {
    const sorted = sortByKind(this.#order.sort(objects));
    const { results, problems } = this.#readServices(sorted);
    const own = results.flatMap((result) => result.services);
    const aliases = this.#externalNames.read(sorted.services, own);
    const services = [...own, ...aliases.services].sort(compareServices);
    const hosts = new HostIndex(services, this.#clusterDomain);
    const read = this.#readPolicies(sorted, services, hosts);
    problems.push(
      ...results.flatMap((result) => result.problems),
      ...aliases.problems,
      ...findHostConflicts(services, objects),
      ...read.problems,
    );
    return { services, hosts, policies: read.policies, problems, shape: read };
  }

  /** Rules depend on what services there are and on what they are called, not on their endpoints, which change often. */
  #readPolicies(
    { virtualServices, destinationRules, grpcPolicies }: SortedObjects,
    services: readonly ModelService[],
    hosts: HostIndex,
  ): ReturnType<typeof readPolicies> {
    const inputs = [...virtualServices, ...destinationRules, ...grpcPolicies];
    const known = this.#policies;
    const isKnown =
      known !== undefined &&
      known.services.length === services.length &&
      isSame(known.inputs, inputs) &&
      services.every((service, index) => hasSameShape(service, known.services[index] ?? service));
    const result = isKnown
      ? known.result
      : readPolicies({ virtualServices, destinationRules, grpcPolicies }, hosts);
    this.#policies = { inputs, services, result };
    return result;
  }

  #readServices({ services, slices, pods, nodes, entries }: SortedObjects): {
    results: ReadResult[];
    problems: Problem[];
  } {
    const memo = new Map<string, Memo>();
    const behindMemo = new Map<string, Behind>();
    const read = (key: string, inputs: readonly Loaded<unknown>[], compute: () => ReadResult): ReadResult => {
      const known = this.#memo.get(key);
      const result = known !== undefined && isSame(known.inputs, inputs) ? known.result : compute();
      memo.set(key, { inputs, result });
      return result;
    };
    const labelsOf = (namespace: string, pod: string) =>
      pods.get(podKey(namespace, pod))?.object.metadata.labels ?? {};
    const placeOf = (node: string) => placeOfLabels(nodes.get(node)?.object.metadata.labels);

    const results: ReadResult[] = [];
    const problems: Problem[] = [];
    for (const service of services) {
      const { namespace, name } = service.object.metadata;
      const own = slices.get(`${namespace}/${name}`) ?? [];
      slices.delete(`${namespace}/${name}`);
      const known = this.#behind.get(service.key);
      const behind: Behind =
        known !== undefined && isSame(known.slices, own)
          ? known
          : { slices: own, pods: [...podsOf(own)], nodes: [...nodesOf(own)] };
      behindMemo.set(service.key, behind);
      const inputs = [
        service,
        ...own,
        ...(pods.size === 0 ? [] : behind.pods.map((key) => pods.get(key))),
        ...(nodes.size === 0 ? [] : behind.nodes.map((node) => nodes.get(node))),
      ].filter((object) => object !== undefined);
      results.push(
        read(service.key, inputs, () =>
          readService(service, own, this.#clusterDomain, { labelsOf, placeOf }),
        ),
      );
    }
    for (const entry of entries) results.push(read(entry.key, [entry], () => readServiceEntry(entry)));
    for (const [owner, orphans] of slices) {
      for (const slice of orphans) {
        const message = `${slice.key} has endpoints of Service ${owner}, which does not exist`;
        problems.push(warningAt(slice, 'WEIR0205', message));
      }
    }
    this.#memo = memo;
    this.#behind = behindMemo;
    return { results, problems };
  }
}

function podsOf(slices: readonly Loaded<EndpointSliceObject>[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { object } of slices) {
    for (const { targetRef } of object.endpoints) {
      if (targetRef?.name !== undefined)
        keys.add(podKey(targetRef.namespace ?? object.metadata.namespace, targetRef.name));
    }
  }
  return keys;
}

function nodesOf(slices: readonly Loaded<EndpointSliceObject>[]): ReadonlySet<string> {
  return new Set(slices.flatMap(({ object }) => object.endpoints.map(({ nodeName = '' }) => nodeName)));
}

function isSame(before: readonly Loaded<unknown>[], after: readonly Loaded<unknown>[]): boolean {
  return (
    before.length === after.length &&
    before.every(({ object, file, line }, index) => {
      const other = after[index];
      return other !== undefined && object === other.object && file === other.file && line === other.line;
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
  const problems: Problem[] = [];
  let first: ModelService | undefined;
  for (const service of services) {
    if (service.host !== first?.host) {
      first = service;
      continue;
    }
    const place = objects.find(({ key }) => key === service.origin);
    if (place === undefined || !mayMeet(first.exportTo, service.exportTo)) continue;
    const message = `${service.origin} has the host ${service.host} of ${first.origin}; clients that see both use only one of them`;
    problems.push(warningAt(place, 'WEIR0110', message));
  }
  return problems;
}
