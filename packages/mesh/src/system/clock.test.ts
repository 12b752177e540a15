import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { systemClock } from './clock.js';

/** Node's own timers and both clocks in the hands of the test. */
function fakeTime(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let nowMs = 1_000;
  t.mock.method(performance, 'now', () => nowMs);
  return {
    pass(ms: number) {
      nowMs += ms;
      t.mock.timers.tick(ms);
    },
    /** What Node does at times: the timer wakes up before the monotonic clock has come so far. */
    wakeEarly(timerMs: number, clockMs: number) {
      nowMs += clockMs;
      t.mock.timers.tick(timerMs);
    },
  };
}

test('a timer that Node wakes up early waits for the rest', (t) => {
  const time = fakeTime(t);
  let fired = 0;
  systemClock.setTimer(10, () => fired++);
  time.wakeEarly(10, 9.4);
  assert.equal(fired, 0);
  time.pass(1);
  assert.equal(fired, 1);
});

test('a delay beyond what setTimeout takes does not fire at once', (t) => {
  const time = fakeTime(t);
  let fired = 0;
  const day = 24 * 3600 * 1000;
  systemClock.setTimer(30 * day, () => fired++);
  time.pass(29 * day);
  assert.equal(fired, 0);
  time.pass(2 * day);
  assert.equal(fired, 1);
});

test('a cancelled timer does not fire', (t) => {
  const time = fakeTime(t);
  let fired = 0;
  systemClock.setTimer(5, () => fired++).cancel();
  time.pass(10);
  assert.equal(fired, 0);
});
