import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KubeApiServer } from '../../support/kube-apiserver/kube-api-server.js';
import { callApi, watchApi } from '../../support/kube-apiserver/kube-client.js';
import { at, listAt, textAt } from '../../support/kube-apiserver/objects/api-object.js';
import { until } from '../../support/until.js';

// What clients rely on, as the Kubernetes API reference has it; the server stands for a real one in other tests.

let server: KubeApiServer;

before(async () => {
  server = await KubeApiServer.start();
});
after(() => server.stop());

const MAPS = '/api/v1/namespaces/default/configmaps';
const map = (name: string, data: Record<string, string> = {}, over: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...over },
  data,
});
const names = (body: unknown) => listAt(body, 'items').map((item) => textAt(item, 'metadata', 'name'));
const post = (path: string, body: unknown, token?: string) =>
  callApi(server, path, { method: 'POST', body, ...(token !== undefined && { token }) });

test('who is unknown gets 401, who has no rights 403 with the words of RBAC', async () => {
  assert.equal((await callApi(server, MAPS, { token: 'x' })).status, 401);
  const token = server.serviceAccountToken('shop', 'reader');
  const forbidden = await callApi(server, '/api/v1/services', { token });
  assert.equal(forbidden.status, 403);
  assert.equal(
    textAt(forbidden.body, 'message'),
    'services is forbidden: User "system:serviceaccount:shop:reader" cannot list resource "services" in API group "" at the cluster scope',
  );
  await server.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'reader' },
    rules: [{ apiGroups: [''], resources: ['services'], verbs: ['list'] }],
  });
  await server.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'reader' },
    roleRef: { kind: 'ClusterRole', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'reader' }],
  });
  assert.equal((await callApi(server, '/api/v1/services', { token })).status, 200);
  assert.equal((await callApi(server, '/api/v1/services?watch=true', { token })).status, 403);
  const review = (verb: string) => ({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb, group: '', resource: 'services' } },
  });
  const ask = (verb: string) =>
    post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review(verb), token);
  assert.equal(at((await ask('list')).body, 'status', 'allowed'), true);
  assert.equal(at((await ask('watch')).body, 'status', 'allowed'), false);
});

test('a list comes in pages that all show the state of the first', async () => {
  for (const name of ['p1', 'p2', 'p3', 'p4']) await server.apply(map(name, {}, { labels: { page: 'x' } }));
  const first = await callApi(server, `${MAPS}?limit=2&labelSelector=page%3Dx`);
  assert.deepEqual(names(first.body), ['p1', 'p2']);
  assert.equal(at(first.body, 'metadata', 'remainingItemCount'), 2);
  await server.remove('v1', 'ConfigMap', 'p4');
  await server.apply(map('p5', {}, { labels: { page: 'x' } }));
  const next = `${MAPS}?limit=2&labelSelector=page%3Dx&continue=${textAt(first.body, 'metadata', 'continue')}`;
  const second = await callApi(server, next);
  assert.deepEqual(names(second.body), ['p3', 'p4']);
  assert.equal(textAt(second.body, 'metadata', 'continue'), '');
  assert.equal(
    textAt(second.body, 'metadata', 'resourceVersion'),
    textAt(first.body, 'metadata', 'resourceVersion'),
  );
  server.storage.compact();
  const late = await callApi(server, next);
  assert.deepEqual([late.status, textAt(late.body, 'reason')], [410, 'Expired']);
});

test('a watch brings what happened since, and what happens', async () => {
  const { body } = await callApi(server, MAPS);
  const since = textAt(body, 'metadata', 'resourceVersion');
  await server.apply(map('w1', { a: '1' }, { labels: { w: 'x' } }));
  const watch = await watchApi(
    server,
    `${MAPS}?watch=true&resourceVersion=${since}&labelSelector=w%3Dx&allowWatchBookmarks=true&timeoutSeconds=1`,
  );
  await server.apply(map('w1', { a: '2' }, { labels: { w: 'x' } }));
  await server.apply(map('other'));
  // What no longer fits the selector is gone, to this watch.
  await server.apply(map('w1', { a: '2' }, { labels: { w: 'y' } }));
  await watch.ended;
  assert.deepEqual(
    watch.events.filter(({ type }) => type !== 'BOOKMARK').map(({ type }) => type),
    ['ADDED', 'MODIFIED', 'DELETED'],
  );
  const bookmark = watch.events.find(({ type }) => type === 'BOOKMARK');
  assert.ok(Number(bookmark?.object.metadata.resourceVersion) >= Number(since));
});

test('a watch from a version that is forgotten is accepted, and then told so', async () => {
  const { body } = await callApi(server, MAPS);
  const since = textAt(body, 'metadata', 'resourceVersion');
  server.storage.compact();
  const watch = await watchApi(server, `${MAPS}?watch=true&resourceVersion=${since}`);
  await watch.ended;
  assert.deepEqual(
    watch.events.map(({ type, object }) => [type, object['code'], object['reason']]),
    [['ERROR', 410, 'Expired']],
  );
});

test('an update with an old version is a conflict, and a Lease needs one', async () => {
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec: {} };
  const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
  const { body } = await post(path, lease);
  const put = (metadata: unknown, holderIdentity: string) =>
    callApi(server, `${path}/l`, { method: 'PUT', body: { ...lease, metadata, spec: { holderIdentity } } });
  const metadata = at(body, 'metadata');
  assert.equal((await put(metadata, 'a')).status, 200);
  const second = await put(metadata, 'b');
  assert.deepEqual([second.status, textAt(second.body, 'reason')], [409, 'Conflict']);
  assert.equal((await put({ ...(metadata as object), resourceVersion: undefined }, 'b')).status, 422);
});

test('status is written by its subresource alone, and a change of it is no new generation', async () => {
  await server.apply({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        { name: 'v1beta1', served: true, storage: false, subresources: { status: {} } },
        { name: 'v1', served: true, storage: true, subresources: { status: {} } },
      ],
    },
  });
  const things = '/apis/example.com/v1/namespaces/default/things';
  const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 't' }, spec: { a: 1 } };
  const created = await post(things, { ...thing, status: { x: 1 } });
  assert.deepEqual([created.status, at(created.body, 'status')], [201, undefined]);
  const merge = (path: string, body: unknown) =>
    callApi(server, path, { method: 'PATCH', body, contentType: 'application/merge-patch+json' });
  const patched = await merge(`${things}/t/status`, { spec: { a: 9 }, status: { x: 2 } });
  assert.deepEqual(at(patched.body, 'status'), { x: 2 });
  assert.deepEqual([at(patched.body, 'spec', 'a'), at(patched.body, 'metadata', 'generation')], [1, 1]);
  const main = await merge(`${things}/t`, { spec: { a: 2 }, status: { x: 3 } });
  assert.deepEqual([at(main.body, 'status', 'x'), at(main.body, 'metadata', 'generation')], [2, 2]);
  const strategic = { method: 'PATCH', body: {}, contentType: 'application/strategic-merge-patch+json' };
  assert.equal((await callApi(server, `${things}/t`, strategic)).status, 415);
  const old = await callApi(server, '/apis/example.com/v1beta1/things');
  assert.equal(textAt(listAt(old.body, 'items')[0], 'apiVersion'), 'example.com/v1beta1');
  await server.remove('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'things.example.com');
  assert.equal((await callApi(server, things)).status, 404);
});

test('a pod on a node is given its grace, and metadata can be had alone', async () => {
  await server.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'pod', labels: { a: 'b' } },
    spec: { nodeName: 'n', containers: [] },
  });
  const path = '/api/v1/namespaces/default/pods';
  await callApi(server, `${path}/pod`, { method: 'DELETE' });
  const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
  const { body } = await callApi(server, path, { accept });
  const [pod] = listAt(body, 'items');
  assert.equal(textAt(pod, 'kind'), 'PartialObjectMetadata');
  assert.equal(at(pod, 'spec'), undefined);
  assert.equal(at(pod, 'metadata', 'deletionGracePeriodSeconds'), 30);
  await callApi(server, `${path}/pod?gracePeriodSeconds=0`, { method: 'DELETE' });
  assert.equal(server.get('v1', 'Pod', 'pod'), undefined);
});

test('dry runs leave no trace', async () => {
  const dry = await post(`${MAPS}?dryRun=All`, map('dry'));
  assert.equal(dry.status, 201);
  assert.equal(server.get('v1', 'ConfigMap', 'dry'), undefined);
});

test('faults come and go, and a restart keeps objects and port', async () => {
  const mend = server.faults.refuse({ verb: 'list', plural: 'configmaps' }, 503);
  assert.equal((await callApi(server, MAPS)).status, 503);
  mend();
  const watch = await watchApi(server, `${MAPS}?watch=true`);
  const { url } = server;
  await server.stop();
  await watch.ended;
  await assert.rejects(callApi(server, MAPS), { code: 'ECONNREFUSED' });
  await server.start();
  assert.equal(server.url, url);
  assert.ok(names((await callApi(server, MAPS)).body).includes('p1'));
  await until('the watch is forgotten', () => server.watchCount === 0);
});
