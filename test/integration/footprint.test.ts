import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { callUnary, createEchoClient } from '../support/echo-client.js';
import { startEchoServer } from '../support/echo-server.js';
import { ConfigDirectory } from '../support/config-directory.js';
import { needsWeir } from '../support/mesh.js';
import { NodeProcess, repositoryRoot } from '../support/node-process.js';
import { startControl, WeirProcess } from '../support/weir-process.js';

/** Every script that a Node process loaded, by its own record. */
function loadedScripts(coverageDirectory: string): readonly string[] {
  return readdirSync(coverageDirectory).flatMap((file) => {
    const record = JSON.parse(readFileSync(join(coverageDirectory, file), 'utf8')) as {
      readonly result: readonly { readonly url: string }[];
    };
    return record.result.map(({ url }) => url);
  });
}

describe('what the sidecar loads', needsWeir, () => {
  const coverage = mkdtempSync(join(tmpdir(), 'weir-footprint-'));
  let packages: readonly string[] = [];

  before(async () => {
    const server = await startEchoServer({ name: 'pod-1' });
    const directory = new ConfigDirectory();
    directory.service('echo');
    directory.endpoint('echo', server.name, server.address);
    const control = await startControl(directory.path);
    const args = ['--xds', control.xds, '--listen', 'echo:50051=127.0.0.1:0'];
    const ports = ['--outbound', '127.0.0.1:0', '--admin', '127.0.0.1:0', '-o', 'json'];
    const program = join(repositoryRoot, 'packages/mesh/bin/weir.js');
    const child = new NodeProcess([program, 'proxy', ...args, ...ports], { NODE_V8_COVERAGE: coverage });
    const proxy = new WeirProcess(child, await child.firstLine());
    await proxy.ready();
    const client = createEchoClient(proxy.listener('echo:50051'));
    await callUnary(client);
    client.close();
    child.signal('SIGTERM');
    await child.exited;
    await control.process.kill();
    directory.destroy();
    server.destroy();
    packages = [
      ...new Set(
        loadedScripts(coverage).flatMap(
          (url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? [],
        ),
      ),
    ].sort();
  });
  after(() => rmSync(coverage, { recursive: true, force: true }));

  it('is its command line and the reader of protobuf, and no other package', () => {
    assert.ok(packages.includes('commander'), 'the record is there');
    const allowed = /^(commander|long|protobufjs|@protobufjs\/.*)$/;
    assert.deepEqual(
      packages.filter((name) => !allowed.test(name)),
      [],
    );
  });
});
