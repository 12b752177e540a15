import { at, textAt, type Json } from '../objects/api-object.js';
import type { Rbac } from './rbac.js';
import { serviceAccountUser, type Tokens, type User } from './user.js';

/** Kinds that are only asked, never stored: by `group/plural`. */
export const REVIEWS: ReadonlyMap<string, string> = new Map([
  ['authorization.k8s.io/selfsubjectaccessreviews', 'SelfSubjectAccessReview'],
  ['authorization.k8s.io/subjectaccessreviews', 'SubjectAccessReview'],
  ['authentication.k8s.io/selfsubjectreviews', 'SelfSubjectReview'],
  ['authentication.k8s.io/tokenreviews', 'TokenReview'],
]);

/** Answers a review by filling in its status. */
export function answerReview(kind: string, body: Json, user: User, rbac: Rbac, tokens: Tokens): Json {
  switch (kind) {
    case 'SelfSubjectAccessReview':
      return { ...body, status: accessOf(body, user, rbac) };
    case 'SubjectAccessReview': {
      const groups = at(body, 'spec', 'groups');
      const subject = { username: textAt(body, 'spec', 'user'), groups: Array.isArray(groups) ? groups : [] };
      return { ...body, status: accessOf(body, subject, rbac) };
    }
    case 'SelfSubjectReview':
      return { ...body, status: { userInfo: user } };
    default: {
      const found = tokens.find(textAt(body, 'spec', 'token'));
      return {
        ...body,
        status: found === undefined ? { authenticated: false } : { authenticated: true, user: found },
      };
    }
  }
}

/** A new token of a ServiceAccount (`serviceaccounts/NAME/token`). */
export function answerTokenRequest(body: Json, namespace: string, name: string, tokens: Tokens): Json {
  const seconds = at(body, 'spec', 'expirationSeconds');
  const expires = new Date(Date.now() + (typeof seconds === 'number' ? seconds : 3600) * 1000);
  const token = tokens.issue(serviceAccountUser(namespace, name));
  return { ...body, status: { token, expirationTimestamp: expires.toISOString() } };
}

function accessOf(body: Json, user: User, rbac: Rbac): Json {
  const asked = at(body, 'spec', 'resourceAttributes');
  if (asked === undefined) return { allowed: true, reason: 'every user may read non-resource paths here' };
  const subresource = textAt(asked, 'subresource');
  const resource = textAt(asked, 'resource');
  const allowed = rbac.allows(user, {
    verb: textAt(asked, 'verb'),
    group: textAt(asked, 'group'),
    resource: subresource === '' ? resource : `${resource}/${subresource}`,
    namespace: textAt(asked, 'namespace'),
    name: textAt(asked, 'name'),
  });
  return allowed ? { allowed } : { allowed, reason: 'no RBAC policy matched' };
}
