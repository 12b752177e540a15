import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Hash64 } from './hash64.js';
import { xxHash64 } from './xxhash64.js';

function hex({ high, low }: Hash64): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

/** The specification in numbers that are slow and large enough. */
function reference(text: string, seed: number): string {
  const mask = (1n << 64n) - 1n;
  const [p1, p2, p3, p4, p5] = [
    0x9e3779b185ebca87n,
    0xc2b2ae3d27d4eb4fn,
    0x165667b19e3779f9n,
    0x85ebca77c2b2ae63n,
    0x27d4eb2f165667c5n,
  ] as const;
  const bytes = Buffer.from(text, 'latin1');
  const rotate = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (64n - bits))) & mask;
  const round = (lane: bigint, input: bigint): bigint =>
    (rotate((lane + input * p2) & mask, 31n) * p1) & mask;
  const start = BigInt(seed >>> 0);
  let at = 0;
  let hash = (start + p5) & mask;
  if (bytes.length >= 32) {
    let lanes = [(start + p1 + p2) & mask, (start + p2) & mask, start, (start - p1) & mask];
    for (; at + 32 <= bytes.length; at += 32) {
      lanes = lanes.map((lane, index) => round(lane, bytes.readBigUInt64LE(at + 8 * index)));
    }
    hash = lanes.reduce((sum, lane, index) => (sum + rotate(lane, [1n, 7n, 12n, 18n][index]!)) & mask, 0n);
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * p1 + p4) & mask;
  }
  hash = (hash + BigInt(bytes.length)) & mask;
  for (; at + 8 <= bytes.length; at += 8) {
    hash = (rotate(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * p1 + p4) & mask;
  }
  if (at + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(bytes.readUInt32LE(at)) * p1) & mask), 23n) * p2 + p3) & mask;
    at += 4;
  }
  for (; at < bytes.length; at++) hash = (rotate(hash ^ ((BigInt(bytes[at]!) * p5) & mask), 11n) * p1) & mask;
  hash = ((hash ^ (hash >> 33n)) * p2) & mask;
  hash = ((hash ^ (hash >> 29n)) * p3) & mask;
  return (hash ^ (hash >> 32n)).toString(16).padStart(16, '0');
}

describe('xxHash64', () => {
  it('gives the values that are known', () => {
    const known: [string, string][] = [
      ['', 'ef46db3751d8e999'],
      ['a', 'd24ec4f1a98c6e5b'],
      ['as', '1c330fb2d66be179'],
      ['asd', '631c37ce72a97393'],
      ['asdf', '415872f599cea71e'],
      ['abc', '44bc2cf5ad770999'],
      ['Call me Ishmael. Some years ago--never mind how long precisely-', '02a2e85470d6fd96'],
    ];
    for (const [text, expected] of known) assert.equal(hex(xxHash64(text)), expected, text);
  });

  it('agrees with its specification for texts of any length and bytes of any value', () => {
    const bytes = fc
      .uint8Array({ maxLength: 200, size: 'max' })
      .map((array) => Buffer.from(array).toString('latin1'));
    fc.assert(
      fc.property(bytes, fc.integer(), (text, seed) => {
        assert.equal(hex(xxHash64(text, seed)), reference(text, seed));
      }),
      { seed: 16, numRuns: 2_000 },
    );
  });
});
