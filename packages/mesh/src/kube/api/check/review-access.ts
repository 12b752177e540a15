import type { KubeResource } from '@weir/core/kube';
import type { ApiCall } from '../api-connection.js';

/** A ServiceAccount. */
export interface Subject {
  readonly namespace: string;
  readonly name: string;
}

export interface Access {
  readonly verb: string;
  /** Its subresource behind a slash: `virtualservices/status`. */
  readonly resource: KubeResource;
  /** Undefined: in all. */
  readonly namespace: string | undefined;
}

/**
 * Asks the API server whether something is allowed (`SelfSubjectAccessReview`, `SubjectAccessReview`).
 *
 * @param subject undefined: whoever asks
 * @throws KubeApiError when it cannot be asked, or asking is not allowed
 */
export async function reviewAccess(
  call: (call: ApiCall) => Promise<unknown>,
  subject: Subject | undefined,
  { verb, resource, namespace }: Access,
): Promise<boolean> {
  const [plural, subresource] = resource.plural.split('/');
  const resourceAttributes = {
    verb,
    group: resource.group,
    version: resource.version,
    resource: plural,
    ...(subresource !== undefined && { subresource }),
    ...(namespace !== undefined && { namespace }),
  };
  const kind = subject === undefined ? 'SelfSubjectAccessReview' : 'SubjectAccessReview';
  const answer = (await call({
    method: 'POST',
    path: `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`,
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind,
      spec: { resourceAttributes, ...(subject !== undefined && userOf(subject)) },
    },
  })) as { readonly status?: { readonly allowed?: boolean } };
  return answer.status?.allowed === true;
}

function userOf({ namespace, name }: Subject): { readonly user: string; readonly groups: readonly string[] } {
  return {
    user: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}
