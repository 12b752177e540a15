// Nanoseconds per header block of the HPACK codec alone: `npm run build && node bench/hpack.mjs`.
//
// The input is what grpc-js would send: a session of calls encoded by nghttp2 inside node:http2, over streams in
// memory. Each session is decoded, and encoded again, from its first block on with fresh tables, as one
// connection's worth of work for a relay; the figures are means per block, best of several rounds, since other
// work on the machine can only make a round slower.

import { connect, createServer } from 'node:http2';
import { Duplex } from 'node:stream';
import { FieldInterner } from '../packages/mesh/dist/http2/hpack/header-field.js';
import { DECODE_OK, HpackDecoder } from '../packages/mesh/dist/http2/hpack/hpack-decoder.js';
import { HpackEncoder } from '../packages/mesh/dist/http2/hpack/hpack-encoder.js';

const CALLS = 2000;
const ROUNDS = 40;

const REQUEST = {
  ':method': 'POST',
  ':scheme': 'http',
  ':authority': 'native-tools-2:50051',
  ':path': '/helloworld.Greeter/SayHello',
  'content-type': 'application/grpc',
  te: 'trailers',
  'user-agent': 'grpc-node-js/1.14.0',
  'grpc-accept-encoding': 'identity,deflate,gzip',
  'accept-encoding': 'identity',
  version: 'v1',
};
const RESPONSE = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity,deflate,gzip',
};
const TRAILERS = { 'grpc-status': '0', 'grpc-message': 'OK' };

const SCENARIOS = {
  'the same call': () => REQUEST,
  'timeout varies': (i) => ({ ...REQUEST, 'grpc-timeout': `${900 + ((i * 37) % 100)}m` }),
  'timeout and trace differ': (i) => ({
    ...REQUEST,
    'grpc-timeout': `${900 + ((i * 37) % 100)}m`,
    traceparent: `00-${hex(i, 32)}-${hex(i + 1, 16)}-01`,
  }),
  'request id differs, 20 methods': (i) => ({
    ...REQUEST,
    ':path': `/helloworld.Greeter/Method${i % 20}`,
    'x-call-id': hex(i, 24),
  }),
};

function hex(n, digits) {
  return (BigInt(n + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n)
    .toString(16)
    .slice(-digits)
    .padStart(digits, '0');
}

class PipeEnd extends Duplex {
  onWrite = () => {};
  _read() {}
  _write(chunk, _encoding, done) {
    this.onWrite(chunk);
    done();
  }
  _final(done) {
    done();
  }
}

/** Collects the payloads of HEADERS frames, which here are never padded or continued. */
function blocksOf(bytes, start) {
  const all = Buffer.concat(bytes);
  const blocks = [];
  for (let at = start; at < all.length;) {
    const length = all.readUIntBE(at, 3);
    if (all[at + 3] === 1) {
      const priority = (all[at + 4] & 0x20) !== 0 ? 5 : 0;
      blocks.push(Buffer.from(all.subarray(at + 9 + priority, at + 9 + length)));
    }
    at += 9 + length;
  }
  return blocks;
}

async function record(headersOf) {
  const [near, far] = [new PipeEnd(), new PipeEnd()];
  const [sent, answered] = [[], []];
  near.onWrite = (chunk) => {
    sent.push(chunk);
    far.push(chunk);
  };
  far.onWrite = (chunk) => {
    answered.push(chunk);
    near.push(chunk);
  };
  const server = createServer();
  server.on('stream', (stream) => {
    stream.respond(RESPONSE, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(TRAILERS));
    stream.end();
  });
  server.emit('connection', far);
  const session = connect('http://native-tools-2:50051', { createConnection: () => near });
  for (let i = 0; i < CALLS; i++) {
    const stream = session.request(headersOf(i), { endStream: true });
    await new Promise((resolve) => stream.on('close', resolve).resume());
  }
  session.destroy();
  return { requests: blocksOf(sent, 24), answers: blocksOf(answered, 0) };
}

function measure(blocks) {
  const interner = new FieldInterner();
  const out = Buffer.alloc(16384);
  const fields = [];
  const lists = blocks.map(() => []);
  let [decodeNs, encodeNs, relayNs, bytesOut] = [Infinity, Infinity, Infinity, 0];
  const newDecoder = () =>
    new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 16384, maxFields: 100, interner });
  for (let round = 0; round < ROUNDS; round++) {
    let decoder = newDecoder();
    let start = process.hrtime.bigint();
    for (let i = 0; i < blocks.length; i++) {
      lists[i].length = 0;
      if (decoder.decode(blocks[i], 0, blocks[i].length, lists[i]) !== DECODE_OK)
        throw new Error('decoding failed');
    }
    decodeNs = Math.min(decodeNs, Number(process.hrtime.bigint() - start));

    let encoder = new HpackEncoder({ maxTableBytes: 4096 });
    bytesOut = 0;
    start = process.hrtime.bigint();
    for (let i = 0; i < lists.length; i++) bytesOut += encoder.encode(lists[i], out, 0);
    encodeNs = Math.min(encodeNs, Number(process.hrtime.bigint() - start));

    decoder = newDecoder();
    encoder = new HpackEncoder({ maxTableBytes: 4096 });
    start = process.hrtime.bigint();
    for (let i = 0; i < blocks.length; i++) {
      fields.length = 0;
      decoder.decode(blocks[i], 0, blocks[i].length, fields);
      encoder.encode(fields, out, 0);
    }
    relayNs = Math.min(relayNs, Number(process.hrtime.bigint() - start));
  }
  const bytesIn = blocks.reduce((sum, block) => sum + block.length, 0);
  return {
    fields: Math.round(lists.reduce((sum, list) => sum + list.length, 0) / blocks.length),
    'bytes in': Math.round(bytesIn / blocks.length),
    'bytes out': Math.round(bytesOut / blocks.length),
    'decode ns': Math.round(decodeNs / blocks.length),
    'encode ns': Math.round(encodeNs / blocks.length),
    'relay ns': Math.round(relayNs / blocks.length),
  };
}

const table = {};
for (const [scenario, headersOf] of Object.entries(SCENARIOS)) {
  const { requests, answers } = await record(headersOf);
  table[`request: ${scenario}`] = measure(requests);
  if (headersOf !== SCENARIOS['the same call']) continue;
  // They share one table, so that they cannot be taken apart.
  table['response and trailers, mean'] = measure(answers);
}
console.table(table);
