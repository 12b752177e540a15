import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Finding {
  readonly code: string;
  readonly filename: string;
}

/** What must be refused, and next to it what must not: a fence that refuses everything proves nothing. */
const refused: readonly (readonly [file: string, source: string, rule: string])[] = [
  ['core/src/a.ts', `import 'node:fs';`, 'no-restricted-imports'],
  ['core/src/b.ts', `export { parse } from 'yaml';`, 'no-restricted-imports'],
  ['core/src/c.ts', `export const t = Math.random();`, 'no-restricted-properties'],
  ['client/src/a.ts', `export * from '@grpc/grpc-js';`, 'no-restricted-imports'],
  ['client/src/b.ts', `export { parse } from 'yaml';`, 'no-restricted-imports'],
  ['client/src/c.ts', `export const t = Math.random();`, 'no-restricted-properties'],
  ['mesh/src/http2/a.ts', `export type { Clock } from '@weir/core';`, 'no-restricted-imports'],
  ['mesh/src/http2/b.ts', `export { Buffer } from 'node:buffer';`, 'no-restricted-imports'],
  ['mesh/src/http2/hpack/c.ts', `export * from '../../grpc/status.js';`, 'no-restricted-imports'],
  ['mesh/src/http2/d.test.ts', `export * from '../proxy/relay.js';`, 'no-restricted-imports'],
  ['mesh/src/grpc/a.ts', `export * from '../proxy/relay.js';`, 'no-restricted-imports'],
  ['mesh/src/transport/a.ts', `export * from '../proxy/relay.js';`, 'no-restricted-imports'],
  ['mesh/src/xds/a.ts', `export * from '../kube/service.js';`, 'no-restricted-imports'],
  ['mesh/src/xds/client/b.ts', `export * from '../../proxy/relay.js';`, 'no-restricted-imports'],
  ['mesh/src/xds/client/c.ts', `export * from '@grpc/grpc-js';`, 'no-restricted-imports'],
  ['mesh/src/xds/d.test.ts', `export * from '../proxy/relay.js';`, 'no-restricted-imports'],
  ['mesh/src/kube/a.ts', `export * from '../xds/snapshot.js';`, 'no-restricted-imports'],
  ['mesh/src/kube/b.test.ts', `export * from '../xds/snapshot.js';`, 'no-restricted-imports'],
  ['mesh/src/capture/a.ts', `export * from '../proxy/relay.js';`, 'no-restricted-imports'],
  ['mesh/src/proxy/a.ts', `export * from '../control/push.js';`, 'no-restricted-imports'],
  [
    'mesh/src/proxy/config/b.ts',
    `export const late = import('../../control/push.js');`,
    'no-restricted-imports',
  ],
  ['mesh/src/proxy/c.ts', `export * from '@grpc/grpc-js';`, 'no-restricted-imports'],
  ['mesh/src/proxy/d.ts', `export { systemClock } from '../system/clock.js';`, 'no-restricted-imports'],
  ['mesh/src/proxy/e.ts', `export const t = Date.now();`, 'no-restricted-globals'],
  ['mesh/src/proxy/f.ts', `setTimeout(() => {}, 1);`, 'no-restricted-globals'],
  ['mesh/src/proxy/g.test.ts', `export * from '../control/push.js';`, 'no-restricted-imports'],
  ['mesh/src/control/a.ts', `export * from '../proxy/relay.js';`, 'no-restricted-imports'],
  ['mesh/src/control/translate/b.test.ts', `export * from '../../proxy/relay.js';`, 'no-restricted-imports'],
  ['mesh/src/admin/a.ts', `export * from '../cli/main.js';`, 'no-restricted-imports'],
  ['mesh/src/inject/a.ts', `export * from '../kube/problem.js';`, 'no-restricted-imports'],
  ['mesh/src/system/a.ts', `export * from '../cli/main.js';`, 'no-restricted-imports'],
  ['mesh/src/system/b.ts', `console.log('here');`, 'no-console'],
  ['mesh/src/admin/b.ts', `export function f(x: any): string { return String(x); }`, 'no-explicit-any'],
  ['mesh/src/admin/c.ts', `import { d } from './d.js'; export const c = (): number => d;`, 'no-cycle'],
];
const allowed: readonly (readonly [file: string, source: string])[] = [
  ['core/src/ok.ts', `export * from './balancer/p2c.js';`],
  ['core/src/ok.test.ts', `export { test } from 'node:test'; export const t = Date.now();`],
  ['mesh/src/http2/hpack/ok.ts', `export * from '../frame.js'; export * from './huffman.js';`],
  ['mesh/src/http2/ok.test.ts', `export { test } from 'node:test'; export * from './hpack/huffman.js';`],
  ['mesh/src/transport/ok.ts', `export { connect } from 'node:net'; export * from '../http2/connection.js';`],
  ['mesh/src/xds/server/ok.ts', `export * from '@grpc/grpc-js'; export * from '../snapshot.js';`],
  ['mesh/src/proxy/ok.ts', `export * from '../xds/client/ads-client.js'; export * from '@weir/core';`],
  ['mesh/src/proxy/ok-type.ts', `import type { Logger } from '../system/logger.js'; export type L = Logger;`],
  ['mesh/src/proxy/ok.test.ts', `export * from '../system/clock.js'; setTimeout(() => {}, 1);`],
  ['mesh/src/control/ok.ts', `export * from '../kube/service.js'; export * from '../xds/snapshot.js';`],
  ['mesh/src/system/ok.ts', `export const now = (): number => Date.now() + Math.random();`],
  [
    'mesh/src/cli/control.ts',
    `export * from '../control/push.js'; export * from '../proxy/relay.js'; console.log('ok');`,
  ],
  ['mesh/src/admin/d.ts', `import { c } from './c.js'; export const d = 1; export const e = c;`],
];

describe('the import fences in .oxlintrc.json', () => {
  let house = '';
  let findings: readonly Finding[] = [];

  before(() => {
    house = mkdtempSync(join(tmpdir(), 'weir-fences-'));
    cpSync(join(root, '.oxlintrc.json'), join(house, '.oxlintrc.json'));
    for (const [file, source] of [...refused, ...allowed]) {
      const path = join(house, 'packages', file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${source}\n`);
    }
    const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
    const run = spawnSync(process.execPath, [oxlint, '--format=json'], { cwd: house, encoding: 'utf8' });
    findings = (JSON.parse(run.stdout) as { diagnostics: readonly Finding[] }).diagnostics;
  });
  after(() => rmSync(house, { recursive: true, force: true }));

  const findingsIn = (file: string): readonly string[] =>
    findings.filter(({ filename }) => filename.endsWith(`packages/${file}`)).map(({ code }) => code);

  for (const [file, source, rule] of refused) {
    it(`refuses \`${source}\` in ${file}`, () => {
      assert.ok(
        findingsIn(file).some((code) => code.includes(`(${rule})`)),
        `expected ${rule}, found ${findingsIn(file).join(', ') || 'nothing'}`,
      );
    });
  }
  for (const [file, source] of allowed) {
    it(`lets \`${source}\` stand in ${file}`, () => {
      assert.deepEqual(
        findingsIn(file).filter((code) => !code.includes('no-cycle')),
        [],
      );
    });
  }
});
