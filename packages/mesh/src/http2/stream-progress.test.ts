import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamProgress } from './stream-progress.js';

const floorBytes = 16_384;

function streamOf(sentCount = 0) {
  return { sentCount, receivedCount: 0, stalled: false };
}

test('a stream is idle since something last moved, in either direction', () => {
  const stream = streamOf();
  const progress = new StreamProgress(stream, 1_000);
  assert.equal(progress.idleMs(stream, 3_000), 2_000);
  stream.receivedCount = 1;
  assert.equal(progress.idleMs(stream, 4_000), 0);
  assert.equal(progress.idleMs(stream, 9_000), 5_000);
  stream.sentCount = 1;
  assert.equal(progress.idleMs(stream, 10_000), 0);
});

test('a stall lasts until the floor is passed, however often a few octets go', () => {
  const stream = streamOf();
  const progress = new StreamProgress(stream, 0);
  stream.stalled = true;
  assert.equal(progress.stalledMs(stream, 1_000, floorBytes), 0);
  for (let look = 2; look <= 30; look++) {
    stream.sentCount += 500;
    assert.equal(progress.stalledMs(stream, look * 1_000, floorBytes), (look - 1) * 1_000);
  }
  stream.sentCount += floorBytes;
  assert.equal(progress.stalledMs(stream, 31_000, floorBytes), 0);
  assert.equal(progress.stalledMs(stream, 32_000, floorBytes), 1_000);
});

test('a stall is over as soon as nothing waits', () => {
  const stream = streamOf();
  const progress = new StreamProgress(stream, 0);
  stream.stalled = true;
  progress.stalledMs(stream, 1_000, floorBytes);
  stream.stalled = false;
  assert.equal(progress.stalledMs(stream, 40_000, floorBytes), 0);
  stream.stalled = true;
  assert.equal(progress.stalledMs(stream, 41_000, floorBytes), 0, 'the next one begins anew');
});

test('the counts may wrap around', () => {
  const stream = streamOf(0x7ffffff0);
  const progress = new StreamProgress(stream, 0);
  stream.stalled = true;
  progress.stalledMs(stream, 0, floorBytes);
  stream.sentCount = (0x7ffffff0 + 100) | 0;
  assert.equal(progress.stalledMs(stream, 5_000, floorBytes), 5_000);
  stream.sentCount = (0x7ffffff0 + floorBytes) | 0;
  assert.equal(progress.stalledMs(stream, 6_000, floorBytes), 0);
  assert.equal(progress.idleMs(stream, 7_000), 0);
});
