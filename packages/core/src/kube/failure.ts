import type { KubeApiError } from './api-error.js';
import { formatResource, type KubeResource } from './resource.js';

/** A request of a reflector that did not succeed. What was known before stays in force. */
export interface ReflectorFailure {
  readonly verb: 'list' | 'watch';
  readonly resource: KubeResource;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly error: KubeApiError;
  /** How often in a row it has failed now, from 1. */
  readonly attempt: number;
  /** When it is tried again, in milliseconds from now. */
  readonly retryInMs: number;
}

/** What an RBAC rule must allow. */
export interface KubePermission {
  readonly verbs: readonly string[];
  readonly resource: KubeResource;
  /** Undefined: in all namespaces, which takes a ClusterRole. */
  readonly namespace: string | undefined;
}

/** The permission whose absence a failure shows; undefined when it has another cause. */
export function missingPermission({
  error,
  resource,
  namespace,
}: ReflectorFailure): KubePermission | undefined {
  if (error.status !== 403) return undefined;
  // Without both nothing can be followed, so both are named at once.
  return { verbs: ['list', 'watch'], resource, namespace };
}

/** The rule to add, as it stands in a manifest, and where: what to do about a 403. */
export function formatPermission({ verbs, resource, namespace }: KubePermission): string {
  const list = (words: readonly string[]): string => words.map((word) => JSON.stringify(word)).join(', ');
  const place = namespace === undefined ? 'a ClusterRole' : `a Role in namespace ${namespace}`;
  return (
    `add to ${place} of this ServiceAccount: ` +
    `{apiGroups: [${list([resource.group])}], resources: [${list([resource.plural])}], verbs: [${list(verbs)}]}`
  );
}

/** `cannot watch endpointslices.discovery.k8s.io in all namespaces: …`, with what to do where it can be said. */
export function formatFailure(failure: ReflectorFailure): string {
  const { verb, resource, namespace, error } = failure;
  const place = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  const what = `cannot ${verb} ${formatResource(resource)} ${place}`;
  const permission = missingPermission(failure);
  if (permission !== undefined) return `${what}: not allowed (403); ${formatPermission(permission)}`;
  if (error.status === 401) return `${what}: the API server does not accept the credentials (401)`;
  if (error.status === 404) return `${what}: the API server does not have this kind (404)`;
  return `${what}: ${error.message}`;
}
