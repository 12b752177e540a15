import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FieldInterner, HeaderField } from './header-field.js';
import {
  DECODE_ERROR,
  DECODE_LIST_TOO_LARGE,
  DECODE_OK,
  HpackDecoder,
  type HpackDecoderOptions,
} from './hpack-decoder.js';
import { STATIC_TABLE } from './static-table.js';

function newDecoder(options: Partial<HpackDecoderOptions> = {}): HpackDecoder {
  return new HpackDecoder({
    maxTableBytes: 4096,
    maxListBytes: 16384,
    maxFields: 100,
    interner: new FieldInterner(),
    ...options,
  });
}

/** A block from octets, and from strings as plain string literals. */
function block(...parts: readonly (number | string)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Buffer.of(part);
      assert.ok(part.length < 127);
      return Buffer.from(String.fromCharCode(part.length) + part, 'latin1');
    }),
  );
}

function decode(decoder: HpackDecoder, octets: Buffer, expected = DECODE_OK): HeaderField[] {
  const fields: HeaderField[] = [];
  assert.equal(decoder.decode(octets, 0, octets.length, fields), expected);
  return fields;
}

function texts(fields: readonly HeaderField[]): string[] {
  return fields.map((field) => `${field.name}: ${field.value}`);
}

test('only the octets between start and end are read, and fields are appended', () => {
  const octets = Buffer.concat([Buffer.of(0x00), block(0x82, 0x84), Buffer.of(0x00)]);
  const before = new HeaderField('x', 'y');
  const fields = [before];
  assert.equal(newDecoder().decode(octets, 1, 3, fields), DECODE_OK);
  assert.deepEqual(texts(fields), ['x: y', ':method: GET', ':path: /']);
});

test('an empty block is an empty list', () => {
  assert.deepEqual(decode(newDecoder(), Buffer.alloc(0)), []);
});

test('static entries are the shared objects, even when a peer spells them out', () => {
  const fields = decode(newDecoder(), block(0x83, 0x02, 'POST', 0x42, 'POST', 0xbe));
  for (const field of fields) assert.equal(field, STATIC_TABLE[2]);
});

test('a repeated field is the same object on the connection, and on others with the same interner', () => {
  const interner = new FieldInterner();
  const decoder = newDecoder({ interner });
  const [first] = decode(decoder, block(0x40, 'x-tenant', 'blue'));
  assert.equal(decode(decoder, block(0xbe))[0], first);
  assert.equal(decode(decoder, block(0x00, 'x-tenant', 'blue'))[0], first);
  assert.equal(decode(newDecoder({ interner }), block(0x40, 'x-tenant', 'blue'))[0], first);
  assert.equal(interner.intern('x-tenant', 'blue'), first);
});

test('the same value octets under another name are another field', () => {
  const decoder = newDecoder();
  decode(decoder, block(0x40, 'x-a', '1', 0x40, 'x-b', '1'));
  // 0x0f 0x30 refers to index 63, 0x0f 0x2f to index 62.
  const fields = decode(
    decoder,
    block(0x0f, 0x30, 'same', 0x0f, 0x2f, 'same', 0x04, 'same', 0x0f, 0x30, 'same'),
  );
  assert.deepEqual(texts(fields), ['x-a: same', 'x-b: same', ':path: same', 'x-a: same']);
});

test('octets above 0x7f survive as latin1', () => {
  assert.deepEqual(texts(decode(newDecoder(), block(0x00, 'x', '\xe4\xff'))), ['x: \xe4\xff']);
});

test('a never-indexed field is marked sensitive, stays out of the table, and is shared with nobody', () => {
  const decoder = newDecoder();
  const octets = block(0x10, 'x-token', 'secret');
  const [first] = decode(decoder, octets);
  assert.equal(first?.sensitive, true);
  assert.notEqual(decode(decoder, octets)[0], first);
  assert.equal(decode(decoder, block(0x00, 'x-token', 'secret'))[0]?.sensitive, false);
  assert.equal(decode(decoder, octets)[0]?.sensitive, true);
  decode(decoder, block(0xbe), DECODE_ERROR);
});

test('a literal without indexing stays out of the table', () => {
  const decoder = newDecoder();
  decode(decoder, block(0x00, 'x', 'y'));
  decode(decoder, block(0xbe), DECODE_ERROR);
});

test('a new entry evicts the oldest ones until it fits', () => {
  const decoder = newDecoder({ maxTableBytes: 100 });
  decode(decoder, block(0x40, 'a', '1', 0x40, 'b', '2'));
  assert.deepEqual(texts(decode(decoder, block(0xbe, 0xbf))), ['b: 2', 'a: 1']);
  decode(decoder, block(0x40, 'c', '3'));
  assert.deepEqual(texts(decode(decoder, block(0xbe, 0xbf))), ['c: 3', 'b: 2']);
  decode(decoder, block(0xc0), DECODE_ERROR);
});

test('entries that fill the table to the last octet stay', () => {
  const decoder = newDecoder({ maxTableBytes: 68 });
  decode(decoder, block(0x40, 'a', '1', 0x40, 'b', '2'));
  assert.deepEqual(texts(decode(decoder, block(0xbe, 0xbf))), ['b: 2', 'a: 1']);
});

test('an entry larger than the table empties it and is not added, but is in the list', () => {
  const decoder = newDecoder({ maxTableBytes: 64 });
  decode(decoder, block(0x40, 'a', '1'));
  assert.deepEqual(texts(decode(decoder, block(0x40, 'large', 'v'.repeat(28)))), [
    `large: ${'v'.repeat(28)}`,
  ]);
  decode(decoder, block(0xbe), DECODE_ERROR);
});

test('an entry may take its name from the entry that it evicts', () => {
  const decoder = newDecoder({ maxTableBytes: 64 });
  decode(decoder, block(0x40, 'a', '1'));
  assert.deepEqual(texts(decode(decoder, block(0x7e, '2', 0xbe))), ['a: 2', 'a: 2']);
});

test('a size update at the start of a block evicts what no longer fits', () => {
  const decoder = newDecoder();
  decode(decoder, block(0x40, 'a', '1', 0x40, 'b', '2'));
  assert.deepEqual(texts(decode(decoder, block(0x3f, 34 - 31, 0xbe))), ['b: 2']);
  decode(decoder, block(0x20, 0x3f, 0xe1, 0x1f, 0x40, 'c', '3'));
  assert.deepEqual(texts(decode(decoder, block(0xbe))), ['c: 3']);
  decode(decoder, block(0xbf), DECODE_ERROR);
});

test('a size update after a field is an error', () => {
  decode(newDecoder(), block(0x82, 0x20), DECODE_ERROR);
  decode(newDecoder(), block(0x82, 0x20, 'x', 'y'), DECODE_ERROR);
  decode(newDecoder(), block(0x00, 'x', 'y', 0x3f, 0xe1, 0x1f), DECODE_ERROR);
});

test('a size update above the limit is an error', () => {
  decode(newDecoder(), block(0x3f, 0xe1, 0x1f));
  decode(newDecoder(), block(0x3f, 0xe2, 0x1f), DECODE_ERROR);
  decode(newDecoder(), block(0x3f, 0xe2, 0x1f, 0x20), DECODE_ERROR);
  decode(newDecoder(), block(0x3f, 0xff, 0xff, 0xff, 0xff, 0xff), DECODE_ERROR);
});

test('when the limit falls below the table the next block must begin with a size update', () => {
  const obedient = newDecoder();
  obedient.setMaxTableBytes(0);
  decode(obedient, block(0x20, 0x82));
  decode(obedient, block(0x82));
  const disobedient = newDecoder();
  disobedient.setMaxTableBytes(0);
  decode(disobedient, block(0x82), DECODE_ERROR);
});

test('a greater limit takes effect when the peer makes use of it', () => {
  const decoder = newDecoder();
  decoder.setMaxTableBytes(8192);
  decode(decoder, block(0x82));
  decode(decoder, block(0x3f, 0xe1, 0x3f, 0x82));
});

test('index 0 and indices beyond the table are errors', () => {
  decode(newDecoder(), block(0x80), DECODE_ERROR);
  decode(newDecoder(), block(0xbe), DECODE_ERROR);
  decode(newDecoder(), block(0xff, 0x00), DECODE_ERROR);
  decode(newDecoder(), block(0xff, 0xff, 0xff, 0xff, 0xff, 0x07), DECODE_ERROR);
  decode(newDecoder(), block(0x7e, 'value'), DECODE_ERROR);
  decode(newDecoder(), block(0x0f, 0x2f, 'value'), DECODE_ERROR);
});

test('a block that ends within a representation is an error, wherever it is cut', () => {
  const whole = Buffer.from('400a637573746f6d2d6b65790d637573746f6d2d686561646572', 'hex');
  for (let length = 1; length < whole.length; length++)
    decode(newDecoder(), whole.subarray(0, length), DECODE_ERROR);
  decode(newDecoder(), block(0xff), DECODE_ERROR);
  decode(newDecoder(), block(0x3f), DECODE_ERROR);
  decode(newDecoder(), block(0x7f), DECODE_ERROR);
  decode(newDecoder(), block(0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x07), DECODE_ERROR);
});

test('a wrong Huffman code is an error, in a name, a value, and a field that is dropped', () => {
  decode(newDecoder(), block(0x00, 0x81, 0xff, 'v'), DECODE_ERROR);
  decode(newDecoder(), block(0x04, 0x84, 0xff, 0xff, 0xff, 0xff), DECODE_ERROR);
  decode(newDecoder({ maxFields: 0 }), block(0x04, 0x84, 0xff, 0xff, 0xff, 0xff), DECODE_ERROR);
});

test('fields beyond the limit of octets are dropped', () => {
  const decoder = newDecoder({ maxListBytes: 42 + 34 });
  assert.deepEqual(texts(decode(decoder, block(0x82, 0x00, 'x', 'y'))), [':method: GET', 'x: y']);
  const tooLarge = block(0x82, 0x00, 'x', 'yy', 0x00, 'x', 'y');
  assert.deepEqual(texts(decode(decoder, tooLarge, DECODE_LIST_TOO_LARGE)), [':method: GET']);
  assert.deepEqual(texts(decode(decoder, block(0x82))), [':method: GET']);
});

test('fields beyond the limit of their number are dropped', () => {
  const decoder = newDecoder({ maxFields: 2 });
  decode(decoder, block(0x82, 0x82));
  assert.equal(decode(decoder, block(0x82, 0x82, 0x82), DECODE_LIST_TOO_LARGE).length, 2);
  assert.equal(decode(decoder, block(0x82, 0x04, '/x', 0x04, '/y'), DECODE_LIST_TOO_LARGE).length, 2);
});

test('one entry referred to many times cannot make a list larger than the limit', () => {
  const decoder = newDecoder();
  decode(decoder, block(0x40, 'x', 'v'.repeat(120)));
  const bomb = Buffer.alloc(100_000, 0xbe);
  const fields = decode(decoder, bomb, DECODE_LIST_TOO_LARGE);
  assert.equal(fields.length, 100);
});

test('fields that are dropped enter the table all the same', () => {
  const decoder = newDecoder({ maxListBytes: 80 });
  decode(decoder, block(0x40, 'a', '1', 0x40, 'b', '2', 0x40, 'c', '3'), DECODE_LIST_TOO_LARGE);
  assert.deepEqual(texts(decode(decoder, block(0xbe, 0xc0))), ['c: 3', 'a: 1']);
});

test('a dropped field larger than the table empties it all the same', () => {
  const decoder = newDecoder({ maxListBytes: 80, maxTableBytes: 64 });
  decode(decoder, block(0x40, 'a', '1'));
  decode(decoder, block(0x40, 'x', 'v'.repeat(100)), DECODE_LIST_TOO_LARGE);
  decode(decoder, block(0xbe), DECODE_ERROR);
});

test('a later block is not affected by what its octets are overwritten with', () => {
  const decoder = newDecoder();
  const octets = block(0x40, 'x-a', 'value-one', 0x04, '/path');
  const fields = decode(decoder, octets);
  octets.fill(0x61);
  assert.deepEqual(texts(fields), ['x-a: value-one', ':path: /path']);
  assert.deepEqual(texts(decode(decoder, block(0xbe))), ['x-a: value-one']);
});

test('a value too long for cache and interner decodes, with and without Huffman coding', () => {
  const decoder = newDecoder();
  const plain = Buffer.concat([
    Buffer.of(0x00, 0x01, 0x78, 0x7f, 1000 - 127 - 6 * 128 + 128, 0x06),
    Buffer.alloc(1000, 'v'),
  ]);
  assert.equal(decode(decoder, plain)[0]?.value, 'v'.repeat(1000));
  // "0" is five zero bits.
  const coded = Buffer.concat([
    Buffer.of(0x00, 0x01, 0x78, 0xff, 1250 - 127 - 8 * 128 + 128, 0x08),
    Buffer.alloc(1250, 0),
  ]);
  assert.equal(decode(decoder, coded)[0]?.value, '0'.repeat(2000));
});
