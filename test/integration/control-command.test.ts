import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ConfigDirectory } from '../support/config-directory.js';
import { NodeProcess, repositoryRoot } from '../support/node-process.js';
import { until } from '../support/until.js';
import { startControl, type WeirProcess } from '../support/weir-process.js';

interface Status {
  readonly files: number;
  readonly problems: readonly {
    readonly severity: string;
    readonly code: string;
    readonly text: string;
    readonly file: string;
    readonly line: number;
    readonly field: string;
    readonly object?: string;
  }[];
  readonly services: readonly { readonly host: string }[];
}

describe('weir control', () => {
  let config: ConfigDirectory;
  let weir: WeirProcess | undefined;

  const get = (path: string): Promise<Response> =>
    fetch(`http://${weir?.http}${path}`, { headers: { connection: 'close' } });
  const status = async (): Promise<Status> => (await (await get('/status')).json()) as Status;

  beforeEach(() => {
    config = new ConfigDirectory();
    weir = undefined;
  });
  afterEach(async () => {
    await weir?.process.kill();
    config.destroy();
  });

  it('says where it listens, in one line of JSON and nothing more', async () => {
    config.service('echo');
    weir = await startControl(config.path);
    assert.match(weir.xds, /^127\.0\.0\.1:\d+$/);
    assert.equal(await (await get('/ready')).text(), 'ready\n');
    assert.match(await (await get('/metrics')).text(), /^weir_control_services 1$/m);
    assert.deepEqual(Object.keys(JSON.parse(weir.process.stdout[0] ?? '')), ['event', 'xds', 'http']);
    assert.equal(weir.process.stdout.length, 1);
  });

  it('waits for files in an empty directory, and says that it does', async () => {
    weir = await startControl(config.path);
    await weir.process.logged(/there are no manifests in .* yet/);
    assert.deepEqual((await status()).services, []);
    config.service('echo');
    await until('the service is known', async () => (await status()).services.length === 1);
  });

  it('shows and logs the fields that are not implemented, object by object', async () => {
    config.service('echo');
    config.write(
      'rules.yaml',
      `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo }
spec:
  hosts: [echo]
  http:
    - corsPolicy: { maxAge: 1s }
      route: [{ destination: { host: echo } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: echo }
spec:
  host: echo
  trafficPolicy:
    tls: { mode: SIMPLE }
`,
    );
    weir = await startControl(config.path);
    await weir.process.logged(
      /WARN +rules\.yaml:7:7: spec\.http\[0\]\.corsPolicy: .*code=WEIR0006 object="VirtualService default\/echo"/,
    );
    await weir.process.logged(
      /ERROR rules\.yaml:16:12: spec\.trafficPolicy\.tls\.mode: .*code=WEIR0006 object="DestinationRule default\/echo"/,
    );
    const { problems } = await status();
    assert.deepEqual(
      problems
        .filter(({ code }) => code === 'WEIR0006')
        .map(({ object, severity, file, line, field }) => [object, severity, `${file}:${line}`, field]),
      [
        ['VirtualService default/echo', 'warning', 'rules.yaml:7', 'spec.http[0].corsPolicy'],
        ['DestinationRule default/echo', 'error', 'rules.yaml:16', 'spec.trafficPolicy.tls.mode'],
      ],
    );
  });

  it('shows what is wrong in a file until it is mended', async () => {
    config.service('echo');
    weir = await startControl(config.path);
    config.write('bad.yaml', 'apiVersion: v1\nkind: Sevice\nmetadata: {name: x}\n');
    await weir.process.logged(/ERROR bad\.yaml:2:1: kind: unknown kind "Sevice"; did you mean "Service"\?/);
    const { problems, services } = await status();
    assert.ok(problems.some(({ severity, text }) => severity === 'error' && text.startsWith('bad.yaml:2:1')));
    assert.equal(services.length, 1);
    config.remove('bad.yaml');
    await weir.process.logged(/INFO {2}bad\.yaml: fixed/);
  });

  it('ends with 2 and advice when there is no such directory, or when it is a file', async () => {
    const root = mkdtempSync(join(tmpdir(), 'weir-control-'));
    try {
      const file = join(root, 'file.yaml');
      writeFileSync(file, '');
      for (const [path, advice] of [
        [join(root, 'none'), /there is no directory .*none: create it/],
        [file, /file\.yaml is a file: name the directory it is in/],
      ] as const) {
        const child = new NodeProcess([
          join(repositoryRoot, 'packages/mesh/bin/weir.js'),
          'control',
          '-f',
          path,
        ]);
        assert.deepEqual(await child.exited, { code: 2, signal: null });
        assert.match(child.stderr.join('\n'), advice);
        assert.deepEqual(child.stdout, []);
      }
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('ends with 1 when a port is taken, and says which', async () => {
    weir = await startControl(config.path);
    const program = join(repositoryRoot, 'packages/mesh/bin/weir.js');
    for (const taken of [
      ['--xds', weir.xds, '--http', '127.0.0.1:0'],
      ['--http', weir.http, '--xds', '127.0.0.1:0'],
    ]) {
      const child = new NodeProcess([program, 'control', '-f', config.path, ...taken]);
      assert.equal((await child.exited).code, 1);
      const port = taken[1]?.split(':')[1] ?? '';
      assert.match(
        child.stderr.join('\n'),
        new RegExp(`${port}: another program has it; choose another address with ${taken[0]}`),
      );
    }
  });

  it('ends with 0 on SIGTERM', async () => {
    weir = await startControl(config.path);
    weir.process.signal('SIGTERM');
    assert.deepEqual(await weir.process.exited, { code: 0, signal: null });
  });
});
