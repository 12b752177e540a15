import { TYPE_CLUSTER, TYPE_LISTENER, type ResourceType } from '../type-urls.js';

/** What a stream asks for of one type. */
export interface Subscription {
  readonly wildcard: boolean;
  readonly names: ReadonlySet<string>;
}

/**
 * Reads `resource_names` of a state-of-the-world request in the light of the request before.
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

/**
 * Reads the two lists of an incremental request.
 *
 * xDS protocol, same section: a first request without names is "a subscription to '*'"; one that names something later
 * is "continuing the existing subscription to '*' and adding a new subscription". A name in both lists stays.
 */
export function changedSubscription(
  before: Subscription | undefined,
  typeUrl: ResourceType,
  subscribe: readonly string[],
  unsubscribe: readonly string[],
): Subscription {
  if (subscribe.length === 0 && unsubscribe.length === 0) {
    return before ?? (isWholeSet(typeUrl) ? LEGACY_WILDCARD : NOTHING);
  }
  const names = new Set(before?.names);
  for (const name of unsubscribe) names.delete(name);
  for (const name of subscribe) if (name !== '*' && name !== '') names.add(name);
  const keepsWildcard = before?.wildcard === true && !unsubscribe.includes('*');
  return { wildcard: keepsWildcard || subscribe.includes('*'), names };
}

const LEGACY_WILDCARD: Subscription = { wildcard: true, names: new Set() };
const NOTHING: Subscription = { wildcard: false, names: new Set() };

/**
 * Whether a state-of-the-world response of this type holds everything subscribed to, so that what is missing from it is
 * gone. xDS protocol, "Deleting resources": "for Listener and Cluster resource types" only.
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

/** Whether a change of `names` concerns the subscription. */
export function concerns(subscription: Subscription, names: ReadonlySet<string>): boolean {
  if (subscription.wildcard) return names.size > 0;
  const [few, many] =
    names.size < subscription.names.size ? [names, subscription.names] : [subscription.names, names];
  for (const name of few) if (many.has(name)) return true;
  return false;
}
