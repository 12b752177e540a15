import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from './random.js';

test('numbers stay in [0, 1) and spread evenly over it', () => {
  const random = systemRandom();
  const buckets = new Array<number>(10).fill(0);
  for (let draw = 0; draw < 100_000; draw++) {
    const value = random.next();
    assert.ok(value >= 0 && value < 1);
    buckets[Math.floor(value * 10)]! += 1;
  }
  // The standard deviation of a bucket is 95, so an honest generator misses this less than once in 10^20 runs.
  for (const count of buckets) assert.ok(Math.abs(count - 10_000) < 1_000, `bucket of ${count}`);
});

test('integers cover every value below the bound and none at it', () => {
  const random = systemRandom();
  const seen = new Set<number>();
  for (let draw = 0; draw < 1_000; draw++) seen.add(random.int(3));
  assert.deepEqual([...seen].sort(), [0, 1, 2]);
});

test('two generators do not walk in step', () => {
  const first = systemRandom();
  const second = systemRandom();
  const draws = Array.from({ length: 4 }, () => [first.next(), second.next()]);
  assert.ok(draws.some(([a, b]) => a !== b));
});
