import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from './fake-clock.js';

describe('FakeClock', () => {
  it('stands still until it is advanced', () => {
    const clock = new FakeClock(1_000);
    assert.equal(clock.nowMs(), 0);
    clock.advance(2.5);
    assert.equal(clock.nowMs(), 2.5);
    assert.equal(clock.wallMs(), 1_002.5);
  });

  it('fires timers in the order of their instants, each at its own', () => {
    const clock = new FakeClock();
    const fired: string[] = [];
    const note = (name: string) => (): void => void fired.push(`${name}@${clock.nowMs()}`);
    clock.setTimer(30, note('c'));
    clock.setTimer(10, note('a'));
    clock.setTimer(10, note('b'));
    clock.setTimer(31, note('d'));
    clock.advance(30);
    assert.deepEqual(fired, ['a@10', 'b@10', 'c@30']);
    assert.equal(clock.pendingTimers, 1);
  });

  it('fires timers that are set by a timer when they fall due on the way', () => {
    const clock = new FakeClock();
    const fired: number[] = [];
    const tick = (): void => {
      fired.push(clock.nowMs());
      clock.setTimer(10, tick);
    };
    clock.setTimer(10, tick);
    clock.advance(35);
    assert.deepEqual(fired, [10, 20, 30]);
    assert.equal(clock.nowMs(), 35);
  });

  it('fires a timer once', () => {
    const clock = new FakeClock();
    let fired = 0;
    clock.setTimer(5, () => (fired += 1));
    clock.advance(5);
    clock.advance(5);
    assert.equal(fired, 1);
  });

  it('does not fire a cancelled timer, even one cancelled by another at the same instant', () => {
    const clock = new FakeClock();
    let fired = false;
    const first = clock.setTimer(5, () => second.cancel());
    const second = clock.setTimer(5, () => (fired = true));
    clock.advance(5);
    first.cancel();
    assert.equal(fired, false);
    assert.equal(clock.pendingTimers, 0);
  });

  it('refuses to run backwards', () => {
    assert.throws(() => new FakeClock().advance(-1), RangeError);
    assert.throws(() => new FakeClock().advance(NaN), RangeError);
  });
});
