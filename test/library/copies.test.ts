import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { repositoryRoot } from '../support/node-process.js';

describe('a program with a copy of grpc-js of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-copies-'));
  after(() => rmSync(folder, { recursive: true }));
  for (const scope of ['@grpc', '@weir']) mkdirSync(join(folder, 'node_modules', scope), { recursive: true });
  symlinkSync(join(repositoryRoot, 'node_modules/grpc-js-1.12'), join(folder, 'node_modules/@grpc/grpc-js'));
  symlinkSync(join(repositoryRoot, 'packages/client'), join(folder, 'node_modules/@weir/client'));

  /** @param name ends in `.mjs` or `.cjs` */
  function run(name: string, source: string): { readonly status: number | null; readonly output: string } {
    writeFileSync(join(folder, name), source);
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, name)], {
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  }
  const MODULE = `import grpc from '@grpc/grpc-js';\nimport { inspect, register } from '@weir/client';\n`;
  const COMMON = `const grpc = require('@grpc/grpc-js');\nconst { inspect, register } = require('@weir/client');\n`;
  const USE = `const client = new grpc.Client('static:///127.0.0.1:1', grpc.credentials.createInsecure());
client.makeUnaryRequest('/a/b', (x) => x, (x) => x, Buffer.alloc(0), (error) => {
  console.log(error.details, inspect(client).policy.policy);
  client.close();
});`;

  it('is told that register() would be for another copy, and what to do', () => {
    for (const [name, imports] of [
      ['a.mjs', MODULE],
      ['a.cjs', COMMON],
    ] as const) {
      const { status, output } = run(name, `${imports}register();`);
      assert.equal(status, 1, output);
      assert.match(
        output,
        /there are two copies of @grpc\/grpc-js: @weir\/client finds 1\.14\.\d+ in .*, and the program 1\.12\.\d+ in .*register\(grpc\)/,
      );
    }
  });

  it('uses the one that is passed', () => {
    for (const [name, imports] of [
      ['b.mjs', MODULE],
      ['b.cjs', COMMON],
    ] as const) {
      const { status, output } = run(name, `${imports}register(grpc);\n${USE}`);
      assert.equal(status, 0, output);
      assert.match(output, /^weir_p2c_ewma: 127\.0\.0\.1:1: .*ECONNREFUSED.* weir_p2c_ewma$/m);
    }
  });
});
