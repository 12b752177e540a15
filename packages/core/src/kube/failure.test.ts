import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOfStatus, KubeApiError } from './api-error.js';
import { formatFailure, missingPermission, type ReflectorFailure } from './failure.js';

const failure = (error: KubeApiError, over: Partial<ReflectorFailure> = {}): ReflectorFailure => ({
  verb: 'watch',
  resource: { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' },
  namespace: undefined,
  error,
  attempt: 1,
  retryInMs: 100,
  ...over,
});

test('a 403 names the rule that is missing', () => {
  const forbidden = failure(new KubeApiError('no', { status: 403 }));
  assert.deepEqual(missingPermission(forbidden), {
    verbs: ['list', 'watch'],
    resource: forbidden.resource,
    namespace: undefined,
  });
  assert.equal(
    formatFailure(forbidden),
    'cannot watch endpointslices.discovery.k8s.io in all namespaces: not allowed (403); add to a ClusterRole of this ServiceAccount: {apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"]}',
  );
  const inOne = failure(forbidden.error, {
    verb: 'list',
    resource: { group: '', version: 'v1', plural: 'services' },
    namespace: 'shop',
  });
  assert.equal(
    formatFailure(inOne),
    'cannot list services in namespace shop: not allowed (403); add to a Role in namespace shop of this ServiceAccount: {apiGroups: [""], resources: ["services"], verbs: ["list", "watch"]}',
  );
});

test('other failures are no matter of permissions', () => {
  assert.equal(missingPermission(failure(new KubeApiError('no', { status: 401 }))), undefined);
  assert.match(formatFailure(failure(new KubeApiError('no', { status: 401 }))), /credentials \(401\)$/);
  assert.match(formatFailure(failure(new KubeApiError('refused'))), /: refused$/);
});

test('a Status tells its code, its reason and how long to wait', () => {
  const error = errorOfStatus({
    kind: 'Status',
    code: 429,
    reason: 'TooManyRequests',
    message: 'storage is (re)initializing',
    details: { retryAfterSeconds: 1 },
  });
  assert.deepEqual(
    [error.status, error.reason, error.message, error.retryAfterMs],
    [429, 'TooManyRequests', 'storage is (re)initializing', 1000],
  );
  assert.equal(errorOfStatus('<html>', 502).message, 'the API server answered 502');
});
