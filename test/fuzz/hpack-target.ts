import assert from 'node:assert/strict';
import { FieldInterner, type HeaderField } from 'weir/dist/http2/hpack/header-field.js';
import { DECODE_ERROR, DECODE_OK, HpackDecoder } from 'weir/dist/http2/hpack/hpack-decoder.js';
import { HpackEncoder } from 'weir/dist/http2/hpack/hpack-encoder.js';
import { HpackReader } from '../support/raw-frames/hpack-reader.js';
import type { FuzzTarget } from './fuzz-target.js';

const MAX_LIST_BYTES = 4_000;
const MAX_FIELDS = 40;

/** What one input may ask of a decoder's table, beside the protocol's own: tables that are soon full. */
const TABLE_BYTES = [4096, 4096, 256, 0];

/**
 * The HPACK decoder. The first octet of an input chooses the size of the table; what follows are header blocks, each
 * behind its length in two octets.
 */
export const hpackTarget: FuzzTarget = {
  name: 'hpack',
  files: ['/dist/http2/hpack/'],

  parts(input: Buffer): Buffer[] {
    return [input.subarray(0, 1), ...[...blocks(input.subarray(1))].map(withLength)];
  },

  run(input: Buffer): Iterable<string> {
    const limit = TABLE_BYTES[(input[0] ?? 0) & 3] ?? 4096;
    const decoder = new HpackDecoder({
      maxTableBytes: limit,
      maxListBytes: MAX_LIST_BYTES,
      maxFields: MAX_FIELDS,
      interner: new FieldInterner(16),
    });
    const encoder = new HpackEncoder({ maxTableBytes: 512 });
    const features: string[] = [];
    const referee = new HpackReader(limit);
    const reencoded = new HpackReader();
    for (const block of blocks(input.subarray(1))) {
      const fields: HeaderField[] = [];
      const result = decoder.decode(block, 0, block.length, fields);
      const expected = attempt(() => referee.read(block));
      features.push(`${result} ${expected.error} ${Math.ceil(Math.log2(fields.length + 1))}`);
      if (result === DECODE_ERROR) {
        assert.equal(expected.fields, undefined, 'refused a block that is well formed');
        return features;
      }
      assert.ok(expected.fields, `took a block in which there is ${expected.error}`);
      const wanted = expected.fields.map(({ name, value, form }) => [name, value, form === 'never-indexed']);
      const size = wanted.reduce(
        (sum, [name, value]) => sum + String(name).length + String(value).length + 32,
        0,
      );
      assert.equal(
        result === DECODE_OK,
        size <= MAX_LIST_BYTES && wanted.length <= MAX_FIELDS,
        'the limit on lists',
      );
      const got = fields.map(({ name, value, sensitive }) => [name, value, sensitive]);
      assert.deepEqual(got, wanted.slice(0, got.length), 'other fields than the referee reads');
      if (result === DECODE_OK) assert.equal(got.length, wanted.length);
      for (const [at, { form, value }] of expected.fields.entries())
        features.push(`${expected.fields[at - 1]?.form} ${form} ${Math.ceil(Math.log2(value.length + 1))}`);
      checkReencoded(encoder, reencoded, fields);
    }
    return features;
  },
};

/** What was decoded can be encoded, and gives the same again. */
function checkReencoded(encoder: HpackEncoder, reader: HpackReader, fields: readonly HeaderField[]): void {
  const out = Buffer.alloc(encoder.encodedBound(fields) + 1, 0xee);
  const end = encoder.encode(fields, out, 0);
  assert.ok(end < out.length && out[out.length - 1] === 0xee, 'wrote beyond the bound');
  const again = reader.read(out.subarray(0, end));
  assert.deepEqual(
    again.map(({ name, value, form }) => [name, value, form === 'never-indexed']),
    fields.map(({ name, value, sensitive }) => [name, value, sensitive]),
  );
}

function* blocks(bytes: Buffer): Iterable<Buffer> {
  for (let at = 0; at + 2 <= bytes.length;) {
    const length = bytes.readUInt16BE(at);
    yield bytes.subarray(at + 2, at + 2 + length);
    at += 2 + length;
  }
}

function withLength(block: Buffer): Buffer {
  return Buffer.concat([Buffer.of(block.length >> 8, block.length & 0xff), block]);
}

function attempt<T>(read: () => T): { readonly fields?: T; readonly error: string } {
  try {
    return { fields: read(), error: 'no error' };
  } catch (error) {
    return { error: (error as Error).message.replaceAll(/\d+/g, '#') };
  }
}
