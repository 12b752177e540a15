import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from './random.js';

test('two generators do not walk in step', () => {
  const first = systemRandom();
  const second = systemRandom();
  const draws = Array.from({ length: 4 }, () => [first.next(), second.next()]);
  assert.ok(draws.some(([a, b]) => a !== b));
});
