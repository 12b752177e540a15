import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { chooseSubset, parseSubset } from './subset.js';

const own = (address: string): string => address;
const config = (size: number, clientId: string) => ({ size, clientId, childPolicy: [] });
const endpointLists = fc.uniqueArray(fc.ipV4(), { minLength: 2, maxLength: 40 });

describe('chooseSubset', () => {
  it('is the same each time, and takes all when there are no more', () => {
    const endpoints = ['a', 'b', 'c', 'd', 'e'];
    assert.deepEqual(chooseSubset(endpoints, own, config(9, 'x')), endpoints);
    const chosen = chooseSubset(endpoints, own, config(2, 'x'));
    assert.equal(chosen.length, 2);
    assert.deepEqual(chooseSubset(endpoints.toReversed(), own, config(2, 'x')), chosen);
  });

  it('changes at most one endpoint when one comes or goes', () => {
    fc.assert(
      fc.property(endpointLists, fc.integer({ min: 1, max: 10 }), fc.string(), (endpoints, size, client) => {
        const [gone, ...rest] = endpoints;
        const before = new Set(chooseSubset(endpoints, own, config(size, client)));
        const after = chooseSubset(rest, own, config(size, client));
        const added = after.filter((endpoint) => !before.has(endpoint));
        assert.ok(added.length <= (before.has(gone!) ? 1 : 0));
      }),
      { seed: 68, numRuns: 300 },
    );
  });

  it('spreads many clients over all endpoints', () => {
    const endpoints = Array.from({ length: 20 }, (_, index) => `10.0.0.${index}:50051`);
    const uses = new Map<string, number>();
    for (let client = 0; client < 400; client++) {
      for (const endpoint of chooseSubset(endpoints, own, config(5, `pod-${client}`))) {
        uses.set(endpoint, (uses.get(endpoint) ?? 0) + 1);
      }
    }
    // 100 on average; 4 standard deviations of a binomial are 35.
    assert.equal(uses.size, 20);
    for (const [endpoint, count] of uses) assert.ok(Math.abs(count - 100) < 35, `${endpoint}: ${count}`);
  });
});

describe('parseSubset', () => {
  it('balances by the default policy within it, for the client that it is', () => {
    assert.deepEqual(parseSubset({ size: 3 }, 'pod-1'), {
      size: 3,
      clientId: 'pod-1',
      childPolicy: [{ weir_p2c_ewma: {} }],
    });
  });

  it('refuses what is no size', () => {
    for (const size of [undefined, 0, 1.5, -1]) {
      assert.throws(
        () => parseSubset({ size }, 'x'),
        /weir_subset: size must be a whole number of at least 1/,
      );
    }
    assert.throws(() => parseSubset({ size: '3' }, 'x'), /weir_subset: size must be a number, not "3"/);
  });
});
