import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import fc from 'fast-check';
import { CallTimers } from './call-timers.js';

describe('the timers of calls', () => {
  it('fire in time, once, and not when they were cancelled', () => {
    const clock = new FakeClock();
    const timers = new CallTimers(clock);
    const fired: string[] = [];
    timers.setTimer(100, () => fired.push('first'));
    const second = timers.setTimer(100, () => fired.push('second'));
    clock.advance(50);
    const third = timers.setTimer(99.5, () => fired.push('third'));
    timers.setTimer(20, () => fired.push('short'));
    second.cancel();
    clock.advance(49);
    assert.deepEqual(fired, ['short']);
    clock.advance(1);
    assert.deepEqual(fired, ['short', 'first']);
    clock.advance(50);
    assert.deepEqual(fired, ['short', 'first', 'third']);
    third.cancel();
    second.cancel();
    clock.advance(1_000);
    assert.equal(fired.length, 3);
  });

  it('leave nothing behind when all are over', () => {
    const clock = new FakeClock();
    const timers = new CallTimers(clock);
    for (const delayMs of [10, 20, 20]) timers.setTimer(delayMs, () => {}).cancel();
    timers.setTimer(30, () => {});
    clock.advance(30);
    assert.equal(timers.lists, 0);
  });

  it('may be set and cancelled by those that fire, and one that throws stops no other', () => {
    const clock = new FakeClock();
    const timers = new CallTimers(clock);
    const fired: string[] = [];
    timers.setTimer(10, () => {
      fired.push('a');
      later.cancel();
      timers.setTimer(10, () => fired.push('again'));
      throw new Error('no such luck');
    });
    const later = timers.setTimer(10, () => fired.push('never'));
    timers.setTimer(10, () => fired.push('b'));
    assert.throws(() => clock.advance(10), /no such luck/);
    clock.advance(11);
    assert.deepEqual(fired, ['a', 'b', 'again']);
  });

  it('are never early and at most a millisecond late, whatever is set and cancelled', () => {
    const step = fc.record({
      waitMs: fc.double({ min: 0, max: 7, noNaN: true }),
      delayMs: fc.double({ min: 0, max: 9, noNaN: true }),
      cancelled: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = new FakeClock();
        const timers = new CallTimers(clock);
        let open = 0;
        for (const { waitMs, delayMs, cancelled } of steps) {
          clock.advance(waitMs);
          const dueMs = clock.nowMs() + delayMs;
          const timer = timers.setTimer(delayMs, () => {
            open--;
            assert.equal(cancelled, false);
            const lateMs = clock.nowMs() - dueMs;
            assert.ok(lateMs >= -1e-6 && lateMs <= 1 + 1e-6, `${lateMs} ms late`);
          });
          if (cancelled) timer.cancel();
          else open++;
        }
        for (let at = 0; at < 30; at++) clock.advance(0.5);
        assert.equal(open, 0);
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});
