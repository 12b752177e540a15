import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import { createEchoClient } from '../support/echo-client.js';
import { startEchoServer } from '../support/echo-server.js';
import { repositoryRoot } from '../support/node-process.js';
import {
  CONTINUATION,
  continuation,
  data,
  ENABLE_PUSH,
  endHeaders,
  FrameReader,
  goaway,
  HEADER_TABLE_SIZE,
  HEADERS,
  headers,
  INITIAL_WINDOW_SIZE,
  MAGIC,
  paddedData,
  ping,
  priority,
  priorityPayload,
  pushPromise,
  rstStream,
  settings,
  settingsAck,
  windowUpdate,
} from '../support/raw-frames/frame.js';
import { block, indexed, indexing, neverIndexed, sizeUpdate } from '../support/raw-frames/hpack-writer.js';

// The beginning of the corpus: what grpc-js and node:http2 say to each other, recorded from both sides, and frames
// written by hand. Run it with: node test/dist/fuzz/record-corpus.js

const corpus = join(repositoryRoot, 'test/fuzz/corpus');
/** Longer conversations teach the fuzzer nothing and slow it down. */
const MAX_BYTES = 3_000;

/** Listens before `upstream` and keeps what passes. */
async function tap(upstream: string): Promise<{
  readonly server: Server;
  readonly address: string;
  readonly toServer: Buffer[];
  readonly toClient: Buffer[];
}> {
  const toServer: Buffer[] = [];
  const toClient: Buffer[] = [];
  const [host, port] = upstream.split(':');
  const server = createServer((client) => {
    const socket = connect(Number(port), host);
    client.on('data', (chunk: Buffer) => toServer.push(chunk));
    socket.on('data', (chunk: Buffer) => toClient.push(chunk));
    client.on('error', () => socket.destroy());
    socket.on('error', () => client.destroy());
    client.pipe(socket).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}`, toServer, toClient };
}

function write(folder: string, name: string, ...parts: readonly Uint8Array[]): void {
  mkdirSync(join(corpus, folder), { recursive: true });
  writeFileSync(join(corpus, folder, `${name}.bin`), Buffer.concat(parts));
}

function save(name: string, toServer: Buffer, toClient: Buffer): void {
  write('frames', `${name}-to-server`, Buffer.of(0), toServer.subarray(0, MAX_BYTES));
  write('frames', `${name}-to-client`, Buffer.of(1), toClient.subarray(0, MAX_BYTES));
  write('hpack', `${name}-requests`, Buffer.of(0), ...blocksOf(toServer.subarray(MAGIC.length)));
  write('hpack', `${name}-responses`, Buffer.of(0), ...blocksOf(toClient));
}

/** The header blocks of one direction, each behind its length. Neither library pads or prioritises them. */
function blocksOf(bytes: Buffer): Buffer[] {
  return new FrameReader().push(bytes).flatMap(({ type, payload }) => {
    if (type !== HEADERS && type !== CONTINUATION) return [];
    return [uint16(payload.length), payload];
  });
}

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

async function recordGrpc(): Promise<void> {
  const echo = await startEchoServer({ name: 'recorded' });
  const { server, address, toServer, toClient } = await tap(echo.address);
  const client = createEchoClient(address);
  const metadata = new Metadata();
  metadata.set('x-user', 'somebody');
  for (let call = 0; call < 3; call++) {
    await new Promise<void>((resolve) => {
      client.Unary({ payload: Buffer.from(`call ${call}`) }, metadata, { deadline: Date.now() + 5_000 }, () =>
        resolve(),
      );
    });
  }
  const stream = client.ServerStream({ replyBytes: 40, replyCount: 3 }, metadata, {});
  stream.resume();
  await once(stream, 'end');
  client.close();
  server.close();
  echo.destroy();
  save('grpc-js', Buffer.concat(toServer), Buffer.concat(toClient));
}

async function recordHttp2(): Promise<void> {
  const origin = createHttp2Server();
  origin.on('stream', (stream) => {
    stream.additionalHeaders({ ':status': 103, link: '</style.css>' });
    stream.respond(
      { ':status': 200, 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }));
    stream.end('x'.repeat(300));
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const { server, address, toServer, toClient } = await tap(
    `127.0.0.1:${(origin.address() as AddressInfo).port}`,
  );
  const session = connectHttp2(`http://${address}`);
  for (const path of ['/', '/a/longer/path?with=a&query', '/']) {
    const stream = session.request({
      ':path': path,
      ':method': 'POST',
      cookie: 'c=3',
      'user-agent': 'recorded',
    });
    stream.end('y'.repeat(200));
    stream.resume();
    await once(stream, 'close');
  }
  await new Promise<void>((resolve) => session.ping(() => resolve()));
  session.close();
  await once(session, 'close');
  server.close();
  origin.close();
  save('node-http2', Buffer.concat(toServer), Buffer.concat(toClient));
}

/** Frames that neither library sends, right and wrong, to a server and to a client. */
function writeByHand(): void {
  const get = block([':method', 'GET'], [':scheme', 'http'], [':path', '/'], [':authority', 'x']);
  const begin = [MAGIC, settings([INITIAL_WINDOW_SIZE, 10], [HEADER_TABLE_SIZE, 0]), settingsAck()];
  const requests: Readonly<Record<string, readonly Uint8Array[]>> = {
    padded: [
      headers(1, Buffer.concat([Buffer.of(2), get, Buffer.alloc(2)]), 0x0c),
      paddedData(1, 'data', 9, 1),
    ],
    priority: [headers(1, Buffer.concat([priorityPayload({ dependsOn: 3 }), get]), 0x25), priority(7)],
    continued: [
      headers(1, get.subarray(0, 4), 1),
      continuation(1, get.subarray(4, 9), 0),
      continuation(1, get.subarray(9)),
    ],
    trailers: [
      headers(1, get),
      data(1, 'some'),
      windowUpdate(1, 100),
      windowUpdate(0, 1),
      endHeaders(1, block(['x', 'y'])),
    ],
    reset: [
      headers(1, get),
      rstStream(1, 8),
      data(1, 'late'),
      endHeaders(3, get),
      goaway(0, 0, 'bye'),
      ping('ping'),
    ],
    malformed: [endHeaders(1, block(['X', 'y'])), endHeaders(3, get), pushPromise(3, 2, get)],
    settings: [1, 2, 3, 4, 5, 6, 9].map((id) => settings([id, 16_384], [id, 0x7fffffff])),
    twice: [endHeaders(1, get), endHeaders(1, block(['x', 'y'])), data(1, 'z')],
    windows: [headers(1, get), settings([4, 5]), settings([4, 0x7fffffff]), windowUpdate(1, 0x7fffffff)],
    many: Array.from({ length: 8 }, (_, at) => endHeaders(1 + 2 * at, get)),
  };
  for (const [name, frames] of Object.entries(requests)) {
    write('frames', `hand-${name}-to-server`, Buffer.of(0), ...begin, ...frames);
    write('frames', `hand-${name}-to-silent-server`, Buffer.of(2), ...begin, ...frames);
    write('frames', `hand-${name}-to-long-server`, Buffer.of(8 + 16), ...begin, ping('', 1), ...frames);
  }
  const ok = block([':status', '200'], ['content-length', '4']);
  const responses: Readonly<Record<string, readonly Uint8Array[]>> = {
    plain: [headers(1, ok), data(1, 'four', 1), headers(3, block([':status', '103'])), endHeaders(3, ok)],
    trailers: [headers(5, ok), paddedData(5, 'four', 3), endHeaders(5, block(['grpc-status', '0']))],
    goaway: [headers(1, ok), goaway(1, 0), data(1, 'four', 1), goaway(1, 2, 'why')],
    reset: [rstStream(1, 7), windowUpdate(3, 1000), rstStream(3, 8), ping('ping', 1), windowUpdate(5, 0)],
    push: [settings([ENABLE_PUSH, 1]), pushPromise(1, 2, get)],
  };
  for (const [name, frames] of Object.entries(responses))
    write('frames', `hand-${name}-to-client`, Buffer.of(1), settings(), settingsAck(), ...frames);

  const blocks: Readonly<Record<string, readonly Uint8Array[]>> = {
    table: [indexing(['name', 'value']), indexed(62), sizeUpdate(0), Buffer.concat([sizeUpdate(100), get])],
    never: [
      neverIndexed(['secret', 'value']),
      neverIndexed(['secret', 'value']),
      indexing(['a', 'b'.repeat(300)]),
    ],
    // RFC 7541 C.4: three requests with Huffman coding.
    huffman: [
      Buffer.from('828684418cf1e3c2e5f23a6ba0ab90f4ff', 'hex'),
      Buffer.from('828684be5886a8eb10649cbf', 'hex'),
      Buffer.from('828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf', 'hex'),
    ],
    limits: [sizeUpdate(4096), sizeUpdate(256), sizeUpdate(4097)],
    full: [...['a', 'b', 'c', 'd'].map((name) => indexing([name.repeat(16), 'v'.repeat(16)])), indexed(65)],
    wrong: [get, Buffer.of(0x80)],
  };
  for (const [name, list] of Object.entries(blocks)) {
    for (const table of [0, 2, 3])
      write(
        'hpack',
        `hand-${name}-${table}`,
        Buffer.of(table),
        ...list.flatMap((bytes) => [uint16(bytes.length), bytes]),
      );
  }
}

await recordGrpc();
await recordHttp2();
writeByHand();
