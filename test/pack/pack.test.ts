import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { repositoryRoot } from '../support/node-process.js';
import { sectionOf, sessionOf } from './library-section.js';

const SESSION_TIMEOUT_MS = 110_000;

/** Runs a session from the root of the clone, and ends whatever it leaves running. */
async function run(script: string, temporary: string): Promise<{ code: number | null; output: string }> {
  const shell = spawn('bash', ['-euo', 'pipefail', '-m', '-c', script], {
    cwd: repositoryRoot,
    detached: true,
    env: {
      ...process.env,
      TMPDIR: temporary,
      npm_config_prefer_offline: 'true',
      npm_config_loglevel: 'error',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  const end = (): void => {
    try {
      process.kill(-shell.pid!, 'SIGKILL');
    } catch {
      // Nothing was left running.
    }
  };
  const late = setTimeout(end, SESSION_TIMEOUT_MS);
  const code = await new Promise<number | null>((resolve) => shell.once('exit', resolve));
  clearTimeout(late);
  end();
  return { code, output };
}

function sizeOf(folder: string): { readonly bytes: number; readonly files: number } {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const sizes = files.map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  return { bytes: sizes.reduce((sum, size) => sum + size, 0), files: files.length };
}

describe('the library section of the README, followed word by word outside the clone', () => {
  const temporary = mkdtempSync(join(tmpdir(), 'weir-pack-'));
  let output = '';
  let app = '';

  before(async () => {
    const section = sectionOf(
      readFileSync(join(repositoryRoot, 'README.md'), 'utf8'),
      'In process: `@weir/client`',
    );
    const result = await run(sessionOf(section), temporary);
    output = result.output;
    assert.equal(result.code, 0, output);
    app = join(temporary, readdirSync(temporary).find((name) => name.startsWith('tmp.')) ?? '');
  });
  after(() => rmSync(temporary, { recursive: true, force: true }));

  it('calls every server, as an ES module and in CommonJS', () => {
    const answers = Array.from(output.matchAll(/^hello from (\d+)$/gm), ([, port]) => port);
    assert.equal(answers.length, 7, output);
    assert.equal(new Set(answers).size, 3, output);
    assert.match(output, /^weir_p2c_ewma \[[\s\S]*18071: \d[\s\S]*\] \[\]$/m);
    assert.doesNotMatch(output, /Warning/);
  });

  it('installs nothing but the two packages and what grpc-js needs', () => {
    const { dependencies } = JSON.parse(
      readFileSync(join(app, 'node_modules/@weir/client/package.json'), 'utf8'),
    ) as { dependencies: object };
    assert.deepEqual(Object.keys(dependencies), ['@weir/core']);
    const core = JSON.parse(
      readFileSync(join(app, 'node_modules/@weir/core/package.json'), 'utf8'),
    ) as object;
    assert.ok(!('dependencies' in core));
    for (const name of ['client', 'core']) {
      const { bytes, files } = sizeOf(join(app, 'node_modules/@weir', name));
      console.log(`installed: @weir/${name} ${Math.round(bytes / 1000)} kB in ${files} files`);
      assert.ok(bytes < 2_000_000, `@weir/${name} has ${bytes} bytes`);
    }
  });

  for (const module of ['node16', 'nodenext']) {
    it(`has types for both, as TypeScript sees them with module ${module}`, () => {
      const folder = join(app, `types-${module}`);
      mkdirSync(folder);
      const use = `register(); register(grpc);
const { policy, problems } = inspect(new grpc.Client('static:///a:1', grpc.credentials.createInsecure()));
const weights: readonly number[] | undefined = policy?.endpoints?.map(({ weight }) => weight);
reportLoad(new grpc.Server());
console.log(weights, problems.length);
`;
      writeFileSync(
        join(folder, 'esm.mts'),
        `import grpc from '@grpc/grpc-js';\nimport { inspect, register, reportLoad, type Inspection } from '@weir/client';\nexport type I = Inspection;\n${use}`,
      );
      writeFileSync(
        join(folder, 'common.cts'),
        `import grpc = require('@grpc/grpc-js');\nimport weir = require('@weir/client');\nconst { inspect, register, reportLoad } = weir;\nexport type I = weir.Inspection;\n${use}`,
      );
      const flags = ['--noEmit', '--strict', '--module', module, '--target', 'es2022', '--types', ''];
      const tsc = spawnSync(
        process.execPath,
        [
          join(repositoryRoot, 'node_modules/typescript/bin/tsc'),
          ...flags,
          '--lib',
          'es2023,dom',
          'esm.mts',
          'common.cts',
        ],
        { cwd: folder, encoding: 'utf8' },
      );
      assert.equal(tsc.status, 0, tsc.stdout + tsc.stderr);
    });
  }
});
