// The codec against an independent one: nghttp2, which Node carries in node:http2. The streams between them are
// in memory.

import assert from 'node:assert/strict';
import {
  connect,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { FieldInterner, HeaderField } from './header-field.js';
import { DECODE_OK, HpackDecoder } from './hpack-decoder.js';
import { HpackEncoder } from './hpack-encoder.js';

type Pairs = readonly (readonly [name: string, value: string])[];

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const FRAME_HEADERS = 1;
const FRAME_SETTINGS = 4;
const FRAME_CONTINUATION = 9;
const FLAG_ACK = 0x1;
const FLAG_END_STREAM = 0x1;
const FLAG_END_HEADERS = 0x4;
const FLAG_PADDED = 0x8;
const FLAG_PRIORITY = 0x20;
const SETTINGS_HEADER_TABLE_SIZE = 1;

/** One end of a pipe in memory; what is written there `onWrite` gets. */
class PipeEnd extends Duplex {
  onWrite: (chunk: Buffer) => void = () => {};

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.onWrite(chunk);
    done();
  }

  override _final(done: () => void): void {
    done();
  }
}

/** Cuts a byte stream into frames, after the preface where there is one. */
class FrameTap {
  readonly #onFrame: (type: number, flags: number, payload: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);
  #prefaceBytes: number;

  constructor(fromClient: boolean, onFrame: (type: number, flags: number, payload: Buffer) => void) {
    this.#prefaceBytes = fromClient ? PREFACE.length : 0;
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (this.#rest.length < this.#prefaceBytes) return;
    this.#rest = this.#rest.subarray(this.#prefaceBytes);
    this.#prefaceBytes = 0;
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) return;
      this.#onFrame(this.#rest[3]!, this.#rest[4]!, this.#rest.subarray(9, end));
      this.#rest = this.#rest.subarray(end);
    }
  }
}

function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** Decodes the header blocks among the frames of one direction. */
function blockReader(lists: Pairs[]): (type: number, flags: number, payload: Buffer) => void {
  const decoder = new HpackDecoder({
    maxTableBytes: 4096,
    maxListBytes: 1 << 20,
    maxFields: 1000,
    interner: new FieldInterner(),
  });
  let block: Buffer = Buffer.alloc(0);
  return (type, flags, payload) => {
    if (type !== FRAME_HEADERS && type !== FRAME_CONTINUATION) return;
    if (type === FRAME_HEADERS) {
      const padding = (flags & FLAG_PADDED) !== 0 ? payload[0]! + 1 : 0;
      const start = (padding > 0 ? 1 : 0) + ((flags & FLAG_PRIORITY) !== 0 ? 5 : 0);
      block = payload.subarray(start, payload.length - Math.max(0, padding - 1));
    } else {
      block = Buffer.concat([block, payload]);
    }
    if ((flags & FLAG_END_HEADERS) === 0) return;
    const fields: HeaderField[] = [];
    assert.equal(decoder.decode(block, 0, block.length, fields), DECODE_OK);
    lists.push(fields.map(({ name, value }) => [name, value]));
  };
}

function pairs(raw: readonly string[]): Pairs {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i]!, raw[2 * i + 1]!]);
}

const words = fc.sample(fc.stringMatching(/^[a-z0-9-]{1,12}$/), { seed: 7541, numRuns: 40 });
const header = fc.tuple(
  fc.constantFrom(
    'x-tenant',
    'user-agent',
    'grpc-timeout',
    'authorization',
    'accept',
    ...words.slice(0, 10).map((w) => `x-${w}`),
  ),
  fc.oneof(
    fc.constantFrom(...words),
    fc
      .string({ unit: fc.constantFrom(...'abcXYZ 0129/_=;~|{}<>'), maxLength: 300 })
      .map((text) => text.trim()),
  ),
);
// Each octet that a value may have, among so many short codes that Huffman coding pays.
const octets = Array.from({ length: 256 }, (_, octet) => octet).filter(
  (octet) => octet > 0x20 && octet !== 0x7f,
);
const lists: Pairs[] = [
  ...fc.sample(fc.uniqueArray(header, { maxLength: 12, selector: ([name]) => name }), {
    seed: 7541,
    numRuns: 150,
  }),
  ...octets.map((octet): Pairs => [
    ['x-octet', `${'a'.repeat(20)}${String.fromCharCode(octet)}${'e'.repeat(20)}`],
  ]),
];

test('what nghttp2 encodes, for requests and responses, decodes to the same lists', async () => {
  const sent: Pairs[] = [];
  const requests: Pairs[] = [];
  const responses: Pairs[] = [];
  const [near, far] = [new PipeEnd(), new PipeEnd()];
  const fromClient = new FrameTap(true, blockReader(requests));
  const fromServer = new FrameTap(false, blockReader(responses));
  near.onWrite = (chunk) => {
    fromClient.push(chunk);
    far.push(chunk);
  };
  far.onWrite = (chunk) => {
    fromServer.push(chunk);
    near.push(chunk);
  };
  const received: Pairs[] = [];
  const server = createServer();
  server.on(
    'stream',
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
      received.push(pairs(raw));
      const echoed: OutgoingHttpHeaders = { ':status': 200 };
      for (const [name, value] of pairs(raw)) if (name.startsWith('x-')) echoed[name] = value;
      assert.equal(headers[':path'], '/pkg.Service/Method');
      stream.respond(echoed, { endStream: true });
    },
  );
  server.emit('connection', far);
  const session = connect('http://native-tools-2:50051', { createConnection: () => near });
  for (const list of lists) {
    const headers: OutgoingHttpHeaders = {
      ':method': 'POST',
      ':path': '/pkg.Service/Method',
      te: 'trailers',
    };
    for (const [name, value] of list) headers[name] = value;
    const stream = session.request(headers, { endStream: true });
    await new Promise<void>((resolve, reject) => {
      stream.on('error', reject);
      stream.on('response', (got) => {
        const expected = list.filter(([name]) => name.startsWith('x-'));
        sent.push([...expected].toSorted());
        for (const [name, value] of expected) assert.equal(got[name], value);
      });
      stream.on('close', resolve);
      stream.resume();
    });
  }
  session.destroy();
  assert.deepEqual(requests, received);
  assert.equal(requests.length, lists.length);
  const own = responses.map((list) => list.filter(([name]) => name.startsWith('x-')).toSorted());
  assert.deepEqual(own, sent);
});

test('what the encoder encodes nghttp2 decodes to the same lists, while it changes the table size', async () => {
  const encoder = new HpackEncoder({ maxTableBytes: 4096 });
  const wire = new PipeEnd();
  const received: Pairs[] = [];
  const sizes: number[] = [];
  const fromServer = new FrameTap(false, (type, flags, payload) => {
    if (type !== FRAME_SETTINGS || (flags & FLAG_ACK) !== 0) return;
    for (let at = 0; at < payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== SETTINGS_HEADER_TABLE_SIZE) continue;
      sizes.push(payload.readUInt32BE(at + 2));
      encoder.setMaxTableBytes(payload.readUInt32BE(at + 2));
    }
    wire.push(frame(FRAME_SETTINGS, FLAG_ACK, 0, Buffer.alloc(0)));
  });
  wire.onWrite = (chunk) => fromServer.push(chunk);

  const server = createServer();
  const errors: Error[] = [];
  let arrived: () => void = () => {};
  server.on('sessionError', (error: Error) => errors.push(error));
  server.on(
    'stream',
    (stream: ServerHttp2Stream, _headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
      received.push(pairs(raw));
      const tableSizes = [0, 64, 4096, 300, 1000];
      const next =
        received.length % 10 === 0 ? tableSizes[(received.length / 10) % tableSizes.length] : undefined;
      if (next !== undefined) stream.session?.settings({ headerTableSize: next });
      stream.respond({ ':status': 204 }, { endStream: true });
      setImmediate(arrived);
    },
  );
  server.emit('connection', wire);
  wire.push(Buffer.concat([Buffer.from(PREFACE), frame(FRAME_SETTINGS, 0, 0, Buffer.alloc(0))]));

  const expected: Pairs[] = [];
  // Each list twice: the encoder Huffman codes what it sees again.
  for (const list of lists.flatMap((each) => [each, each])) {
    const full: Pairs = [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':authority', 'native-tools-2:50051'],
      [':path', '/pkg.Service/Method'],
      ...list,
    ];
    const fields = full.map(([name, value]) => new HeaderField(name, value, value.length % 10 === 9));
    const out = Buffer.alloc(encoder.encodedBound(fields));
    const block = out.subarray(0, encoder.encode(fields, out, 0));
    const flags = FLAG_END_HEADERS | FLAG_END_STREAM;
    const done = new Promise<void>((resolve) => (arrived = resolve));
    wire.push(frame(FRAME_HEADERS, flags, 2 * expected.length + 1, block));
    expected.push(full);
    await done;
  }
  wire.destroy();
  assert.deepEqual(errors, []);
  assert.deepEqual(received, expected);
  assert.ok(sizes.length > 10);
});
