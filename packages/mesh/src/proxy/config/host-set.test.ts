import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock, fakeEndpoint } from '@weir/core/testing';
import type { HostPool } from '../host-pool.js';
import { HostSet } from './host-set.js';

function setUp() {
  const clock = new FakeClock();
  const forgotten: string[] = [];
  const set = new HostSet({ clock, graceMs: 1000, onForgotten: (address) => forgotten.push(address) });
  return { clock, forgotten, set, host: (number: number) => set.hosts.get(fakeEndpoint(number).address) };
}

class FakePool implements HostPool {
  readonly connections = 1;
  readonly activeStreams = 0;
  readonly pendingStreams = 0;
  drained = 0;
  drain(): void {
    this.drained++;
  }
  destroy(): void {}
}

test('an endpoint that changes keeps its host with statistics and pool', () => {
  const { set, host } = setUp();
  set.update([fakeEndpoint(1), fakeEndpoint(2)]);
  const before = host(1);
  const pool = new FakePool();
  before!.pool = pool;
  set.update([fakeEndpoint(1, { weight: 7, health: 'draining' }), fakeEndpoint(2)]);
  assert.equal(host(1), before);
  assert.equal(before!.endpoint.weight, 7);
  assert.equal(before!.pool, pool);
  assert.equal(pool.drained, 0);
});

test('a removed endpoint has its pool drained and comes back with its statistics within the grace period', () => {
  const { clock, forgotten, set, host } = setUp();
  set.update([fakeEndpoint(1)]);
  const before = host(1)!;
  const pool = new FakePool();
  before.pool = pool;
  before.stats.begin();
  set.update([]);
  assert.equal(pool.drained, 1);
  assert.equal(before.pool, undefined);
  assert.equal(before.removed, true);
  clock.advance(999);
  set.update([fakeEndpoint(1)]);
  assert.equal(host(1), before);
  assert.equal(before.removed, false);
  clock.advance(10_000);
  assert.deepEqual(forgotten, []);
});

test('an endpoint that stays away is forgotten and starts afresh', () => {
  const { clock, forgotten, set, host } = setUp();
  set.update([fakeEndpoint(1)]);
  const before = host(1);
  set.update([]);
  clock.advance(1000);
  assert.deepEqual(forgotten, ['10.0.0.1:50051']);
  set.update([fakeEndpoint(1)]);
  assert.notEqual(host(1), before);
});

test('another pod under the same address gets neither statistics nor connections of the one before', () => {
  const { set, host } = setUp();
  set.update([fakeEndpoint(1, { pod: 'greeter-a' })]);
  const before = host(1)!;
  const pool = new FakePool();
  before.pool = pool;
  set.update([fakeEndpoint(1, { pod: 'greeter-b' })]);
  assert.notEqual(host(1), before);
  assert.equal(pool.drained, 1);
  assert.equal(before.removed, true);
});

test('clearing drains everything and leaves no timer behind', () => {
  const { clock, set, host } = setUp();
  set.update([fakeEndpoint(1), fakeEndpoint(2)]);
  const pool = new FakePool();
  host(2)!.pool = pool;
  set.update([fakeEndpoint(2)]);
  set.clear();
  assert.equal(pool.drained, 1);
  assert.equal(set.hosts.size, 0);
  assert.equal(clock.pendingTimers, 0);
});
