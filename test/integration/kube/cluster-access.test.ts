import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { KubeApiError, type KubeWatchEvent, type ListResult } from '@weir/core/kube';
import { FakeClock } from '@weir/core/testing';
import type { ClusterAccess } from 'weir/dist/kube/api/access/cluster-access.js';
import { inClusterAccess } from 'weir/dist/kube/api/access/in-cluster.js';
import { kubeconfigAccess } from 'weir/dist/kube/api/access/kubeconfig.js';
import { ApiConnection } from 'weir/dist/kube/api/api-connection.js';
import { ADMIN } from '../../support/kube-apiserver/access/user.js';
import { KubeApiServer } from '../../support/kube-apiserver/kube-api-server.js';
import { formatKubeconfig } from '../../support/kube-apiserver/kubeconfig.js';
import { at, textAt } from '../../support/kube-apiserver/objects/api-object.js';
import { until } from '../../support/until.js';

let server: KubeApiServer;
let directory: string;

before(async () => {
  server = await KubeApiServer.start();
  directory = mkdtempSync(join(tmpdir(), 'weir-access-'));
});
after(async () => {
  await server.stop();
  rmSync(directory, { recursive: true });
});

const file = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

/** Who the server takes us for. */
async function whoAmI(access: ClusterAccess): Promise<string> {
  const connection = new ApiConnection(access);
  try {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const answer = await connection.call({ method: 'POST', path, body });
    return textAt(answer, 'status', 'userInfo', 'username');
  } finally {
    connection.destroy();
  }
}

test('a kubeconfig with a token', async () => {
  const access = await kubeconfigAccess({ file: file('token', server.kubeconfig()) });
  assert.equal(access.description, 'context "test"');
  assert.equal(await whoAmI(access), ADMIN.username);
});

test('a kubeconfig with a client certificate', async () => {
  const credentials = await server.authority.issue({
    commonName: 'jane',
    organizations: ['system:masters'],
    usage: 'client',
  });
  const config = formatKubeconfig({ server: server.url, ca: server.ca, credentials, namespace: 'shop' });
  const access = await kubeconfigAccess({ file: file('certificate', config) });
  assert.deepEqual([access.namespace, await whoAmI(access)], ['shop', 'jane']);
});

test('a kubeconfig with an exec plugin, which is asked again when its token ends', async () => {
  const counter = join(directory, 'asked');
  const plugin = `
    const { appendFileSync } = require('node:fs');
    appendFileSync(${JSON.stringify(counter)}, 'x');
    const expirationTimestamp = new Date(Date.now() - 1000).toISOString();
    const status = { token: ${JSON.stringify(server.adminToken)}, expirationTimestamp };
    console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }));
  `;
  const config = JSON.parse(server.kubeconfig()) as { users: unknown[] };
  config.users = [
    {
      name: 'test',
      user: {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: process.execPath,
          args: ['-e', plugin],
          interactiveMode: 'Never',
        },
      },
    },
  ];
  const access = await kubeconfigAccess({ file: file('exec', JSON.stringify(config)) });
  assert.equal(await whoAmI(access), ADMIN.username);
  assert.equal(await whoAmI(access), ADMIN.username);
  const { readFileSync } = await import('node:fs');
  assert.equal(readFileSync(counter, 'utf8'), 'xx');
});

test('a pod has the token of its ServiceAccount, and looks at it again', async () => {
  const clock = new FakeClock();
  file('ca.crt', server.ca);
  file('namespace', 'weir-system\n');
  file('token', server.serviceAccountToken('weir-system', 'one'));
  const { hostname, port } = new URL(server.url);
  const access = inClusterAccess({
    clock,
    environment: {
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      WEIR_SERVICE_ACCOUNT_DIR: directory,
    },
  });
  assert.equal(access.namespace, 'weir-system');
  assert.equal(await whoAmI(access), 'system:serviceaccount:weir-system:one');
  file('token', server.serviceAccountToken('weir-system', 'two'));
  assert.equal(await whoAmI(access), 'system:serviceaccount:weir-system:one');
  clock.advance(60_000);
  assert.equal(await whoAmI(access), 'system:serviceaccount:weir-system:two');
  // A token that is refused is read again at once.
  file('token', 'not-a-token');
  clock.advance(60_000);
  await assert.rejects(whoAmI(access), { status: 401 });
  file('token', server.serviceAccountToken('weir-system', 'three'));
  assert.equal(await whoAmI(access), 'system:serviceaccount:weir-system:three');
});

test('outside of a cluster there is no access of a pod', () => {
  assert.throws(() => inClusterAccess({ clock: new FakeClock(), environment: {} }), {
    name: 'ClusterAccessError',
    message: /this is no pod of a cluster/,
  });
});

test('lists, watches and calls give what the server says, and its errors as they are', async () => {
  const access = await kubeconfigAccess({ file: file('errors', server.kubeconfig()) });
  const connection = new ApiConnection(access);
  const path = '/api/v1/namespaces/default/configmaps';
  const list = (params: Readonly<Record<string, string>>, of = path) =>
    new Promise<ListResult>((resolve) => {
      connection.list({ path: of, params, metadataOnly: false }, resolve);
    });
  const name = 'größe';
  await server.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { name } });
  assert.equal(at((await list({ limit: '1' })).list?.items[0], 'data', 'name'), name);
  const gone = await list({}, '/apis/example.com/v1/things');
  assert.ok(gone.error instanceof KubeApiError && gone.error.status === 404);
  const mend = server.faults.refuse({}, 429);
  assert.equal((await list({})).error?.status, 429);
  mend();

  const events: KubeWatchEvent[] = [];
  let opened = 0;
  let ended: KubeApiError | 'in good order' | undefined;
  const request = { path, params: { watch: 'true' }, metadataOnly: true };
  const handlers = {
    onOpen: () => opened++,
    onEvent: (event: KubeWatchEvent) => void events.push(event),
    onEnd: (error?: KubeApiError) => (ended = error ?? 'in good order'),
  };
  const cancel = connection.watch(request, handlers);
  await until('the first object has come', () => events.length === 1);
  assert.deepEqual([opened, events[0]?.type, events[0]?.object['data']], [1, 'ADDED', undefined]);
  // Longer than any buffer, in characters of several bytes.
  const annotations = { long: 'ö'.repeat(200_000) };
  await server.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b', annotations } });
  await until('the long object has come', () => events.length === 2);
  assert.equal(events[1]?.object.metadata.annotations?.['long'], annotations.long);
  server.endWatches();
  await until('it has ended', () => ended !== undefined);
  assert.equal(ended, 'in good order');
  cancel();

  ended = undefined;
  connection.watch(request, handlers);
  await until('it is open', () => opened === 2);
  server.dropWatches();
  await until('it has broken', () => ended !== undefined);
  assert.ok((ended as unknown) instanceof KubeApiError);

  const seen = events.length;
  const silent = connection.watch(request, handlers);
  await until('it is open again', () => opened === 3);
  silent();
  await until('the server has noticed', () => server.watchCount === 0);
  await server.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } });
  assert.ok(events.length <= seen + 2);
  connection.destroy();
});
