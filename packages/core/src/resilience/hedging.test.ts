import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HedgingSchedule } from './hedging.js';

const UNAVAILABLE = 14;
const NOT_FOUND = 5;
const policy = { maxAttempts: 3, delayMs: 100, nonFatalCodes: new Set([UNAVAILABLE]) };

function started(): HedgingSchedule {
  const schedule = new HedgingSchedule(policy, 0);
  schedule.attemptSent(0);
  return schedule;
}

describe('HedgingSchedule', () => {
  it('sends the first attempt at once and the others at even distances', () => {
    const schedule = new HedgingSchedule(policy, 5);
    const due: number[] = [];
    while (schedule.nextAtMs !== Infinity) {
      due.push(schedule.nextAtMs);
      schedule.attemptSent(schedule.nextAtMs);
    }
    assert.deepEqual(due, [5, 105, 205]);
    assert.equal(schedule.sent, 3);
  });

  it('sends the next attempt at once after a failure that is not fatal, and the rest at their distance', () => {
    const schedule = started();
    assert.equal(schedule.attemptFailed(UNAVAILABLE, 'none', 30), 'wait');
    assert.equal(schedule.nextAtMs, 30);
    schedule.attemptSent(30);
    assert.equal(schedule.nextAtMs, 130);
  });

  it('ends with a fatal failure', () => {
    const schedule = started();
    schedule.attemptSent(100);
    assert.equal(schedule.attemptFailed(NOT_FOUND, 'none', 120), 'end');
    assert.equal(schedule.nextAtMs, Infinity);
  });

  it('waits for the others when all are sent, and gives up with the last', () => {
    const schedule = started();
    schedule.attemptSent(100);
    schedule.attemptSent(200);
    assert.equal(schedule.attemptFailed(UNAVAILABLE, 'none', 210), 'wait');
    assert.equal(schedule.attemptFailed(UNAVAILABLE, 'none', 220), 'wait');
    assert.equal(schedule.attemptFailed(UNAVAILABLE, 'none', 230), 'exhausted');
  });

  it('puts the next attempt off by what the server says', () => {
    const schedule = started();
    assert.equal(schedule.attemptFailed(UNAVAILABLE, 500, 30), 'wait');
    assert.equal(schedule.nextAtMs, 530);
    schedule.attemptSent(530);
    assert.equal(schedule.nextAtMs, 630);
  });

  it('sends no more when the server says so, and lets those under way go on', () => {
    const schedule = started();
    schedule.attemptSent(100);
    assert.equal(schedule.attemptFailed(UNAVAILABLE, 'stop', 110), 'wait');
    assert.equal(schedule.nextAtMs, Infinity);
    assert.equal(schedule.attemptFailed(UNAVAILABLE, 'none', 120), 'exhausted');
  });

  it('sends the next attempt at once when one has used up its time, whatever is fatal', () => {
    const schedule = new HedgingSchedule({ ...policy, nonFatalCodes: new Set() }, 0);
    schedule.attemptSent(0);
    assert.equal(schedule.attemptTimedOut(50), 'wait');
    assert.equal(schedule.nextAtMs, 50);
    schedule.attemptSent(50);
    schedule.stop();
    assert.equal(schedule.attemptTimedOut(60), 'exhausted');
  });

  it('sends no more when it is stopped', () => {
    const schedule = started();
    schedule.stop();
    assert.equal(schedule.attemptFailed(UNAVAILABLE, 'none', 30), 'exhausted');
    assert.equal(schedule.sent, 1);
  });

  it('sends all at once when there is no distance', () => {
    const schedule = new HedgingSchedule({ ...policy, delayMs: 0 }, 7);
    for (let attempt = 0; attempt < 3; attempt++) {
      assert.equal(schedule.nextAtMs, 7);
      schedule.attemptSent(7);
    }
    assert.equal(schedule.nextAtMs, Infinity);
  });
});
