import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import type { Answer } from './greeting.js';
import { SteadyLoad } from './steady-load.js';

/** A load whose calls end when the test says so. */
function fakeLoad() {
  const clock = new FakeClock();
  const open: ((answer: Answer) => void)[] = [];
  const load = new SteadyLoad(() => new Promise((resolve) => open.push(resolve)), clock);
  /** Ends the oldest call that is under way. */
  const answer = async (pod: string): Promise<void> => {
    open.shift()?.({ pod });
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, open, load, answer };
}

test('calls start at a steady rate whether or not earlier ones have ended', () => {
  const { clock, open, load } = fakeLoad();
  load.start();
  clock.advance(999);
  assert.equal(open.length, 150);
});

test('a record holds when its call began and ended and who answered', async () => {
  const { clock, load, answer } = fakeLoad();
  clock.advance(5);
  load.start();
  clock.advance(7);
  await answer('a');
  assert.deepEqual(load.records, [{ startMs: 5, endMs: 12, answer: { pod: 'a' } }]);
});

test('stop starts no more calls and waits for those under way', async () => {
  const { clock, open, load, answer } = fakeLoad();
  load.start();
  let stopped = false;
  const stopping = load.stop().then(() => (stopped = true));
  clock.advance(1000);
  assert.equal(open.length, 3);
  await answer('a');
  await answer('a');
  assert.equal(stopped, false);
  await answer('a');
  await stopping;
  assert.equal(load.records.length, 3);
  assert.equal(clock.pendingTimers, 0);
});

test('the first answer of a pod is noticed, those of others are not', async () => {
  const { clock, load, answer } = fakeLoad();
  load.start();
  const first = load.firstAnswerOf('b', 1000);
  await answer('a');
  clock.advance(3);
  await answer('b');
  assert.deepEqual(await first, { startMs: 0, endMs: 3, answer: { pod: 'b' } });
});

test('a pod that never answers is given up after the timeout', async () => {
  const { clock, load } = fakeLoad();
  const first = load.firstAnswerOf('b', 1000);
  clock.advance(1000);
  assert.equal(await first, undefined);
});
