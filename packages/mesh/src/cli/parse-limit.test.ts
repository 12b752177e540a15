import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectLimit, NO_LIMITS } from './parse-limit.js';

test('limits of the protocol and of the relay are told apart and add up', () => {
  let limits = collectLimit('maxConcurrentStreams=100', NO_LIMITS);
  limits = collectLimit('replayBytes=1024', limits);
  limits = collectLimit('maxHeaderFields=50', limits);
  assert.deepEqual(limits, {
    http2: { maxConcurrentStreams: 100, maxHeaderFields: 50 },
    relay: { replayBytes: 1024 },
  });
});

test('an unknown name is refused with the names there are', () => {
  assert.throws(
    () => collectLimit('maxStreams=1', NO_LIMITS),
    /'maxStreams=1' is not NAME=VALUE .*maxConcurrentStreams/,
  );
  assert.throws(() => collectLimit('maxConcurrentStreams', NO_LIMITS), /is not NAME=VALUE/);
  assert.throws(() => collectLimit('toString=1', NO_LIMITS), /is not NAME=VALUE/);
});

test('a value out of range is refused with the range', () => {
  assert.throws(() => collectLimit('streamWindowBytes=1000', NO_LIMITS), /from 65535 to 2147483647/);
  assert.throws(() => collectLimit('maxFrameBytes=16777216', NO_LIMITS), /from 16384 to 16777215/);
  for (const value of ['0', '-1', '1.5', 'many', '']) {
    assert.throws(() => collectLimit(`maxHeaderFields=${value}`, NO_LIMITS), /whole number from 1/, value);
  }
});
