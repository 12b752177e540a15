import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FieldInterner, HeaderField } from './header-field.js';
import { DECODE_ERROR, DECODE_OK, HpackDecoder } from './hpack-decoder.js';
import { HpackEncoder } from './hpack-encoder.js';

type List = readonly (readonly [name: string, value: string])[];

interface Example {
  readonly block: string;
  readonly list: List;
  /** The dynamic table afterwards, newest first. */
  readonly table: List;
}

const REQUEST_1: List = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'www.example.com'],
];
const REQUEST_2: List = [...REQUEST_1, ['cache-control', 'no-cache']];
const REQUEST_3: List = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/index.html'],
  [':authority', 'www.example.com'],
  ['custom-key', 'custom-value'],
];
const REQUEST_TABLE_1: List = [[':authority', 'www.example.com']];
const REQUEST_TABLE_2: List = [['cache-control', 'no-cache'], ...REQUEST_TABLE_1];
const REQUEST_TABLE_3: List = [['custom-key', 'custom-value'], ...REQUEST_TABLE_2];

const COOKIE = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
const DATE_1 = 'Mon, 21 Oct 2013 20:13:21 GMT';
const DATE_2 = 'Mon, 21 Oct 2013 20:13:22 GMT';
const LOCATION = 'https://www.example.com';
const RESPONSE_1: List = [
  [':status', '302'],
  ['cache-control', 'private'],
  ['date', DATE_1],
  ['location', LOCATION],
];
const RESPONSE_2: List = [[':status', '307'], ...RESPONSE_1.slice(1)];
const RESPONSE_3: List = [
  [':status', '200'],
  ['cache-control', 'private'],
  ['date', DATE_2],
  ['location', LOCATION],
  ['content-encoding', 'gzip'],
  ['set-cookie', COOKIE],
];
const RESPONSE_TABLE_1: List = RESPONSE_1.toReversed();
const RESPONSE_TABLE_2: List = [
  [':status', '307'],
  ['location', LOCATION],
  ['date', DATE_1],
  ['cache-control', 'private'],
];
const RESPONSE_TABLE_3: List = [
  ['set-cookie', COOKIE],
  ['content-encoding', 'gzip'],
  ['date', DATE_2],
];

const SERIES: readonly (readonly [title: string, maxTableBytes: number, examples: readonly Example[]])[] = [
  [
    'C.2.1 literal with indexing',
    4096,
    [
      {
        block: '400a637573746f6d2d6b65790d637573746f6d2d686561646572',
        list: [['custom-key', 'custom-header']],
        table: [['custom-key', 'custom-header']],
      },
    ],
  ],
  [
    'C.2.2 literal without indexing',
    4096,
    [{ block: '040c2f73616d706c652f70617468', list: [[':path', '/sample/path']], table: [] }],
  ],
  [
    'C.2.3 literal never indexed',
    4096,
    [{ block: '100870617373776f726406736563726574', list: [['password', 'secret']], table: [] }],
  ],
  ['C.2.4 indexed field', 4096, [{ block: '82', list: [[':method', 'GET']], table: [] }]],
  [
    'C.3 requests without Huffman coding',
    4096,
    [
      { block: '828684410f7777772e6578616d706c652e636f6d', list: REQUEST_1, table: REQUEST_TABLE_1 },
      { block: '828684be58086e6f2d6361636865', list: REQUEST_2, table: REQUEST_TABLE_2 },
      {
        block: '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
        list: REQUEST_3,
        table: REQUEST_TABLE_3,
      },
    ],
  ],
  [
    'C.4 requests with Huffman coding',
    4096,
    [
      { block: '828684418cf1e3c2e5f23a6ba0ab90f4ff', list: REQUEST_1, table: REQUEST_TABLE_1 },
      { block: '828684be5886a8eb10649cbf', list: REQUEST_2, table: REQUEST_TABLE_2 },
      { block: '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf', list: REQUEST_3, table: REQUEST_TABLE_3 },
    ],
  ],
  [
    'C.5 responses without Huffman coding, evicting',
    256,
    [
      {
        block:
          '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54' +
          '6e1768747470733a2f2f7777772e6578616d706c652e636f6d',
        list: RESPONSE_1,
        table: RESPONSE_TABLE_1,
      },
      { block: '4803333037c1c0bf', list: RESPONSE_2, table: RESPONSE_TABLE_2 },
      {
        block:
          '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d41' +
          '53444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
        list: RESPONSE_3,
        table: RESPONSE_TABLE_3,
      },
    ],
  ],
  [
    'C.6 responses with Huffman coding, evicting',
    256,
    [
      {
        block:
          '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
        list: RESPONSE_1,
        table: RESPONSE_TABLE_1,
      },
      { block: '4883640effc1c0bf', list: RESPONSE_2, table: RESPONSE_TABLE_2 },
      {
        block:
          '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960' +
          'd5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
        list: RESPONSE_3,
        table: RESPONSE_TABLE_3,
      },
    ],
  ],
];

function newDecoder(maxTableBytes: number): HpackDecoder {
  return new HpackDecoder({
    maxTableBytes,
    maxListBytes: 16384,
    maxFields: 100,
    interner: new FieldInterner(),
  });
}

function decode(decoder: HpackDecoder, octets: Buffer): List {
  const fields: HeaderField[] = [];
  assert.equal(decoder.decode(octets, 0, octets.length, fields), DECODE_OK);
  return fields.map((field) => [field.name, field.value]);
}

for (const [title, maxTableBytes, examples] of SERIES) {
  test(`RFC 7541 ${title}: blocks decode to the lists, and the table is as shown`, () => {
    const decoder = newDecoder(maxTableBytes);
    for (const { block, list, table } of examples) {
      assert.deepEqual(decode(decoder, Buffer.from(block, 'hex')), list);
      const indices = Buffer.from(table.map((_, i) => 0x80 | (62 + i)));
      assert.deepEqual(decode(decoder, indices), table);
    }
    const beyond = Buffer.from([0x80 | (62 + examples.at(-1)!.table.length)]);
    assert.equal(decoder.decode(beyond, 0, 1, []), DECODE_ERROR);
  });

  test(`RFC 7541 ${title}: the lists, encoded again and again, decode to themselves`, () => {
    const encoder = new HpackEncoder({ maxTableBytes });
    const decoder = newDecoder(4096);
    for (let round = 0; round < 4; round++) {
      for (const { list } of examples) {
        const fields = list.map(([name, value]) => new HeaderField(name, value));
        const out = Buffer.alloc(encoder.encodedBound(fields));
        const end = encoder.encode(fields, out, 0);
        assert.deepEqual(decode(decoder, out.subarray(0, end)), list);
      }
    }
  });
}
