import assert from 'node:assert/strict';
import { spawnSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { KubeApiServer } from '../../support/kube-apiserver/kube-api-server.js';
import { repositoryRoot } from '../../support/node-process.js';

let server: KubeApiServer;
let directory: string;

before(async () => {
  server = await KubeApiServer.start();
  directory = mkdtempSync(join(tmpdir(), 'weir-check-'));
  await server.apply({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'virtualservices.networking.istio.io' },
    spec: {
      group: 'networking.istio.io',
      scope: 'Namespaced',
      names: { plural: 'virtualservices', kind: 'VirtualService' },
      versions: [{ name: 'v1beta1', served: true, storage: true, subresources: { status: {} } }],
    },
  });
  const role = (name: string, rules: readonly object[]) =>
    server.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name },
      rules,
    });
  const bind = (name: string) =>
    server.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', namespace: 'weir-system', name: 'weir-control' }],
    });
  await role('weir', [
    { apiGroups: [''], resources: ['services', 'pods', 'nodes'], verbs: ['list', 'watch'] },
    { apiGroups: ['networking.istio.io'], resources: ['virtualservices'], verbs: ['list', 'watch'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] },
  ]);
  await bind('weir');
});
after(async () => {
  await server.stop();
  rmSync(directory, { recursive: true });
});

function check(
  kubeconfig: string,
  ...args: readonly string[]
): Promise<{ code: number | null; output: string; errors: string }> {
  const path = join(directory, 'kubeconfig');
  writeFileSync(path, kubeconfig, { mode: 0o600 });
  const child = spawn(
    process.execPath,
    ['packages/mesh/bin/weir.js', 'check', '--kubeconfig', path, ...args],
    { cwd: repositoryRoot },
  );
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output, errors })));
}

test('who may do everything is told so', async () => {
  const { code, output } = await check(server.kubeconfig());
  assert.equal(code, 0);
  const lines = output.trim().split('\n');
  assert.equal(lines[0], 'ok    API server: answers, version v1.32.0+weir-test');
  assert.ok(lines.includes('ok    kind VirtualService: is installed (v1beta1)'), output);
  assert.ok(
    lines.some((line) => /^ok {4}kind DestinationRule: is not installed/.test(line)),
    output,
  );
  assert.ok(lines.includes('ok    permission to list and watch pods: given'), output);
  assert.equal(lines.at(-1), `${server.url}: 0 errors, 0 warnings`);
});

for (const [whose, args] of [
  ['its own', []],
  ['those of a ServiceAccount', ['--service-account', 'weir-system/weir-control']],
] as const) {
  test(`a missing permission is named with the rule to add: ${whose}`, async () => {
    const isOwn = args.length === 0;
    const token = isOwn ? server.serviceAccountToken('weir-system', 'weir-control') : undefined;
    const { code, output } = await check(server.kubeconfig(token), ...args, '-o', 'json');
    assert.equal(code, 1);
    const { errors, warnings, findings } = JSON.parse(output) as {
      errors: number;
      warnings: number;
      findings: { check: string; result: string; message: string }[];
    };
    assert.deepEqual([errors, warnings], [1, 1]);
    assert.deepEqual(
      findings.filter(({ result }) => result !== 'ok'),
      [
        {
          check: 'permission to list and watch endpointslices.discovery.k8s.io',
          result: 'error',
          message:
            'missing; add to a ClusterRole of this ServiceAccount: {apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["watch"]}',
        },
        {
          check: 'permission to patch virtualservices/status.networking.istio.io',
          result: 'warning',
          message:
            'missing; add to a ClusterRole of this ServiceAccount: {apiGroups: ["networking.istio.io"], resources: ["virtualservices/status"], verbs: ["patch"]}',
        },
      ],
    );
  });
}

test('a cluster that cannot be asked is exit code 2, with the reason', async () => {
  const refused = await check(server.kubeconfig('not-a-token'));
  assert.deepEqual([refused.code, refused.errors], [2, 'weir: Unauthorized\n']);
  const { host } = new URL(server.url);
  const unreachable = await check(server.kubeconfig().replace(host, '127.0.0.1:1'));
  assert.deepEqual(
    [unreachable.code, unreachable.errors],
    [2, 'weir: nobody listens at https://127.0.0.1:1\n'],
  );
  const other = await KubeApiServer.start();
  const distrusted = await check(server.kubeconfig().replace(host, new URL(other.url).host));
  await other.stop();
  assert.equal(distrusted.code, 2);
  assert.match(distrusted.errors, /is not by the authority that the credentials name|certificate/);
});

test('a kubeconfig that is of no use is exit code 2', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['packages/mesh/bin/weir.js', 'check', ...args], {
      cwd: repositoryRoot,
      encoding: 'utf8',
    });
  const missing = run('--kubeconfig', '/nowhere/kubeconfig');
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /^weir: the kubeconfig \/nowhere\/kubeconfig cannot be read: /);
  const path = join(directory, 'kubeconfig');
  writeFileSync(path, server.kubeconfig());
  const context = run('--kubeconfig', path, '--context', 'prod');
  assert.equal(context.stderr, 'weir: the kubeconfig has no context "prod"; it has test\n');
});
