import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import { followCpu } from './cpu-utilization.js';

function withCgroup(run: (directory: string, use: (usec: number) => void) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'weir-cgroup-'));
  try {
    run(directory, (usec) => {
      writeFileSync(join(directory, 'cpu.stat'), `usage_usec ${usec}\nuser_usec 1\nnr_periods 0\n`);
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('the use of a control group is measured against its quota', () => {
  withCgroup((directory, use) => {
    const clock = new FakeClock();
    writeFileSync(join(directory, 'cpu.max'), '50000 100000\n');
    use(1_000_000);
    const utilization = followCpu({ kind: 'cgroup', directory }, clock);
    assert.equal(utilization(), 0);
    use(1_250_000);
    clock.advance(1000);
    assert.equal(utilization(), 0.5);
    clock.advance(1000);
    assert.equal(utilization(), 0);
  });
});

test('a group without a quota may use every core', () => {
  withCgroup((directory, use) => {
    const clock = new FakeClock();
    writeFileSync(join(directory, 'cpu.max'), 'max 100000\n');
    use(0);
    const utilization = followCpu({ kind: 'cgroup', directory }, clock);
    use(100_000);
    clock.advance(1000);
    assert.ok(utilization() > 0 && utilization() <= 0.1);
  });
});

test('what cannot be read is not known', () => {
  const clock = new FakeClock();
  const utilization = followCpu({ kind: 'cgroup', directory: '/nowhere' }, clock);
  clock.advance(1000);
  assert.equal(utilization(), 0);
  assert.equal(followCpu({ kind: 'none' }, clock)(), 0);
});

test('a process that works is seen to work', { skip: process.platform !== 'linux' }, () => {
  const clock = new FakeClock();
  const utilization = followCpu({ kind: 'process', pid: process.pid }, clock);
  const startMs = process.cpuUsage().user;
  while (process.cpuUsage().user - startMs < 60_000) Math.sqrt(2);
  clock.advance(1000);
  assert.ok(utilization() > 0);
});
