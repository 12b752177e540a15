import { createHash } from 'node:crypto';
import type { Reference } from './references.js';
import type { Resource } from './resource.js';
import { PUSH_ORDER, shortTypeName, TYPE_CLUSTER, type ResourceType } from './type-urls.js';

/** All resources of one type. */
export interface TypeSnapshot {
  /** Digest of the names and versions in it, or whatever else differs whenever they do. */
  readonly version: string;
  /** May be made as it is asked for: `get` is cheap, walking through all of it need not be. */
  readonly resources: ReadonlyMap<string, Resource>;
  /** All that may differ from the set of version `since`; undefined where that is not known. */
  readonly changed?: { readonly since: string; readonly names: ReadonlySet<string> };
}

/** A whole configuration at one moment. It never changes; the next one shares with it what stayed the same. */
export interface Snapshot {
  /** Digest of the types' versions. */
  readonly version: string;
  readonly types: Readonly<Record<ResourceType, TypeSnapshot>>;
  /** Names of the load assignments that its clusters ask for. */
  readonly assignmentNames: Pick<ReadonlySet<string>, 'has'>;
}

/**
 * Puts resources together, in any order.
 *
 * @param previous the snapshot before: a resource with unchanged content keeps its object and bytes, a type in which
 *   nothing changed keeps its map, so that "same?" is one comparison for each client
 * @throws Error when two resources of a type bear one name
 */
export function buildSnapshot(resources: Iterable<Resource>, previous?: Snapshot): Snapshot {
  const byType = new Map(PUSH_ORDER.map((typeUrl) => [typeUrl, new Map<string, Resource>()]));
  for (const resource of resources) {
    const ofType = byType.get(resource.typeUrl);
    if (ofType === undefined) continue;
    if (ofType.has(resource.name)) {
      throw new Error(
        `two resources of type ${shortTypeName(resource.typeUrl)} are named "${resource.name}"`,
      );
    }
    const before = previous?.types[resource.typeUrl].resources.get(resource.name);
    ofType.set(resource.name, before?.version === resource.version ? before : resource);
  }
  const types = Object.fromEntries(
    [...byType].map(([typeUrl, ofType]) => [typeUrl, typeSnapshot(ofType, previous?.types[typeUrl])]),
  ) as Record<ResourceType, TypeSnapshot>;
  if (previous !== undefined && PUSH_ORDER.every((typeUrl) => types[typeUrl] === previous.types[typeUrl]))
    return previous;
  const clusters = [...types[TYPE_CLUSTER].resources.values()];
  return {
    version: digest(PUSH_ORDER.map((typeUrl) => types[typeUrl].version)),
    types,
    assignmentNames: new Set(clusters.flatMap((cluster) => cluster.references.map(({ name }) => name))),
  };
}

function typeSnapshot(
  resources: ReadonlyMap<string, Resource>,
  previous: TypeSnapshot | undefined,
): TypeSnapshot {
  const version = digest(
    [...resources.values()].map((resource) => `${resource.name} ${resource.version}`).sort(),
  );
  return previous?.version === version ? previous : { version, resources };
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

/** A resource that names another one which is not there. */
export interface DanglingReference {
  readonly from: Reference;
  readonly to: Reference;
}

/**
 * Finds what a client would wait for in vain: a listener's missing route configuration, a route's missing cluster, a
 * cluster's missing load assignment. An empty answer means that the snapshot may be served.
 */
export function checkSnapshot(snapshot: Snapshot): readonly DanglingReference[] {
  const dangling: DanglingReference[] = [];
  for (const typeUrl of PUSH_ORDER) {
    for (const { name, references } of snapshot.types[typeUrl].resources.values()) {
      for (const to of references) {
        if (!snapshot.types[to.typeUrl].resources.has(to.name))
          dangling.push({ from: { typeUrl, name }, to });
      }
    }
  }
  return dangling;
}

/** For people: `RouteConfiguration "50051" refers to Cluster "a", which does not exist`. */
export function formatDangling({ from, to }: DanglingReference): string {
  return `${shortTypeName(from.typeUrl)} "${from.name}" refers to ${shortTypeName(to.typeUrl)} "${to.name}", which does not exist`;
}
