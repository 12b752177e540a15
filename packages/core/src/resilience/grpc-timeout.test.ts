import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatGrpcTimeout, parseGrpcTimeout } from './grpc-timeout.js';

describe('parseGrpcTimeout', () => {
  it('reads every unit', () => {
    const read = ['1H', '2M', '3S', '4m', '5000u', '6000000n', '0m', '99999999S'].map(parseGrpcTimeout);
    assert.deepEqual(read, [3_600_000, 120_000, 3_000, 4, 5, 6, 0, 99_999_999_000]);
  });

  it('refuses what the grammar does not allow', () => {
    for (const value of ['', 'm', '5', '5x', '-1m', '+1m', '1.5S', '1 m', ' 1m', '123456789m', '1mm', '٣m']) {
      assert.equal(parseGrpcTimeout(value), undefined, JSON.stringify(value));
    }
  });
});

describe('formatGrpcTimeout', () => {
  it('writes whole milliseconds where it can', () => {
    const written = [300, 300.9, 1, 0.25, 0.0001, 0].map(formatGrpcTimeout);
    assert.deepEqual(written, ['300m', '300m', '1m', '250u', '1u', '1u']);
  });

  it('takes a larger unit when eight digits are not enough', () => {
    const written = [99_999_999, 1e8, 1e11, 6e12, 1e300].map(formatGrpcTimeout);
    assert.deepEqual(written, ['99999999m', '100000S', '1666666M', '1666666H', '99999999H']);
  });

  it('is never longer than what it was given, and loses less than a millisecond or a part in 10^5', () => {
    const lengths = fc.double({ min: 0.001, max: 3e14, noNaN: true });
    fc.assert(
      fc.property(lengths, (timeoutMs) => {
        const text = formatGrpcTimeout(timeoutMs);
        assert.match(text, /^\d{1,8}[HMSmu]$/);
        const read = parseGrpcTimeout(text)!;
        assert.ok(read <= timeoutMs, `${text} for ${timeoutMs} ms`);
        assert.ok(timeoutMs - read < Math.max(1, timeoutMs * 1e-5), `${text} for ${timeoutMs} ms`);
      }),
      { seed: 11, numRuns: 2_000 },
    );
  });
});
