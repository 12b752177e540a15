import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BufferPool, SegmentPool } from './segment-pool.js';

it('hands out again what was given back, each once', () => {
  const pool = new BufferPool(100, 2);
  const [first, second] = [pool.take(), pool.take()];
  assert.notEqual(first, second);
  pool.give(first);
  assert.equal(pool.take(), first);
  assert.notEqual(pool.take(), first);
});

it('keeps no more than its limit', () => {
  const pool = new BufferPool(100, 1);
  const [first, second] = [pool.take(), pool.take()];
  pool.give(first);
  pool.give(second);
  assert.equal(pool.take(), first);
  assert.notEqual(pool.take(), second);
});

it('does not keep buffers of odd sizes', () => {
  const pool = new BufferPool(100, 1);
  pool.give(Buffer.alloc(99));
  assert.equal(pool.take().length, 100);
});

it('sorts buffers by their size', () => {
  const pool = new SegmentPool();
  const buffers = [pool.large.take(), pool.small.take(), pool.frame.take()];
  for (const buffer of buffers) pool.give(buffer);
  assert.deepEqual([pool.large.take(), pool.small.take(), pool.frame.take()], buffers);
});
