import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeInteger, IntegerDecoder, MAX_INTEGER, MAX_INTEGER_BYTES } from './integer.js';

function encode(value: number, prefixBits: number, flags = 0): Buffer {
  const out = Buffer.alloc(MAX_INTEGER_BYTES);
  return out.subarray(0, encodeInteger(value, prefixBits, flags, out, 0));
}

/** Decodes what follows a prefix of all ones. */
function decode(continuation: readonly number[], prefixMax = 0x1f): number {
  const input = Buffer.from(continuation);
  return new IntegerDecoder().decode(input, 0, input.length, prefixMax);
}

test('integers encode as in RFC 7541 C.1', () => {
  assert.deepEqual([...encode(10, 5)], [0x0a]);
  assert.deepEqual([...encode(1337, 5)], [0x1f, 0x9a, 0x0a]);
  assert.deepEqual([...encode(42, 8)], [0x2a]);
});

test('the bits above the prefix are the flags given', () => {
  assert.deepEqual([...encode(10, 5, 0xe0)], [0xea]);
  assert.deepEqual([...encode(1337, 5, 0x20)], [0x3f, 0x9a, 0x0a]);
});

test('an integer decodes to what was encoded, at each boundary of each prefix', () => {
  for (const prefixBits of [4, 5, 6, 7]) {
    const prefixMax = (1 << prefixBits) - 1;
    for (const beyond of [
      0,
      1,
      126,
      127,
      128,
      129,
      16383,
      16384,
      2 ** 21,
      2 ** 28,
      MAX_INTEGER - prefixMax,
    ]) {
      const octets = encode(prefixMax + beyond, prefixBits);
      const decoder = new IntegerDecoder();
      assert.equal(decoder.decode(octets, 1, octets.length, prefixMax), prefixMax + beyond);
      assert.equal(decoder.offset, octets.length);
    }
  }
});

test('an integer above the limit is refused instead of wrapping around', () => {
  assert.equal(decode([0xe0, 0xff, 0xff, 0xff, 0x07]), MAX_INTEGER);
  assert.equal(decode([0xe1, 0xff, 0xff, 0xff, 0x07]), -1);
  assert.equal(decode([0xff, 0xff, 0xff, 0xff, 0x7f]), -1);
});

test('an integer that never ends, or is padded with zeros, is refused', () => {
  assert.equal(decode([0x80, 0x80, 0x80, 0x80, 0x00]), 0x1f);
  assert.equal(decode([0x80, 0x80, 0x80, 0x80, 0x80, 0x00]), -1);
  assert.equal(decode(new Array<number>(50).fill(0xff)), -1);
});

test('an integer cut short is refused', () => {
  assert.equal(decode([]), -1);
  assert.equal(decode([0x9a]), -1);
});
