import assert from 'node:assert/strict';
import { it } from 'node:test';
import { TokenBucket } from './token-bucket.js';

function takeAll(bucket: TokenBucket, nowMs: number): number {
  let taken = 0;
  while (bucket.take(nowMs)) taken++;
  return taken;
}

it('a bucket gives its burst at once', () => {
  assert.equal(takeAll(new TokenBucket(7, 1, 0), 0), 7);
});

it('a bucket fills at its rate, up to the burst', () => {
  const bucket = new TokenBucket(7, 2, 1_000);
  takeAll(bucket, 1_000);
  assert.equal(takeAll(bucket, 2_500), 3, 'two a second');
  assert.equal(takeAll(bucket, 1_000_000), 7, 'never more than the burst');
});

it('a bucket counts fractions of a token', () => {
  const bucket = new TokenBucket(1, 1, 0);
  bucket.take(0);
  assert.equal(bucket.take(400), false);
  const other = new TokenBucket(2, 1, 0);
  takeAll(other, 0);
  assert.equal(other.take(1_000), true);
});

it('a bucket without burst gives nothing, ever', () => {
  assert.equal(new TokenBucket(0, 1_000, 0).take(1_000_000), false);
});
