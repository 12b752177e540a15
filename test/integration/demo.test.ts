import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { NodeProcess, repositoryRoot } from '../support/node-process.js';
import { until } from '../support/until.js';

const weir = join(repositoryRoot, 'packages/mesh/bin/weir.js');

/** A demo with a directory of its own for temporary files. */
function startDemo(
  context: TestContext,
  ...args: readonly string[]
): { demo: NodeProcess; temporary: string } {
  const temporary = mkdtempSync(join(tmpdir(), 'weir-test-'));
  const demo = new NodeProcess([weir, 'demo', ...args], { TMPDIR: temporary });
  context.after(async () => {
    await demo.kill();
    rmSync(temporary, { recursive: true, force: true });
  });
  return { demo, temporary };
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const rows = stdout.split('\n').map((row) => row.trim().split(/\s+/).map(Number));
  return rows.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
}

/** Whether a process still runs; one that has ended and waits for its parent to notice does not. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

test('the demo shows a pinned client, cures it, and no call notices a rolling update', async (context) => {
  const { demo, temporary } = startDemo(context, '-o', 'json');
  const { code } = await demo.exited;
  assert.equal(code, 0, demo.stderr.join('\n'));
  assert.equal(demo.stdout.length, 1);
  type Printed = Record<'before' | 'after' | 'rollout', Record<string, number>>;
  const { before, after, rollout } = JSON.parse(demo.stdout[0] ?? '') as Printed;
  assert.equal(Object.keys(before).length, 1);
  assert.equal(sum(before), 30);
  assert.equal(Object.keys(after).length, 3);
  assert.equal(sum(after), 30);
  assert.deepEqual(Object.keys(rollout), ['calls', 'failed']);
  assert.ok((rollout['calls'] ?? 0) > 200);
  assert.equal(rollout['failed'], 0);
  assert.deepEqual(demo.stderr, []);
  assert.deepEqual(readdirSync(temporary), []);
});

for (const { signal, code, leaves } of [
  { signal: 'SIGINT', code: 130, leaves: 0 },
  { signal: 'SIGTERM', code: 143, leaves: 0 },
  // Nobody is left to remove the directory.
  { signal: 'SIGKILL', code: null, leaves: 1 },
] as const) {
  test(`nothing that the demo started outlives its end by ${signal}`, async (context) => {
    const { demo, temporary } = startDemo(context);
    await until('the three servers run', () => childrenOf(demo.pid).length >= 3);
    const children = childrenOf(demo.pid);
    demo.signal(signal);
    assert.equal((await demo.exited).code, code);
    await until('every process is gone', () => !children.some(isAlive));
    assert.equal(readdirSync(temporary).length, leaves);
  });
}

test('a process of the demo that dies early ends it with 1 and the name of the process', async (context) => {
  const { demo } = startDemo(context);
  await until('a server runs', () => childrenOf(demo.pid).length > 0);
  const [victim] = childrenOf(demo.pid);
  assert.ok(victim);
  process.kill(victim, 'SIGKILL');
  assert.equal((await demo.exited).code, 1);
  assert.match(demo.stderr.join('\n'), /^weir: pod native-tools-2-\S+ was ended by SIGKILL/);
});
