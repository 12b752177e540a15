import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evennessPercent, sharePercent, tally, total } from './spread.js';

test('names are counted', () => {
  const counts = tally(['a', 'b', 'a']);
  assert.deepEqual(Object.fromEntries(counts), { a: 2, b: 1 });
  assert.equal(total(counts), 3);
});

test('the same number of calls on every pod is 100 % even', () => {
  assert.equal(evennessPercent(tally(['a', 'b', 'c']), 3), 100);
});

test('all calls on one of three pods are 33 % even, because pods without calls count', () => {
  assert.equal(Math.round(evennessPercent(tally(['a', 'a', 'a']), 3)), 33);
});

test('8, 10 and 12 calls are 83 % even: the mean is 10, the busiest has 12', () => {
  const counts = new Map([
    ['a', 8],
    ['b', 10],
    ['c', 12],
  ]);
  assert.equal(Math.round(evennessPercent(counts, 3)), 83);
  assert.equal(sharePercent(counts, 'c'), 40);
});

test('no calls are 0 % even and nobody has a share', () => {
  assert.equal(evennessPercent(new Map(), 3), 0);
  assert.equal(sharePercent(new Map(), 'a'), 0);
});
