import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readDocumentedCommands } from '../support/documented-commands.js';
import { repositoryRoot } from '../support/node-process.js';
import { Cluster } from './cluster.js';

const GUIDE = 'docs/guide/kubernetes.md';

/** `kubectl` as it is, but for the one command that needs a real kubelet. */
const KUBECTL = `#!/usr/bin/env bash
real=$(PATH=\${PATH#*:} command -v kubectl)
if [ "$1" != port-forward ]; then exec "$real" "$@"; fi
namespace=$3 service=\${4#service/} ports=$5
address=$("$real" get pods -n "$namespace" -l "app=$service" -o 'jsonpath={.items[0].status.podIP}')
exec node ${join(repositoryRoot, 'test/dist/netns/apps/port-forward.js')} "$address" "\${ports%:*}" "\${ports#*:}"
`;

describe('the guide to Kubernetes', () => {
  let cluster: Cluster;
  let folder: string;
  before(async () => {
    cluster = await Cluster.start();
    folder = mkdtempSync(join(tmpdir(), 'weir-guide-'));
    for (const name of ['node_modules', 'packages', 'examples', 'package.json']) {
      symlinkSync(join(repositoryRoot, name), join(folder, name));
    }
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin/kubectl'), KUBECTL);
    chmodSync(join(folder, 'bin/kubectl'), 0o755);
  });
  after(async () => {
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('leads to the proof and back, command by command', async () => {
    const { script, runBlocks, problems } = readDocumentedCommands(
      readFileSync(join(repositoryRoot, GUIDE), 'utf8'),
    );
    assert.deepEqual(problems, []);
    assert.ok(runBlocks > 10);
    const output = await cluster.shell(
      `cd ${folder}; export PATH=${folder}/bin:$PATH; trap 'kill $(jobs -p) 2>/dev/null || true' EXIT; set -x\n${script}`,
      180_000,
    );
    assert.match(output, /deployment "native-tools-2" successfully rolled out/);
    for (const { pod } of cluster.pods({ app: 'native-tools-2' })) {
      assert.equal(pod.container('weir-proxy'), undefined, 'after the uninstallation pods are as they were');
    }
    assert.equal(cluster.api.get('v1', 'Namespace', 'weir-system'), undefined);
  });
});
