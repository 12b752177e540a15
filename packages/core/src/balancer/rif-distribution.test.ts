import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RifDistribution } from './rif-distribution.js';

describe('the distribution of requests in flight', () => {
  it('has the quantiles of a sorted list', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_023), { minLength: 1, maxLength: 60 }),
        fc.array(fc.nat(1_023), { maxLength: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (kept, dropped, share) => {
          const distribution = new RifDistribution(share);
          for (const value of [...kept, ...dropped]) distribution.add(value);
          for (const value of dropped) distribution.remove(value);
          const sorted = kept.toSorted((a, b) => a - b);
          const position = share * (sorted.length - 1);
          const lower = sorted[Math.floor(position)]!;
          const upper = sorted[Math.ceil(position)]!;
          const due = lower + (position % 1) * (upper - lower);
          distribution.refresh();
          assert.ok(Math.abs(distribution.threshold - due) < 1e-6);
          assert.equal(distribution.count, kept.length);
        },
      ),
      { seed: 7, numRuns: 300 },
    );
  });

  it('takes what is beyond its range for the most there is', () => {
    const distribution = new RifDistribution(0.5);
    distribution.refresh();
    assert.equal(distribution.threshold, 0);
    distribution.add(1_000_000);
    distribution.refresh();
    assert.equal(distribution.threshold, 1_023);
    distribution.remove(2_000_000);
    assert.equal(distribution.count, 0);
  });
});
