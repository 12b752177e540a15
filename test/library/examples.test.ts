import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { repositoryRoot } from '../support/node-process.js';

interface Spread {
  readonly title: string;
  /** Calls by pod. */
  readonly calls: Readonly<Record<string, number>>;
}

/** Runs an example, which prints titles and under each how often every pod answered. */
function run(example: string): readonly Spread[] {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(repositoryRoot, 'examples/library/dist', `${example}.js`)],
    { encoding: 'utf8', timeout: 60_000 },
  );
  assert.equal(status, 0, stdout + stderr);
  return stdout.split(/^(?=\S)/m).map((part) => ({
    title: part.split('\n')[0]!,
    calls: Object.fromEntries(
      Array.from(part.matchAll(/^ {2}(\S+) .*█ (\d+)$/gm), ([, pod = '', count]) => [pod, Number(count)]),
    ),
  }));
}

const total = ({ calls }: Spread): number => Object.values(calls).reduce((sum, count) => sum + count, 0);
const pods = ({ calls }: Spread): number => Object.keys(calls).length;

describe('the examples of the library', () => {
  it('show one pod with all calls, and three with three lines changed', () => {
    const [plain, balanced] = run('in-process');
    assert.deepEqual([pods(plain!), total(plain!)], [1, 300]);
    assert.deepEqual([pods(balanced!), total(balanced!)], [3, 300]);
    const source = readFileSync(join(repositoryRoot, 'examples/library/src/in-process.ts'), 'utf8');
    assert.deepEqual(
      Array.from(source.matchAll(/; \/\/ (\d)$/gm), ([, line]) => line),
      ['1', '2', '3'],
    );
  });

  it("balance over static endpoints by go-zero's algorithm", () => {
    const [spread] = run('static-registry');
    assert.deepEqual([pods(spread!), total(spread!)], [3, 300]);
  });

  it('reach one service in every way, side by side', () => {
    const spreads = run('side-by-side');
    assert.equal(spreads.length, 3);
    for (const spread of spreads) assert.deepEqual([pods(spread), total(spread)], [3, 300], spread.title);
  });
});
