import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { percentEncode } from './percent-encoding.js';

it('leaves printable ASCII alone but the percent sign', () => {
  assert.equal(percentEncode('a b/c:"d" ~'), 'a b/c:"d" ~');
  assert.equal(percentEncode('100%'), '100%25');
});

it('encodes control characters and what is beyond ASCII as octets of UTF-8', () => {
  assert.equal(percentEncode('a\nb\r\0\x7f'), 'a%0Ab%0D%00%7F');
  assert.equal(percentEncode('für 🐕'), 'f%C3%BCr %F0%9F%90%95');
});

it('gives back any text to a decoder of URIs, in characters a header may have', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const encoded = percentEncode(text);
      assert.match(encoded, /^[\x20-\x7e]*$/);
      assert.equal(decodeURIComponent(encoded), text);
    }),
    { seed: 3 },
  );
});
