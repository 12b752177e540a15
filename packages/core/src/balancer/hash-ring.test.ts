import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Hash64 } from '../hash/hash64.js';
import { xxHash64 } from '../hash/xxhash64.js';
import { HashRing } from './hash-ring.js';

const settings = { minimumRingSize: 1_024, maximumRingSize: 8_388_608 };

function addresses(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `10.0.0.${index + 1}:50051`).sort();
}

function isAtOrAfter(a: Hash64, b: Hash64): boolean {
  return a.high > b.high || (a.high === b.high && a.low >= b.low);
}

/** Of all places, computed anew, the nearest at or after the hash. */
function ownerBySearch(names: readonly string[], perHost: number, hash: Hash64): string {
  const places = names.flatMap((name) =>
    Array.from({ length: perHost }, (_, index) => ({ name, at: xxHash64(`${name}_${index}`) })),
  );
  const nearest = (candidates: typeof places): (typeof places)[number] =>
    candidates.reduce((best, place) => (isAtOrAfter(place.at, best.at) ? best : place));
  const after = places.filter(({ at }) => isAtOrAfter(at, hash));
  return nearest(after.length > 0 ? after : places).name;
}

describe('HashRing', () => {
  it('has a whole number of places for each of equals, no fewer than the least in all', () => {
    const sizes = [1, 2, 3, 5, 1_024, 2_000].map(
      (hosts) =>
        new HashRing(
          addresses(hosts),
          Array.from({ length: hosts }, () => 7),
          settings,
        ).size,
    );
    assert.deepEqual(sizes, [1_024, 1_024, 1_026, 1_025, 1_024, 2_000]);
  });

  it('has places in proportion to the weights', () => {
    const ring = new HashRing(addresses(3), [1, 2, 5], settings);
    const counts = [0, 0, 0];
    for (let place = 0; place < ring.size; place++) counts[ring.ownerOf(place)]! += 1;
    assert.deepEqual(counts, [128, 256, 640]);
  });

  it('has no more places than the most', () => {
    const ring = new HashRing(addresses(2), [1, 1_000_000], {
      minimumRingSize: 1_024,
      maximumRingSize: 4_096,
    });
    assert.equal(ring.size, 4_096);
  });

  it('leads to the nearest place at or after the hash, around the end', () => {
    const names = addresses(8);
    const small = { minimumRingSize: 32, maximumRingSize: 32 };
    const ring = new HashRing(
      names,
      names.map(() => 1),
      small,
    );
    const numbers = fc.integer({ min: 0, max: 0xffff_ffff });
    const hashes = fc.oneof(
      fc.record({ high: numbers, low: numbers }),
      fc.record({ high: fc.constantFrom(0, 0xffff_ffff), low: numbers }),
      fc.tuple(fc.nat(7), fc.nat(3)).map(([host, index]) => xxHash64(`${names[host]}_${index}`)),
    );
    fc.assert(
      fc.property(hashes, (hash) => {
        assert.equal(names[ring.ownerOf(ring.placeOf(hash))], ownerBySearch(names, 4, hash));
      }),
      { seed: 18, numRuns: 500 },
    );
  });
});
