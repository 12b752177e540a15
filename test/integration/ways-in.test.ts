import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, request } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { countByServer, createEchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir, startMesh, type Mesh } from '../support/mesh.js';
import { until } from '../support/until.js';

/** CONNECTs through the proxy as any HTTP client would. */
async function connectThrough(
  proxy: string,
  target: string,
): Promise<{ readonly status: number; readonly socket: Socket; readonly head: Buffer }> {
  const [host, port] = proxy.split(':');
  const asking = request({ host, port, method: 'CONNECT', path: target });
  asking.end();
  const [response, socket, head] = (await once(asking, 'connect')) as [
    { statusCode: number },
    Socket,
    Buffer,
  ];
  return { status: response.statusCode, socket, head };
}

describe('the ways into the sidecar', needsWeir, () => {
  let servers: EchoServer[];
  let mesh: Mesh;

  before(async () => {
    servers = await Promise.all(['pod-1', 'pod-2', 'pod-3'].map((name) => startEchoServer({ name })));
    mesh = await startMesh(servers);
  });
  after(async () => {
    await mesh.close();
    for (const server of servers) server.destroy();
  });

  const allThree = ['pod-1', 'pod-2', 'pod-3'];

  it('an own port for a service: --listen', async () => {
    assert.deepEqual(Object.keys(await countByServer(mesh.client(), 60)).sort(), allThree);
  });

  for (const name of ['echo', 'echo.default', 'echo.default.svc', 'echo.default.svc.cluster.local']) {
    it(`HTTP CONNECT by grpc_proxy to ${name}:50051`, async () => {
      const client = mesh.keep(createEchoClient(`${name}:50051`, { connectProxy: mesh.weir.outbound }));
      assert.deepEqual(Object.keys(await countByServer(client, 60)).sort(), allThree);
    });
  }

  it('HTTP CONNECT to a service that is then called by another name', async () => {
    const client = mesh.keep(
      createEchoClient('echo:50051', {
        connectProxy: mesh.weir.outbound,
        grpc: { 'grpc.default_authority': 'alias.example' },
      }),
    );
    assert.deepEqual(Object.keys(await countByServer(client, 60)).sort(), allThree);
  });

  it('several services through one CONNECT address', async () => {
    mesh.directory.service('other', 6000);
    mesh.directory.endpoint('other', 'other-1', servers[0]?.address ?? '');
    await until('the sidecar knows it', async () =>
      (await mesh.weir.get('/clusters')).body.includes('other-1'),
    );
    const other = mesh.keep(createEchoClient('other:6000', { connectProxy: mesh.weir.outbound }));
    assert.deepEqual(await countByServer(other, 10), { 'pod-1': 10 });
    const echo = mesh.keep(createEchoClient('echo:50051', { connectProxy: mesh.weir.outbound }));
    assert.deepEqual(Object.keys(await countByServer(echo, 60)).sort(), allThree);
  });

  it('CONNECT to a stranger that speaks HTTP/2 passes through', async () => {
    const stranger = await startEchoServer({ name: 'stranger' });
    try {
      const client = mesh.keep(createEchoClient(stranger.address, { connectProxy: mesh.weir.outbound }));
      assert.deepEqual(await countByServer(client, 5), { stranger: 5 });
    } finally {
      stranger.destroy();
    }
  });

  it('CONNECT to a stranger that speaks HTTP/1.1 passes through', async () => {
    const stranger = createHttpServer((_, response) => response.end('plain old HTTP'));
    stranger.listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const target = `127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    try {
      const { status, socket } = await connectThrough(mesh.weir.outbound, target);
      assert.equal(status, 200);
      let answer = '';
      socket.on('data', (data: Buffer) => (answer += data.toString()));
      socket.write(`GET / HTTP/1.1\r\nhost: ${target}\r\nconnection: close\r\n\r\n`);
      await once(socket, 'end');
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*plain old HTTP/);
    } finally {
      stranger.close();
    }
  });

  it('CONNECT to a stranger that speaks first passes through', async () => {
    const stranger = createServer((socket) => {
      socket.write('220 welcome\r\n');
      socket.on('data', (data) => socket.end(`you said ${data.toString()}`));
      socket.on('error', () => {});
    });
    stranger.listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const target = `127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    try {
      const { status, socket, head } = await connectThrough(mesh.weir.outbound, target);
      assert.equal(status, 200);
      let heard = head.toString();
      socket.on('data', (data: Buffer) => (heard += data.toString()));
      while (!heard.includes('\n')) await once(socket, 'data');
      socket.write('hello');
      await once(socket, 'end');
      assert.equal(heard, '220 welcome\r\nyou said hello');
    } finally {
      stranger.close();
    }
  });

  it('CONNECT to where nobody listens is refused', async () => {
    const { status, socket } = await connectThrough(mesh.weir.outbound, '127.0.0.1:1');
    assert.ok(status >= 500, `status ${status}`);
    socket.destroy();
  });
});
