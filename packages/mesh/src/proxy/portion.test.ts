import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { divideByConnections, NOTHING, portionOf, portionOfRate, WHOLE } from './portion.js';

describe('a limit divided among processes', () => {
  it('is whole for the only process that has connections, and for the first when there are none', () => {
    assert.deepEqual(divideByConnections([0, 0]), [WHOLE, NOTHING]);
    const parts = divideByConnections([0, 3, 0]).map((portion) => portionOf(7, portion));
    assert.deepEqual(parts, [0, 7, 0]);
  });

  it('adds up to the limit, but for 1 in each process that has less', () => {
    const connections = fc.array(fc.nat(50), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(connections, fc.nat(10_000), (counts, limit) => {
        const parts = divideByConnections(counts).map((portion) => portionOf(limit, portion));
        const sum = parts.reduce((total, part) => total + part, 0);
        const ones = parts.filter((part) => part === 1).length;
        assert.ok(sum >= limit && sum <= limit + ones, `${limit} became ${parts.join(' + ')}`);
        counts.forEach((count, at) => {
          if (count > 0 && limit > 0) assert.ok(parts[at]! >= 1);
        });
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  it('stays no limit where there is none', () => {
    assert.equal(portionOf(Infinity, NOTHING), Infinity);
  });

  it('keeps the rate: fewer tokens, or the same less often', () => {
    const policy = { maxTokens: 10, tokensPerFill: 10, fillIntervalMs: 1_000 };
    assert.deepEqual(portionOfRate(policy, { before: 0, own: 1, total: 2 }), {
      maxTokens: 5,
      tokensPerFill: 5,
      fillIntervalMs: 1_000,
    });
    const single = { maxTokens: 1, tokensPerFill: 1, fillIntervalMs: 1_000 };
    assert.deepEqual(portionOfRate(single, { before: 1, own: 1, total: 4 }), {
      ...single,
      fillIntervalMs: 4_000,
    });
    assert.equal(portionOfRate(policy, WHOLE), policy);
  });
});
