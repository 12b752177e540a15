import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import { Patrol } from './patrol.js';
import { DEFAULT_RELAY_OPTIONS } from './relay-options.js';

function recorder() {
  const looks: number[] = [];
  return { looks, look: (nowMs: number) => void looks.push(nowMs) };
}

test('everybody on the beat is looked at once a second', () => {
  const clock = new FakeClock();
  const patrol = new Patrol(clock, DEFAULT_RELAY_OPTIONS);
  const startMs = clock.nowMs();
  const [first, second] = [recorder(), recorder()];
  patrol.join(first);
  patrol.join(second);
  clock.advance(3_000);
  assert.deepEqual(
    first.looks.map((atMs) => atMs - startMs),
    [1_000, 2_000, 3_000],
  );
  assert.equal(second.looks.length, 3);
});

test('a short timeout makes the rounds shorter', () => {
  const clock = new FakeClock();
  const patrol = new Patrol(clock, { ...DEFAULT_RELAY_OPTIONS, frameTimeoutMs: 200 });
  const one = recorder();
  patrol.join(one);
  clock.advance(200);
  assert.equal(one.looks.length, 4);
});

test('who has left is not looked at, and no timer runs when nobody is there', () => {
  const clock = new FakeClock();
  const patrol = new Patrol(clock, DEFAULT_RELAY_OPTIONS);
  const [first, second] = [recorder(), recorder()];
  patrol.join(first);
  patrol.join(second);
  patrol.leave(first);
  clock.advance(1_000);
  assert.equal(first.looks.length, 0);
  assert.equal(second.looks.length, 1);
  patrol.leave(second);
  clock.advance(10_000);
  assert.equal(second.looks.length, 1);
  patrol.join(first);
  clock.advance(1_000);
  assert.equal(first.looks.length, 1);
});

test('who leaves while a round is under way is passed over', () => {
  const clock = new FakeClock();
  const patrol = new Patrol(clock, DEFAULT_RELAY_OPTIONS);
  const second = recorder();
  const first = {
    look() {
      patrol.leave(first);
      patrol.leave(second);
    },
  };
  patrol.join(first);
  patrol.join(second);
  clock.advance(5_000);
  assert.equal(second.looks.length, 0);
});
