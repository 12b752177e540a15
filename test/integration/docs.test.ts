import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DEFAULT_CONNECTION_OPTIONS } from 'weir/dist/http2/options.js';
import { DEFAULT_RELAY_OPTIONS } from 'weir/dist/proxy/relay/relay-options.js';
import { readDocumentedCommands } from '../support/documented-commands.js';
import { needsWeir, startMesh, type Mesh } from '../support/mesh.js';
import { repositoryRoot } from '../support/node-process.js';

const documents = [
  ...readdirSync(repositoryRoot).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(repositoryRoot, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].sort();

/** Whose commands want a cluster: test/netns runs them. */
const OF_A_CLUSTER = new Set(['docs/guide/kubernetes.md']);

const textOf = (file: string): string => readFileSync(join(repositoryRoot, file), 'utf8');

/** Documents use the ports a reader would; something else on this machine may have them. What just ended may linger. */
async function lastingBusyPort(script: string): Promise<number | undefined> {
  for (let look = 0; look < 20; look++) {
    if ((await firstBusyPort(script)) === undefined) return undefined;
    await new Promise((resume) => setTimeout(resume, 100));
  }
  return firstBusyPort(script);
}

async function firstBusyPort(script: string): Promise<number | undefined> {
  const ports = new Set(
    Array.from(script.matchAll(/127\.0\.0\.1:(\d+)|\bPORT=(\d+)/g), ([, a, b]) => Number(a ?? b)),
  );
  for (const port of [...ports, 15000, 15001, 15010, 15014]) {
    const busy = await new Promise<boolean>((answer) => {
      const socket = createConnection({ port, host: '127.0.0.1' });
      socket.once('connect', () => answer(true)).once('error', () => answer(false));
      socket.once('connect', () => socket.destroy());
    });
    if (busy) return port;
  }
  return undefined;
}

/** Runs a session in a directory that looks like a built clone, and ends whatever it leaves running. */
async function runSession(
  script: string,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'weir-docs-'));
  for (const name of ['node_modules', 'packages', 'examples', 'package.json']) {
    symlinkSync(join(repositoryRoot, name), join(directory, name));
  }
  const shell = spawn('bash', ['-euo', 'pipefail', '-x', '-c', script], {
    cwd: directory,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  shell.stdout.on('data', (data: Buffer) => (output += data.toString()));
  shell.stderr.on('data', (data: Buffer) => (output += data.toString()));
  const end = (): void => {
    try {
      if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
    } catch {
      // Nothing was left running.
    }
  };
  const late = setTimeout(end, 50_000);
  const code = await new Promise<number | null>((done) => shell.once('exit', done));
  clearTimeout(late);
  end();
  rmSync(directory, { recursive: true, force: true });
  return { code, output };
}

describe('the commands in the documents', needsWeir, () => {
  for (const file of documents) {
    const { script, runBlocks, problems } = readDocumentedCommands(textOf(file));
    it(`of ${file} are all run or say why not`, () => assert.deepEqual(problems, []));
    if (runBlocks === 0 || OF_A_CLUSTER.has(file)) continue;
    it(`of ${file} work as they stand`, async (context) => {
      const busy = await lastingBusyPort(script);
      if (busy !== undefined && process.env['CI'] === undefined)
        return context.skip(`port ${busy} is in use`);
      const { code, output } = await runSession(script);
      assert.equal(code, 0, output);
    });
  }
});

describe('the documents', () => {
  it('link to files that exist', () => {
    const broken = documents.flatMap((file) =>
      Array.from(textOf(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g), ([, target = '']) => target)
        .filter((target) => !existsSync(resolve(repositoryRoot, dirname(file), target)))
        .map((target) => `${file}: ${target}`),
    );
    assert.deepEqual(broken, []);
  });

  for (const command of [
    'demo',
    'run',
    'control',
    'proxy',
    'bootstrap',
    'status',
    'config',
    'analyze',
    'explain',
    'inject',
    'capture-init',
    'check',
    'install',
    'uninstall',
    'install',
    'uninstall',
  ]) {
    it(`name every option of weir ${command}, and no other`, () => {
      const help = spawnSync(process.execPath, ['packages/mesh/bin/weir.js', command, '--help'], {
        cwd: repositoryRoot,
        encoding: 'utf8',
      });
      assert.equal(help.status, 0, help.stderr);
      const section = textOf('docs/reference/cli.md')
        .split(/^## /m)
        .find((text) => text.startsWith(`weir ${command}\n`));
      assert.ok(section !== undefined, `no section "weir ${command}" in docs/reference/cli.md`);
      const options = (text: string): readonly string[] =>
        [
          ...new Set(
            Array.from(text.matchAll(/^[ |`]*(?:-\w, )?(--[a-z][a-z-]*)/gm), ([, option = '']) => option),
          ),
        ].sort();
      assert.deepEqual(
        options(section).filter((option) => option !== '--help'),
        options(help.stdout).filter((option) => option !== '--help'),
      );
    });
  }
});

describe('the reference of limits', () => {
  it('names every limit with its default, and no other', () => {
    const documented = Array.from(
      textOf('docs/reference/limits.md').matchAll(/^\| `(\w+)` *\| (\d+) /gm),
      ([, name, value]) => [name, Number(value)],
    );
    assert.deepEqual(
      Object.fromEntries(documented),
      Object.fromEntries([
        ...Object.entries(DEFAULT_CONNECTION_OPTIONS),
        ...Object.entries(DEFAULT_RELAY_OPTIONS),
      ]),
    );
  });
});

describe('the reference of a running proxy', needsWeir, () => {
  let mesh: Mesh;
  before(async () => {
    mesh = await startMesh([]);
  });
  after(() => mesh.close());

  it('names every metric with its type, and no other', async () => {
    const pages = [await mesh.weir.get('/metrics'), await mesh.weir.getControl('/metrics')];
    const real = pages
      .flatMap(({ body }) =>
        Array.from(body.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => `${name} ${type}`),
      )
      .sort();
    const documented = Array.from(
      textOf('docs/reference/metrics.md').matchAll(/^\| `([a-z0-9_]+)`[^|]*\| (\w+)/gm),
      ([, name, type]) => `${name} ${type}`,
    )
      // Of a cluster, which there is none of here.
      .filter((line) => !line.startsWith('weir_control_kind_'))
      .sort();
    assert.deepEqual(documented, real);
  });

  it('names every admin page, and no other', async () => {
    const { body } = await mesh.weir.get('/');
    const real = Array.from(body.matchAll(/^ {2}(\/\w*)/gm), ([, path]) => path).sort();
    const proxyPart = textOf('docs/reference/admin.md').split(/^## Control plane/m)[0] ?? '';
    const documented = Array.from(proxyPart.matchAll(/^\| `(\/\w*)`/gm), ([, path]) => path).sort();
    assert.deepEqual(
      documented.filter((path) => path !== '/'),
      real,
    );
  });
});
