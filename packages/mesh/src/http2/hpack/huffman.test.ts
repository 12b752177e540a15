import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HUFFMAN_CODES, HUFFMAN_EOS, HUFFMAN_LENGTHS } from './huffman-code.js';
import { huffmanDecode, huffmanDecodedBound } from './huffman-decode.js';
import { huffmanEncode, huffmanEncodedLength } from './huffman-encode.js';

function encode(text: string): Buffer {
  const out = Buffer.alloc(text.length * 4);
  return out.subarray(0, huffmanEncode(text, out, 0));
}

function decode(input: Buffer): string | undefined {
  const out = Buffer.alloc(huffmanDecodedBound(input.length));
  const end = huffmanDecode(input, 0, input.length, out, 0);
  return end < 0 ? undefined : out.toString('latin1', 0, end);
}

// The strings of RFC 7541 C.4 and C.6.
const EXAMPLES: readonly (readonly [text: string, encoded: string])[] = [
  ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'],
  ['no-cache', 'a8eb10649cbf'],
  ['custom-key', '25a849e95ba97d7f'],
  ['custom-value', '25a849e95bb8e8b4bf'],
  ['302', '6402'],
  ['private', 'aec3771a4b'],
  ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07abe941054d444a8200595040b8166e082a62d1bff'],
  ['https://www.example.com', '9d29ad171863c78f0b97c8e9ae82ae43d3'],
  ['307', '640eff'],
  ['gzip', '9bd9ab'],
  [
    'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    '94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
  ],
];

test('strings encode and decode as in RFC 7541 C.4 and C.6', () => {
  for (const [text, encoded] of EXAMPLES) {
    assert.equal(encode(text).toString('hex'), encoded);
    assert.equal(huffmanEncodedLength(text), encoded.length / 2);
    assert.equal(decode(Buffer.from(encoded, 'hex')), text);
  }
});

test('the code is complete and has the codes of RFC 7541 Appendix B', () => {
  let share = 0;
  for (const length of HUFFMAN_LENGTHS) share += 2 ** -length;
  assert.equal(share, 1);
  const spotChecks: readonly (readonly [symbol: number, code: number, length: number])[] = [
    [0, 0x1ff8, 13],
    [9, 0xffffea, 24],
    [10, 0x3ffffffc, 30],
    [13, 0x3ffffffd, 30],
    [22, 0x3ffffffe, 30],
    [32, 0x14, 6],
    [48, 0x0, 5],
    [92, 0x7fff0, 19],
    [127, 0xffffffc, 28],
    [128, 0xfffe6, 20],
    [249, 0xffffffe, 28],
    [255, 0x3ffffee, 26],
    [HUFFMAN_EOS, 0x3fffffff, 30],
  ];
  for (const [symbol, code, length] of spotChecks) {
    assert.equal(HUFFMAN_CODES[symbol], code, `code of ${symbol}`);
    assert.equal(HUFFMAN_LENGTHS[symbol], length, `length of ${symbol}`);
  }
});

test('each octet, in each position of an octet, survives encoding and decoding', () => {
  for (let octet = 0; octet < 256; octet++) {
    for (let before = 0; before < 8; before++) {
      const text = '0'.repeat(before) + String.fromCharCode(octet) + 'a';
      assert.equal(decode(encode(text)), text);
    }
  }
});

test('any latin1 string survives encoding and decoding, in the length foretold', () => {
  const latin1 = fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets).toString('latin1'));
  fc.assert(
    fc.property(latin1, (text) => {
      const encoded = encode(text);
      assert.equal(encoded.length, huffmanEncodedLength(text));
      assert.equal(decode(encoded), text);
    }),
    { seed: 7541 },
  );
});

test('whatever decodes is the one encoding of its text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
      const input = Buffer.from(octets);
      const text = decode(input);
      if (text !== undefined) assert.deepEqual(encode(text), input);
    }),
    { seed: 7541, numRuns: 2000 },
  );
});

test('a code that contains EOS is refused', () => {
  assert.equal(decode(Buffer.from('ffffffff', 'hex')), undefined);
  assert.equal(decode(Buffer.from('ffffffff00', 'hex')), undefined);
  // "a", then EOS, then padding.
  assert.equal(decode(Buffer.from('1fffffffff', 'hex')), undefined);
});

test('padding of more than seven bits is refused', () => {
  assert.equal(decode(Buffer.from('1f', 'hex')), 'a');
  assert.equal(decode(Buffer.from('1fff', 'hex')), undefined);
  assert.equal(decode(Buffer.from('ff', 'hex')), undefined);
});

test('padding other than ones is refused', () => {
  assert.equal(decode(Buffer.from('1e', 'hex')), undefined);
  assert.equal(decode(Buffer.from('18', 'hex')), undefined);
});

test('an empty code is the empty string', () => {
  assert.equal(decode(Buffer.alloc(0)), '');
  assert.equal(encode('').length, 0);
});
