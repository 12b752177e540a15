import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonEqual } from './json-equal.js';

test('it agrees with the deep comparison of Node', () => {
  const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  const property = fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (a, b) => {
    const [left, right] = [copy(a), copy(b)];
    assert.equal(jsonEqual(left, right), isDeepStrictEqual(left, right));
    assert.ok(jsonEqual(left, copy(left)));
  });
  fc.assert(property, { seed: 3, numRuns: 500 });
});

test('a field that is undefined is one that is not there', () => {
  assert.ok(jsonEqual({ a: 1, b: undefined }, { a: 1 }));
  assert.ok(jsonEqual({ a: 1 }, { a: 1, b: undefined }));
  assert.ok(!jsonEqual({ a: undefined }, { a: 1 }));
  assert.ok(!jsonEqual({ a: 1 }, { b: 1 }));
  assert.ok(!jsonEqual([1, 2], { 0: 1, 1: 2, length: 2 }));
});
