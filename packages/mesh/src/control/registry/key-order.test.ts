import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyOrder } from './key-order.js';

test('items are sorted by key, again with other content, and with other keys', () => {
  const order = new KeyOrder();
  const sort = (...items: readonly (readonly [string, number])[]) =>
    order.sort(items.map(([key, value]) => ({ key, value }))).map(({ key, value }) => `${key}${value}`);
  assert.deepEqual(sort(['b', 1], ['a', 1], ['c', 1]), ['a1', 'b1', 'c1']);
  assert.deepEqual(sort(['b', 2], ['a', 1], ['c', 1]), ['a1', 'b2', 'c1']);
  assert.deepEqual(sort(['b', 2], ['d', 1], ['c', 1]), ['b2', 'c1', 'd1']);
  assert.deepEqual(sort(['c', 1], ['b', 2]), ['b2', 'c1']);
  assert.deepEqual(sort(), []);
});
