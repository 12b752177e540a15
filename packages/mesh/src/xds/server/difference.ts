import { endpointResource, type Resource } from '../resource.js';
import type { Snapshot } from '../snapshot.js';
import { TYPE_ENDPOINT, type ResourceType } from '../type-urls.js';
import type { Subscription } from './subscription.js';
import type { Told } from './told.js';

export type ResourceMap = ReadonlyMap<string, Resource>;

/**
 * Everything a whole-set response must hold. Under a wildcard with nothing to keep this is the snapshot's own map.
 *
 * @param keepRemoved leave in what was sent and is subscribed to but exists no more
 */
export function wholeSet(
  existing: ResourceMap,
  subscription: Subscription,
  sent: ResourceMap,
  keepRemoved: boolean,
): ResourceMap {
  const target = subscription.wildcard ? existing : named(existing, subscription.names);
  if (!keepRemoved || target === sent) return target;
  const removed = [...sent].filter(([name]) => !target.has(name));
  return removed.length === 0 ? target : new Map([...target, ...removed]);
}

function named(existing: ResourceMap, names: ReadonlySet<string>): ResourceMap {
  const found = new Map<string, Resource>();
  for (const name of names) {
    const resource = existing.get(name);
    if (resource !== undefined) found.set(name, resource);
  }
  return found;
}

/**
 * Resources subscribed to by name that a state-of-the-world client lacks or has in another version.
 *
 * State of the world cannot say that a load assignment does not exist, and silence keeps a cluster warming (gRPC clients
 * wait 15 s), so a name that nobody knows gets an empty assignment. One that the client has keeps its endpoints when
 * its cluster is gone as well: the cluster's removal is on its way, and until then its requests go on.
 *
 * @param among where to look; default: all names subscribed to
 */
export function changedResources(
  snapshot: Snapshot,
  typeUrl: ResourceType,
  subscription: Subscription,
  told: ReadonlyMap<string, Told>,
  among: ReadonlySet<string> = subscription.names,
): ResourceMap {
  const existing = snapshot.types[typeUrl].resources;
  const changed = new Map<string, Resource>();
  for (const name of among) {
    if (!subscription.names.has(name)) continue;
    const before = told.get(name);
    let resource = existing.get(name);
    if (resource === undefined && typeUrl === TYPE_ENDPOINT) {
      if (before === undefined || snapshot.assignmentNames.has(name))
        resource = endpointResource({ clusterName: name });
    }
    if (resource !== undefined && resource.version !== before?.version) changed.set(name, resource);
  }
  return changed;
}

/** What of `sent` is still subscribed to. */
export function onlySubscribed(sent: ResourceMap, subscription: Subscription): ResourceMap {
  return subscription.wildcard ? sent : new Map([...sent].filter(([name]) => subscription.names.has(name)));
}

export function isSame(a: ResourceMap, b: ResourceMap): boolean {
  return a === b || (a.size === b.size && holdsAll(a, b));
}

/** Whether `map` has each of `resources` in the same version. */
export function holdsAll(map: ResourceMap, resources: ResourceMap): boolean {
  if (map === resources) return true;
  for (const [name, resource] of resources) if (map.get(name)?.version !== resource.version) return false;
  return true;
}

/** Sum of what the resources take up in a response. */
export function sizeOf(resources: ResourceMap): number {
  let bytes = 0;
  for (const { entry } of resources.values()) bytes += entry.length;
  return bytes;
}
