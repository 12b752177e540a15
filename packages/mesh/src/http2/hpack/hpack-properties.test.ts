import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FieldInterner, HeaderField } from './header-field.js';
import { DECODE_ERROR, DECODE_LIST_TOO_LARGE, DECODE_OK, HpackDecoder } from './hpack-decoder.js';
import { HpackEncoder } from './hpack-encoder.js';
import { STATIC_ENTRIES } from './static-entries.js';

const SEED = 7541;

type Plain = readonly [name: string, value: string, sensitive: boolean];

const names = fc.oneof(
  fc.constantFrom(
    ...STATIC_ENTRIES.map(([name]) => name),
    'grpc-timeout',
    'traceparent',
    'grpc-status',
    'x-a',
    'x-b',
  ),
  fc.string({ minLength: 1, maxLength: 40 }),
);
const latin1 = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((octets) => Buffer.from(octets).toString('latin1'));
const values = fc.oneof(
  fc.constantFrom('', '/', 'POST', '200', 'application/grpc', 'v1', '0'),
  latin1(30),
  latin1(300),
  fc.integer({ min: 1, max: 1500 }).map((length) => 'v'.repeat(length)),
);
const sensitive = fc.oneof(
  { weight: 9, arbitrary: fc.constant(false) },
  { weight: 1, arbitrary: fc.constant(true) },
);
const fields: fc.Arbitrary<Plain> = fc.tuple(names, values, sensitive);

function newDecoder(interner = new FieldInterner(), maxListBytes = 1 << 20): HpackDecoder {
  return new HpackDecoder({ maxTableBytes: 65536, maxListBytes, maxFields: 1000, interner });
}

function plain(list: readonly HeaderField[]): Plain[] {
  return list.map((field) => [field.name, field.value, field.sensitive]);
}

function encode(encoder: HpackEncoder, list: readonly HeaderField[]): Buffer {
  const bound = encoder.encodedBound(list);
  const out = Buffer.alloc(bound);
  const end = encoder.encode(list, out, 0);
  assert.ok(end <= bound);
  return out.subarray(0, end);
}

test('lists survive encoding and decoding through random changes of the table size, by any object', () => {
  // Few fields, drawn again and again, so that tables fill, evict and repeat.
  const history = fc
    .uniqueArray(fields, { minLength: 1, maxLength: 30, selector: (field) => JSON.stringify(field) })
    .chain((pool) =>
      fc
        .array(
          fc.record({
            sizes: fc.array(fc.constantFrom(0, 31, 64, 128, 300, 1000, 4096, 10000, 65536), { maxLength: 3 }),
            picks: fc.array(fc.nat({ max: pool.length - 1 }), { maxLength: 12 }),
            fresh: fc.boolean(),
          }),
          { minLength: 5, maxLength: 60 },
        )
        .map((steps) => ({ pool, steps })),
    );
  fc.assert(
    fc.property(history, fc.constantFrom(0, 100, 4096, 16384), ({ pool, steps }, ownLimit) => {
      const encoder = new HpackEncoder({ maxTableBytes: ownLimit });
      const decoder = newDecoder();
      const shared = pool.map((field) => new HeaderField(...field));
      for (const { sizes, picks, fresh } of steps) {
        for (const size of sizes) encoder.setMaxTableBytes(size);
        const list = picks.map((i) => (fresh ? new HeaderField(...pool[i]!) : shared[i]!));
        const octets = encode(encoder, list);
        const decoded: HeaderField[] = [];
        assert.equal(decoder.decode(octets, 0, octets.length, decoded), DECODE_OK);
        assert.deepEqual(plain(decoded), plain(list));
      }
    }),
    { seed: SEED, numRuns: 200 },
  );
});

test('random octets give a result, and a list within the limits', () => {
  // Leading octets of each representation, so that more than the first octet is tried.
  const likely = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(fc.constantFrom(0x82, 0xbe, 0x40, 0x00, 0x10, 0x01, 0x81, 0x02, 0x0f, 0x7e, 0x61, 0xff), {
      maxLength: 60,
    }),
  );
  const interner = new FieldInterner(64);
  fc.assert(
    fc.property(fc.array(likely, { maxLength: 5 }), (blocks) => {
      const decoder = newDecoder(interner, 400);
      for (const octets of blocks) {
        const decoded: HeaderField[] = [];
        const result = decoder.decode(Buffer.from(octets), 0, octets.length, decoded);
        assert.ok(result === DECODE_OK || result === DECODE_LIST_TOO_LARGE || result === DECODE_ERROR);
        assert.ok(decoded.reduce((sum, field) => sum + field.size, 0) <= 400);
        if (result === DECODE_ERROR) break;
      }
    }),
    { seed: SEED, numRuns: 5000 },
  );
});

test('what others have sent before changes nothing about what a block decodes to', () => {
  const octet = fc.constantFrom(
    0x40,
    0x00,
    0x10,
    0x04,
    0x44,
    0x01,
    0x02,
    0x81,
    0x82,
    0x1f,
    0x0f,
    0x2f,
    0x61,
    0x62,
    0xbe,
  );
  const warm = new FieldInterner();
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 30 }), (octets) => {
      const input = Buffer.from(octets);
      const [byWarm, byCold]: [HeaderField[], HeaderField[]] = [[], []];
      const result = newDecoder(warm).decode(input, 0, input.length, byWarm);
      assert.equal(result, newDecoder().decode(input, 0, input.length, byCold));
      assert.deepEqual(plain(byWarm), plain(byCold));
    }),
    { seed: SEED, numRuns: 5000 },
  );
});

test('a list that is cut off leaves the table as an uncut one does', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fields, { maxLength: 10 }), { maxLength: 10 }), (lists) => {
      const encoder = new HpackEncoder({ maxTableBytes: 4096 });
      const whole = newDecoder();
      const cut = newDecoder(new FieldInterner(), 300);
      for (const list of [...lists, ...lists, ...lists]) {
        const octets = encode(
          encoder,
          list.map((field) => new HeaderField(...field)),
        );
        const [byWhole, byCut]: [HeaderField[], HeaderField[]] = [[], []];
        assert.equal(whole.decode(octets, 0, octets.length, byWhole), DECODE_OK);
        assert.notEqual(cut.decode(octets, 0, octets.length, byCut), DECODE_ERROR);
        assert.deepEqual(plain(byCut), plain(byWhole.slice(0, byCut.length)));
      }
    }),
    { seed: SEED, numRuns: 100 },
  );
});
