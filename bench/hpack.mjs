// Nanoseconds per header block, of the HPACK codec alone: `npm run build && node bench/hpack.mjs`.
//
// The blocks are what nghttp2, the codec inside grpc-js, sends over and over: known fields indexed, `:path` and
// `content-length` as Huffman coded literals each time. "Relay" is decode and encode of one block in a row, as
// the proxy does; "fresh" is a connection's first block, with all tables empty.

import { FieldInterner, HeaderField } from '../packages/mesh/dist/http2/hpack/header-field.js';
import { HpackDecoder } from '../packages/mesh/dist/http2/hpack/hpack-decoder.js';
import { HpackEncoder } from '../packages/mesh/dist/http2/hpack/hpack-encoder.js';
import { huffmanEncode } from '../packages/mesh/dist/http2/hpack/huffman-encode.js';

const REQUEST = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':authority', 'native-tools-2:50051'],
  [':path', '/helloworld.Greeter/SayHello'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
  ['user-agent', 'grpc-node-js/1.14.0'],
  ['grpc-accept-encoding', 'identity,deflate,gzip'],
  ['accept-encoding', 'identity'],
  ['version', 'v1'],
  ['grpc-timeout', '999m'],
];
const TRACED_REQUEST = [
  ...REQUEST,
  ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
];
const RESPONSE = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
  ['grpc-accept-encoding', 'identity,deflate,gzip'],
];
const TRAILERS = [
  ['grpc-status', '0'],
  ['grpc-message', ''],
];

/** Blocks as nghttp2 would send them: the first one, which fills the table, and all later ones. */
function blocksOf(list) {
  const first = [];
  const later = [];
  const string = (text) => {
    const out = Buffer.alloc(text.length * 4 + 8);
    const end = huffmanEncode(text, out, 0);
    return end < text.length
      ? [0x80 | end, ...out.subarray(0, end)]
      : [text.length, ...Buffer.from(text, 'latin1')];
  };
  const indexed = list.filter(([name, value]) => !LITERAL.has(name) && field(name, value).staticIndex === 0);
  for (const [name, value] of list) {
    const { staticIndex, staticNameIndex } = field(name, value);
    if (staticIndex > 0) {
      first.push(0x80 | staticIndex);
      later.push(0x80 | staticIndex);
      continue;
    }
    const position = indexed.findIndex((entry) => entry[0] === name);
    const prefixMax = position < 0 ? 0x0f : 0x3f;
    const nameIndex =
      staticNameIndex < prefixMax ? [staticNameIndex] : [prefixMax, staticNameIndex - prefixMax];
    const spelled = [...nameIndex, ...(staticNameIndex > 0 ? [] : string(name)), ...string(value)];
    if (position < 0) {
      first.push(...spelled);
      later.push(...spelled);
    } else {
      spelled[0] |= 0x40;
      first.push(...spelled);
      later.push(0x80 | (62 + indexed.length - 1 - position));
    }
  }
  return [Buffer.from(first), Buffer.from(later)];
}

const LITERAL = new Set([':path', 'content-length', 'grpc-timeout', 'traceparent']);

function field(name, value) {
  return new HeaderField(name, value);
}

function decoder(interner) {
  return new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 16384, maxFields: 100, interner });
}

/** Best of several rounds: the machine's other work can only make one slower. */
function measure(iterations, body) {
  let best = Infinity;
  for (let round = 0; round < 12; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < iterations; i++) body(i);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / iterations);
  }
  return best;
}

const ITERATIONS = 100_000;
const rows = [];
for (const [name, list] of [
  ['request', REQUEST],
  ['request, traced', TRACED_REQUEST],
  ['response', RESPONSE],
  ['trailers', TRAILERS],
]) {
  const [first, later] = blocksOf(list);
  const interner = new FieldInterner();
  const input = decoder(interner);
  const output = new HpackEncoder({ maxTableBytes: 4096 });
  const fields = [];
  const out = Buffer.alloc(4096);
  input.decode(first, 0, first.length, fields);
  for (let i = 0; i < 3; i++) output.encode(fields, out, 0);

  const decode = () => {
    fields.length = 0;
    if (input.decode(later, 0, later.length, fields) !== 0) throw new Error('decoding failed');
  };
  const encode = () => output.encode(fields, out, 0);
  rows.push({
    block: name,
    fields: list.length,
    'bytes in': later.length,
    'bytes out': encode(),
    'decode ns': Math.round(measure(ITERATIONS, decode)),
    'encode ns': Math.round(measure(ITERATIONS, encode)),
    'relay ns': Math.round(
      measure(ITERATIONS, () => {
        decode();
        encode();
      }),
    ),
    'fresh decode ns': Math.round(
      measure(ITERATIONS / 20, () => {
        fields.length = 0;
        decoder(interner).decode(first, 0, first.length, fields);
      }),
    ),
    'fresh encode ns': Math.round(
      measure(ITERATIONS / 20, () => {
        new HpackEncoder({ maxTableBytes: 4096 }).encode(fields, out, 0);
      }),
    ),
  });
}
console.table(rows);

// A trace context that differs each time: the worst that telemetry does to the cache.
{
  const interner = new FieldInterner();
  const input = decoder(interner);
  const output = new HpackEncoder({ maxTableBytes: 4096 });
  const [first] = blocksOf(TRACED_REQUEST);
  const fields = [];
  const out = Buffer.alloc(4096);
  input.decode(first, 0, first.length, fields);
  const blocks = [];
  for (let i = 0; i < 5000; i++) {
    const id = (i * 2654435761).toString(16).padStart(32, '0').slice(-32);
    const list = TRACED_REQUEST.slice(0, -1).concat([['traceparent', `00-${id}-b7ad6b7169203331-01`]]);
    blocks.push(blocksOf(list)[1]);
  }
  const ns = measure(50_000, (i) => {
    const block = blocks[i % blocks.length];
    fields.length = 0;
    input.decode(block, 0, block.length, fields);
    output.encode(fields, out, 0);
  });
  console.log(`relay of a request with a new traceparent each time: ${Math.round(ns)} ns`);
}
