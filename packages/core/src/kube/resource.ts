/** A kind of object as the API server addresses it. */
export interface KubeResource {
  /** `''` is the core group. */
  readonly group: string;
  readonly version: string;
  /** In lower case, as in paths and RBAC rules: `endpointslices`. */
  readonly plural: string;
}

/**
 * Path of all objects of a resource.
 *
 * @param namespace undefined: of all namespaces, or of a resource that has none
 */
export function collectionPath({ group, version, plural }: KubeResource, namespace?: string): string {
  const api = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespace === undefined ? `${api}/${plural}` : `${api}/namespaces/${namespace}/${plural}`;
}

/** `endpointslices.discovery.k8s.io`, as Kubernetes' own messages have it; of the core group `services`. */
export function formatResource({ group, plural }: KubeResource): string {
  return group === '' ? plural : `${plural}.${group}`;
}
