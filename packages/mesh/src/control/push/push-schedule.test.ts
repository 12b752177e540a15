import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import { PushSchedule } from './push-schedule.js';

function setUp() {
  const clock = new FakeClock();
  const pushedAtMs: number[] = [];
  const schedule = new PushSchedule({ clock, push: () => pushedAtMs.push(clock.nowMs()) });
  return { clock, schedule, pushedAtMs };
}

test('additions are gathered for 50 ms from the first one, and no longer', () => {
  const { clock, schedule, pushedAtMs } = setUp();
  for (let step = 0; step < 12; step++) {
    schedule.soon();
    clock.advance(10);
  }
  clock.advance(1000);
  assert.deepEqual(pushedAtMs, [50, 100, 150]);
});

test('a withdrawal goes at once and takes the waiting additions along', () => {
  const { clock, schedule, pushedAtMs } = setUp();
  schedule.soon();
  clock.advance(20);
  schedule.now();
  clock.advance(1000);
  assert.deepEqual(pushedAtMs, [20]);
});

test('after stop nothing is pushed', () => {
  const { clock, schedule, pushedAtMs } = setUp();
  schedule.soon();
  schedule.stop();
  clock.advance(1000);
  assert.deepEqual(pushedAtMs, []);
  assert.equal(clock.pendingTimers, 0);
});
