import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FlushQueue } from './flush-queue.js';

it('flushes at the end of the turn, in order', async () => {
  const queue = new FlushQueue();
  const flushed: string[] = [];
  for (const name of ['a', 'b']) queue.add({ flush: () => flushed.push(name) });
  assert.deepEqual(flushed, []);
  await nextTurn();
  assert.deepEqual(flushed, ['a', 'b']);
  await nextTurn();
  assert.deepEqual(flushed, ['a', 'b'], 'once');
});

it('flushes the full ones when it is asked to, the others later', async () => {
  const queue = new FlushQueue();
  const flushed: string[] = [];
  queue.add({ flush: () => flushed.push('a') });
  queue.addFull({ flush: () => flushed.push('full') });
  queue.flushFull();
  assert.deepEqual(flushed, ['full']);
  await nextTurn();
  assert.deepEqual(flushed, ['full', 'a']);
});

it('flushes the full ones at the end of the turn if nobody asks', async () => {
  const queue = new FlushQueue();
  const flushed: string[] = [];
  queue.addFull({ flush: () => flushed.push('full') });
  await nextTurn();
  assert.deepEqual(flushed, ['full']);
});

it('flushes what a flush adds in the next turn', async () => {
  const queue = new FlushQueue();
  const flushed: string[] = [];
  const second = { flush: () => flushed.push('second') };
  queue.add({ flush: () => (flushed.push('first'), queue.add(second)) });
  await nextTurn();
  assert.deepEqual(flushed, ['first']);
  await nextTurn();
  assert.deepEqual(flushed, ['first', 'second']);
});
