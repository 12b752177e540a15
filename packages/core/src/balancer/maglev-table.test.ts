import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPrime, MaglevTable } from './maglev-table.js';

function addresses(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `10.0.0.${index + 1}:50051`).sort();
}

function placesOf(table: MaglevTable, hosts: number): number[] {
  const counts = Array.from({ length: hosts }, () => 0);
  for (let place = 0; place < table.size; place++) counts[table.ownerOf(place)]! += 1;
  return counts;
}

describe('MaglevTable', () => {
  it('divides its places evenly to within one', () => {
    const counts = placesOf(
      new MaglevTable(
        addresses(10),
        Array.from({ length: 10 }, () => 1),
        65_537,
      ),
      10,
    );
    assert.ok(
      counts.every((count) => count === 6_553 || count === 6_554),
      String(counts),
    );
  });

  it('divides its places by weight', () => {
    const counts = placesOf(new MaglevTable(addresses(3), [1, 2, 5], 65_537), 3);
    for (const [host, share] of [1 / 8, 2 / 8, 5 / 8].entries()) {
      assert.ok(Math.abs(counts[host]! - share * 65_537) <= 3, String(counts));
    }
  });

  it('leads from a hash to its remainder', () => {
    const table = new MaglevTable(addresses(3), [1, 1, 1], 65_537);
    for (const [high, low] of [
      [0, 0],
      [0, 65_537],
      [0xffff_ffff, 0xffff_ffff],
      [0x1234_5678, 0x9abc_def0],
    ] as const) {
      const expected = Number(((BigInt(high) << 32n) | BigInt(low)) % 65_537n);
      assert.equal(table.placeOf({ high, low }), expected);
    }
  });
});

describe('isPrime', () => {
  it('knows primes from others', () => {
    for (const prime of [2, 3, 251, 65_537, 5_000_011]) assert.equal(isPrime(prime), true, String(prime));
    for (const other of [-7, 0, 1, 4, 65_535, 65_537 * 3, 2.5, NaN]) {
      assert.equal(isPrime(other), false, String(other));
    }
  });
});
