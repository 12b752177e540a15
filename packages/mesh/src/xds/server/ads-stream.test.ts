import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import type { DiscoveryRequest } from '../generated/envoy.service.discovery.v3.js';
import { buildSnapshot } from '../snapshot.js';
import { TYPE_CLUSTER } from '../type-urls.js';
import { AdsStream, type AdsCall } from './ads-stream.js';
import { cluster } from './engine-rig.test.support.js';
import { PushMetrics } from './push-metrics.js';
import { SnapshotCell } from './snapshot-source.js';
import { SotwType } from './sotw-type.js';

/** A call whose client takes a message when it is told to. */
class FakeCall extends EventEmitter {
  readonly #taken: (() => void)[] = [];

  write(_message: Buffer, taken: () => void): boolean {
    this.#taken.push(taken);
    return true;
  }

  take(): void {
    this.#taken.shift()?.();
  }

  getPeer(): string {
    return '10.0.0.1:5';
  }
}

function setUp() {
  const clock = new FakeClock();
  const call = new FakeCall();
  const cell = new SnapshotCell();
  const metrics = new PushMetrics();
  let cutOff = 0;
  const stream = new AdsStream<DiscoveryRequest>(
    call as unknown as AdsCall<DiscoveryRequest>,
    {
      clock,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      metrics,
      snapshotFor: () => cell,
      onNack() {},
      cutOff: () => void (cutOff += 1),
    },
    (typeUrl, ofClock) => new SotwType(typeUrl, ofClock),
  );
  cell.set(buildSnapshot([cluster('a')]));
  stream.receive({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER });
  return { clock, call, stream, metrics, cuts: () => cutOff };
}

test('a client that takes nothing for 30 seconds is cut off, once', () => {
  const { clock, metrics, cuts } = setUp();
  clock.advance(29_999);
  assert.equal(cuts(), 0);
  clock.advance(1);
  assert.equal(cuts(), 1);
  assert.equal(metrics.stalledTotal, 1);
  clock.advance(100_000);
  assert.equal(cuts(), 1);
});

test('a client that takes what it is sent stays, however long nothing else comes', () => {
  const { clock, call, cuts } = setUp();
  clock.advance(20_000);
  call.take();
  clock.advance(1_000_000);
  assert.equal(cuts(), 0);
  assert.equal(clock.pendingTimers, 0);
});

test('a stream that is closed leaves no timer', () => {
  const { clock, stream } = setUp();
  stream.close();
  assert.equal(clock.pendingTimers, 0);
});
