import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { KubeApiServer } from '../../support/kube-apiserver/kube-api-server.js';
import { at, textAt } from '../../support/kube-apiserver/objects/api-object.js';
import { until } from '../../support/until.js';

const isInstalled = spawnSync('kubectl', ['version', '--client']).status === 0;
const needsKubectl = isInstalled ? {} : { skip: 'kubectl is not installed' };

async function rig(t: TestContext) {
  const server = await KubeApiServer.start();
  const directory = mkdtempSync(join(tmpdir(), 'weir-kubectl-'));
  const kubeconfig = join(directory, 'kubeconfig');
  const manifest = join(directory, 'manifest.yaml');
  writeFileSync(kubeconfig, server.kubeconfig(), { mode: 0o600 });
  t.after(async () => {
    await server.stop();
    rmSync(directory, { recursive: true });
  });
  // Its cache of discovery goes into the home directory.
  const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: directory };
  const kubectl = async (...args: string[]) =>
    (await promisify(execFile)('kubectl', args, { env })).stdout.trim().split('\n');
  return { server, kubectl, manifest, env };
}

const MANIFEST = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: greeter, namespace: shop}
spec: {selector: {app: greeter}, ports: [{name: grpc, port: 50051}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: greeter, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: greeter}}
  template:
    metadata: {labels: {app: greeter}}
    spec:
      containers:
        - {name: one, image: x, env: [{name: A, value: before}]}
        - {name: two, image: y}
`;

test('kubectl applies, changes, labels, patches and deletes', needsKubectl, async (t) => {
  const { server, kubectl, manifest } = await rig(t);
  writeFileSync(manifest, MANIFEST);
  const apply = () => kubectl('apply', '-f', manifest);
  assert.deepEqual(await apply(), [
    'namespace/shop created',
    'service/greeter created',
    'deployment.apps/greeter created',
  ]);
  writeFileSync(
    manifest,
    MANIFEST.replace('before', 'after').replace('        - {name: two, image: y}\n', ''),
  );
  assert.deepEqual(await apply(), [
    'namespace/shop unchanged',
    'service/greeter unchanged',
    'deployment.apps/greeter configured',
  ]);
  const deployment = server.get('apps/v1', 'Deployment', 'greeter', 'shop');
  assert.deepEqual(at(deployment, 'spec', 'template', 'spec', 'containers'), [
    { name: 'one', image: 'x', env: [{ name: 'A', value: 'after' }] },
  ]);
  await kubectl('label', 'namespace', 'shop', 'weir.dev/injection=enabled');
  assert.deepEqual(await kubectl('get', 'ns', '-l', 'weir.dev/injection=enabled', '-o', 'name'), [
    'namespace/shop',
  ]);
  await kubectl('patch', 'svc', 'greeter', '-n', 'shop', '-p', '{"metadata":{"annotations":{"a":"b"}}}');
  await kubectl(
    'patch',
    'svc',
    'greeter',
    '-n',
    'shop',
    '--type',
    'json',
    '-p',
    '[{"op":"add","path":"/metadata/labels","value":{"x":"y"}}]',
  );
  await kubectl('scale', 'deployment', 'greeter', '-n', 'shop', '--replicas', '5');
  const service = server.get('v1', 'Service', 'greeter', 'shop');
  assert.equal(textAt(service, 'metadata', 'annotations', 'a'), 'b');
  assert.equal(textAt(service, 'metadata', 'labels', 'x'), 'y');
  assert.equal(at(server.get('apps/v1', 'Deployment', 'greeter', 'shop'), 'spec', 'replicas'), 5);
  assert.deepEqual(await kubectl('apply', '--server-side', '--dry-run=server', '-f', manifest), [
    'namespace/shop serverside-applied (server dry run)',
    'service/greeter serverside-applied (server dry run)',
    'deployment.apps/greeter serverside-applied (server dry run)',
  ]);
  await kubectl('delete', 'namespace', 'shop');
  assert.equal(server.get('v1', 'Service', 'greeter', 'shop'), undefined);
});

test('kubectl get --watch follows an object', needsKubectl, async (t) => {
  const { server, env } = await rig(t);
  const service = (value: string) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'greeter', labels: { value } },
    spec: { ports: [{ port: 80 }] },
  });
  await server.apply(service('one'));
  const watching = spawn(
    'kubectl',
    ['get', 'svc', 'greeter', '-w', '-o', 'jsonpath={.metadata.labels.value} '],
    { env },
  );
  t.after(() => watching.kill());
  let seen = '';
  watching.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  await until('the watch is open', () => server.watchCount > 0, 20_000);
  await server.apply(service('two'));
  await until('the change is seen', () => seen === 'one two ', 5000).catch(() =>
    assert.equal(seen, 'one two '),
  );
});
