import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fakeEndpoint } from '../testing/index.js';
import { diffEndpoints } from './diff-endpoints.js';
import type { Endpoint } from './endpoint.js';

const endpointLists = fc.uniqueArray(
  fc
    .record({
      number: fc.integer({ min: 1, max: 8 }),
      weight: fc.integer({ min: 1, max: 3 }),
      health: fc.constantFrom('healthy', 'draining'),
    })
    .map(({ number, weight, health }) => fakeEndpoint(number, { weight, health })),
  { selector: (endpoint) => endpoint.address },
);

const byAddress = (a: Endpoint, b: Endpoint): number => a.address.localeCompare(b.address);

describe('diffEndpoints', () => {
  it('says exactly what turns one list into the other', () => {
    fc.assert(
      fc.property(endpointLists, endpointLists, (before, after) => {
        const { added, removed, changed } = diffEndpoints(before, after);
        const result = new Map(before.map((endpoint) => [endpoint.address, endpoint]));
        for (const { address } of removed) assert.ok(result.delete(address));
        for (const endpoint of added) {
          assert.ok(!result.has(endpoint.address));
          result.set(endpoint.address, endpoint);
        }
        for (const endpoint of changed) {
          assert.notDeepEqual(result.get(endpoint.address), endpoint);
          result.set(endpoint.address, endpoint);
        }
        assert.deepEqual([...result.values()].sort(byAddress), [...after].sort(byAddress));
      }),
      { seed: 6, numRuns: 300 },
    );
  });

  it('finds nothing between a list and the same in another order', () => {
    const list = [fakeEndpoint(1), fakeEndpoint(2), fakeEndpoint(3)];
    const same = [...list].reverse().map((endpoint) => ({ ...endpoint }));
    assert.deepEqual(diffEndpoints(list, same), { added: [], removed: [], changed: [] });
  });

  it('notices a change of every field', () => {
    const before = fakeEndpoint(1);
    const changes: Partial<Endpoint>[] = [
      { host: 'other' },
      { port: 1 },
      { weight: 2 },
      { health: 'draining' },
      { locality: 'r/z' },
      { pod: 'p' },
      { priority: 1 },
      { localityWeight: 1 },
    ];
    for (const change of changes) {
      const after = { ...before, ...change };
      assert.deepEqual(diffEndpoints([before], [after]).changed, [after], Object.keys(change)[0]);
    }
  });
});
