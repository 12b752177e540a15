import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir, startMesh, type Mesh } from '../support/mesh.js';
import { until } from '../support/until.js';

/** A TCP server that does `serve` with each connection. */
async function startStranger(serve: (socket: Socket) => void): Promise<{ address: string; server: Server }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function dial(address: string): Promise<Socket> {
  const [host, port] = address.split(':');
  const socket = connect({ host: host!, port: Number(port), allowHalfOpen: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** A tunnel by HTTP CONNECT. */
async function tunnel(proxy: string, target: string): Promise<Socket> {
  const socket = await dial(proxy);
  socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 200 /);
  return socket;
}

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

describe('a captured connection', needsWeir, () => {
  let server: EchoServer;
  let mesh: Mesh;

  before(async () => {
    server = await startEchoServer({ name: 'pod-1' });
    mesh = await startMesh([server]);
  });
  after(async () => {
    await mesh.close();
    server.destroy();
  });

  it('that closes without a word is let go at once, at either port', async () => {
    for (const address of [mesh.address, mesh.weir.outbound]) {
      const probe = await dial(address);
      probe.end();
      probe.resume();
      await once(probe, 'close');
    }
  });

  it('passes an upload on to its last byte though the answer ended first', async () => {
    const sent = Buffer.alloc(8 * 1024 * 1024, 'upload');
    const accepted: Socket[] = [];
    const stranger = await startStranger((socket) => accepted.push(socket));
    try {
      const caller = await tunnel(mesh.weir.outbound, stranger.address);
      await until('the tunnel stands', () => accepted.length === 1);
      accepted[0]!.end('no answer');
      const answer = readAll(caller);
      caller.end(sent);
      assert.equal((await answer).toString(), 'no answer');
      // It begins to read when the caller has nothing left to say.
      const heard = await readAll(accepted[0]!);
      assert.ok(heard.equals(sent), `${heard.length} of ${sent.length} bytes`);
    } finally {
      stranger.server.close();
    }
  });

  it('is reset when the stranger resets, and resets the stranger when it is reset', async () => {
    const accepted: Socket[] = [];
    const stranger = await startStranger((socket) => accepted.push(socket));
    try {
      const first = await tunnel(mesh.weir.outbound, stranger.address);
      await until('the tunnel stands', () => accepted.length === 1);
      const failed = once(first, 'error');
      accepted[0]!.resetAndDestroy();
      const [error] = (await failed.catch((reason: unknown) => [reason])) as [NodeJS.ErrnoException];
      assert.equal(error.code, 'ECONNRESET');

      const second = await tunnel(mesh.weir.outbound, stranger.address);
      await until('the tunnel stands', () => accepted.length === 2);
      const gone = once(accepted[1]!, 'error').catch((reason: unknown) => [reason]);
      accepted[1]!.resume();
      second.resetAndDestroy();
      const [reason] = (await gone) as [NodeJS.ErrnoException];
      assert.equal(reason.code, 'ECONNRESET');
    } finally {
      stranger.server.close();
    }
  });
});

describe('a sidecar that is told to stop', needsWeir, () => {
  it('does not wait for connections that have not said what they are', async () => {
    const server = await startEchoServer({ name: 'pod-1' });
    const mesh = await startMesh([server]);
    try {
      const silent = await Promise.all([mesh.address, mesh.weir.outbound].map(dial));
      for (const socket of silent) socket.resume();
      const begun = performance.now();
      mesh.weir.process.signal('SIGTERM');
      assert.deepEqual(await mesh.weir.process.exited, { code: 0, signal: null });
      assert.ok(performance.now() - begun < 2_000);
    } finally {
      await mesh.close();
      server.destroy();
    }
  });
});
