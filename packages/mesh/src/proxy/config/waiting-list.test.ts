import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import { WaitingList } from './waiting-list.js';

function setUp() {
  const clock = new FakeClock();
  const overdue: string[][] = [];
  const list = new WaitingList(clock, 100, (what) => overdue.push([...what]));
  return { clock, overdue, list };
}

test('each thing is overdue after its own time, whatever else is asked for', () => {
  const { clock, overdue, list } = setUp();
  list.overdue('a');
  list.endRound();
  clock.advance(60);
  assert.equal(list.overdue('a'), false);
  list.overdue('b');
  list.endRound();
  clock.advance(40);
  assert.deepEqual(overdue, [['a']]);
  assert.equal(list.overdue('a'), true);
  list.overdue('b');
  list.endRound();
  assert.deepEqual(list.current, ['b']);
  clock.advance(60);
  assert.deepEqual(overdue, [['a'], ['b']]);
});

test('what is no longer asked for is no longer waited for, and starts anew when asked for again', () => {
  const { clock, overdue, list } = setUp();
  list.overdue('a');
  list.endRound();
  clock.advance(99);
  list.endRound();
  assert.deepEqual(list.current, []);
  assert.equal(clock.pendingTimers, 0);
  list.overdue('a');
  list.endRound();
  clock.advance(99);
  assert.deepEqual(overdue, []);
});
