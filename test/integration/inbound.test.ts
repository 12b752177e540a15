import { status as Status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { callUnary, createEchoClient, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { type InboundSidecar, startInboundSidecar } from '../support/inbound-sidecar.js';
import { needsWeir, startMesh } from '../support/mesh.js';
import { grpcHeaders, openSession, readResponse, startRawServer } from '../support/raw-http2.js';
import { readMetric } from '../support/read-metric.js';
import { until } from '../support/until.js';

describe('the inbound door', needsWeir, () => {
  const closing: (() => unknown)[] = [];
  const later = (close: () => unknown): void => void closing.push(close);

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const sidecarOf = async (application: string, ...args: string[]): Promise<InboundSidecar> => {
    const sidecar = await startInboundSidecar(application, ...args);
    later(() => sidecar.kill());
    return sidecar;
  };
  const clientOf = (address: string): EchoClient => {
    const client = createEchoClient(address);
    later(() => client.close());
    return client;
  };

  describe('in front of a gRPC server', () => {
    let server: EchoServer;
    before(async () => {
      server = await startEchoServer({ name: 'pod-1' });
    });
    after(() => server.destroy());

    it('lets calls through without a control plane, and counts them as inbound', async () => {
      const sidecar = await sidecarOf(server.address);
      const client = clientOf(sidecar.address);
      const { reply } = await callUnary(client, { payload: Buffer.from('hello') });
      assert.deepEqual([reply.server, reply.payload.toString()], ['pod-1', 'hello']);
      await assert.rejects(callUnary(client, { statusCode: Status.NOT_FOUND }), { code: Status.NOT_FOUND });
      await until('both are counted', async () => {
        const { body } = await sidecar.weir.get('/metrics');
        return readMetric(body, 'weir_requests_total', { direction: 'inbound' }) === 2;
      });
      const { body } = await sidecar.weir.get('/metrics');
      const labels = { endpoint: server.address, method: '/weir.test.Echo/Unary', direction: 'inbound' };
      assert.equal(readMetric(body, 'weir_requests_total', { ...labels, grpc_status: '5' }), 1);
      assert.equal(readMetric(body, 'weir_requests_total', { direction: 'outbound' }), 0);
      assert.equal(readMetric(body, 'weir_downstream_connections', { direction: 'inbound' }), 1);
    });

    it('shows the application at /clusters', async () => {
      const sidecar = await sidecarOf(server.address);
      await callUnary(clientOf(sidecar.address));
      const { clusters } = JSON.parse((await sidecar.weir.get('/clusters')).body) as {
        clusters: { name: string; direction: string; hosts: { address: string }[] }[];
      };
      assert.deepEqual(
        clusters.map(({ name, direction, hosts }) => [name, direction, hosts.map(({ address }) => address)]),
        [[`inbound|${server.port}||`, 'inbound', [server.address]]],
      );
    });

    it('relays with several processes as with one', async () => {
      const sidecar = await sidecarOf(server.address, '--concurrency', '2');
      const clients = Array.from({ length: 6 }, () => clientOf(sidecar.address));
      await Promise.all(clients.map((client) => callUnary(client)));
      await until('all are counted', async () => {
        const { body } = await sidecar.weir.get('/metrics');
        return readMetric(body, 'weir_requests_total', { direction: 'inbound', grpc_status: '0' }) === 6;
      });
    });

    it('lets calls under way finish when told to stop, and ends with code 0', async () => {
      const sidecar = await sidecarOf(server.address);
      const held = callUnary(clientOf(sidecar.address), { hold: true, payload: Buffer.from('last words') });
      await until('the call is open', () => server.open === 1);
      const idle = await openSession(sidecar.address);
      const goaway = once(idle, 'goaway');
      sidecar.weir.process.signal('SIGTERM');
      const [code] = (await goaway) as [number];
      assert.equal(code, 0, 'NO_ERROR');
      idle.destroy();
      server.release();
      assert.equal((await held).reply.payload.toString(), 'last words');
      assert.deepEqual(await sidecar.weir.process.exited, { code: 0, signal: null });
    });
  });

  it('leaves every header field as it is, :authority included', async () => {
    let received: Record<string, unknown> = {};
    const server = await startRawServer((stream, headers) => {
      received = { ...headers };
      stream.respond({ ':status': 200, 'x-answer': 'yes' });
      stream.end('body');
    });
    later(() => server.close());
    const sidecar = await sidecarOf(server.address);
    const session = await openSession(sidecar.address);
    later(() => session.destroy());
    const sent = {
      ...grpcHeaders('/a.B/C', { 'grpc-timeout': '5S', 'grpc-previous-rpc-attempts': '2' }),
      ':authority': 'somebody.else:1',
      'x-request-id': 'one',
    };
    const stream = session.request(sent);
    stream.end();
    const { headers, body } = await readResponse(stream);
    assert.deepEqual([headers['x-answer'], body.toString()], ['yes', 'body']);
    // Names and values only: the object of Node carries a symbol besides.
    assert.deepEqual(Object.fromEntries(Object.entries(received ?? {})), sent);
  });

  it('passes on what is not HTTP/2, whoever speaks first', async () => {
    const server = createServer((socket) => {
      socket.write('greetings\n');
      socket.pipe(socket);
    });
    const application = await listen(server);
    later(() => server.close());
    const sidecar = await sidecarOf(application);
    const [host = '', port] = sidecar.address.split(':');
    const silent = connect(Number(port), host);
    later(() => silent.destroy());
    assert.equal(String((await once(silent, 'data'))[0]), 'greetings\n');
    const talking = connect(Number(port), host);
    later(() => talking.destroy());
    talking.end('GET / HTTP/1.1\r\n\r\n');
    let text = '';
    for await (const chunk of talking) text += String(chunk);
    assert.equal(text, 'greetings\nGET / HTTP/1.1\r\n\r\n');
    const { body } = await sidecar.weir.get('/metrics');
    assert.equal(readMetric(body, 'weir_spliced_connections_total', { direction: 'inbound' }), 2);
  });

  it('refuses what it cannot bring to the application, so that callers send it elsewhere', async () => {
    const server = await startEchoServer({ name: 'alive' });
    later(() => server.destroy());
    const dead = await freeAddress();
    const [behindAlive, behindDead] = await Promise.all([sidecarOf(server.address), sidecarOf(dead)]);
    const session = await openSession(behindDead.address);
    later(() => session.destroy());
    let goaways = 0;
    session.on('goaway', () => goaways++);
    const stream = session.request(grpcHeaders('/weir.test.Echo/Unary'));
    stream.end();
    assert.equal((await readResponse(stream)).resetCode, 7, 'REFUSED_STREAM');
    assert.ok(
      goaways > 0,
      'the next request would fare no better: callers are to come anew, or go elsewhere',
    );

    const mesh = await startMesh([
      { name: 'alive', address: behindAlive.address },
      { name: 'dead', address: behindDead.address },
    ]);
    later(() => mesh.close());
    const client = mesh.client();
    for (let call = 0; call < 20; call++)
      assert.equal((await callUnary(client)).reply.server, 'alive', `call ${call}`);
  });
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function freeAddress(): Promise<string> {
  const server = createServer();
  const address = await listen(server);
  await new Promise((resolve) => void server.close(resolve));
  return address;
}
