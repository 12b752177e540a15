import { TYPE_CLUSTER, TYPE_LISTENER, type ResourceType } from '../type-urls.js';

/** What a stream asks for of one type. */
export interface Subscription {
  readonly wildcard: boolean;
  readonly names: ReadonlySet<string>;
}

/**
 * Reads `resource_names` of a request in the light of the request before.
 *
 * xDS protocol, "How the client specifies what resources to return": "For Listener and Cluster resource types, there is
 * also a 'wildcard' subscription, which is triggered when subscribing to the special name *." For these two, a stream
 * that has named nothing so far means the same; once it has named something, an empty list unsubscribes from all.
 */
export function nextSubscription(
  before: Subscription | undefined,
  typeUrl: ResourceType,
  names: readonly string[],
): Subscription {
  if (names.length > 0) {
    return {
      wildcard: names.includes('*'),
      names: new Set(names.filter((name) => name !== '*' && name !== '')),
    };
  }
  const hasNamedNothing = before === undefined || before === LEGACY_WILDCARD;
  return isWholeSet(typeUrl) && hasNamedNothing ? LEGACY_WILDCARD : NOTHING;
}

const LEGACY_WILDCARD: Subscription = { wildcard: true, names: new Set() };
const NOTHING: Subscription = { wildcard: false, names: new Set() };

/**
 * Whether a response of this type holds everything subscribed to, so that what is missing from it is gone. xDS protocol,
 * "Deleting resources": "for Listener and Cluster resource types" only.
 */
export function isWholeSet(typeUrl: ResourceType): boolean {
  return typeUrl === TYPE_LISTENER || typeUrl === TYPE_CLUSTER;
}

export function isSameSubscription(a: Subscription, b: Subscription): boolean {
  // The two wildcards differ in what an empty list means afterwards.
  if (a === b) return true;
  if (a === LEGACY_WILDCARD || b === LEGACY_WILDCARD) return false;
  return a.wildcard === b.wildcard && a.names.size === b.names.size && isSubset(a.names, b.names);
}

export function isSubset(names: ReadonlySet<string>, of: ReadonlySet<string>): boolean {
  for (const name of names) if (!of.has(name)) return false;
  return true;
}
