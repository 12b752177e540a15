import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCpuSource } from './parse-cpu-source.js';

test('a source of the use of a processor is nobody, a control group or a process', () => {
  assert.deepEqual(parseCpuSource('none'), { kind: 'none' });
  assert.deepEqual(parseCpuSource('cgroup'), { kind: 'cgroup', directory: '/sys/fs/cgroup' });
  assert.deepEqual(parseCpuSource('cgroup:/pod'), { kind: 'cgroup', directory: '/pod' });
  assert.deepEqual(parseCpuSource('pid:77'), { kind: 'process', pid: 77 });
});

for (const bad of ['', 'cpu', 'cgroup:pod', 'pid:', 'pid:0', 'pid:one']) {
  test(`'${bad}' is refused`, () => {
    assert.throws(() => parseCpuSource(bad), /is not none, cgroup/);
  });
}
