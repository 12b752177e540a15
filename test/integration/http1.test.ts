import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { exchangeRaw, Http1TestClient, tunnelTo, type Http1Call } from '../support/http1-client.js';
import { Http1TestServer, type Http1Handler } from '../support/http1-server.js';
import { needsWeir } from '../support/mesh.js';
import { readMetric } from '../support/read-metric.js';
import { ServiceMesh } from '../support/service-mesh.js';
import { until } from '../support/until.js';

const PORT = 8080;

function virtualService(host: string, http: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${host.replaceAll('.', '-')} }
spec:
  hosts: [${host}]
  http: ${http}
`;
}

/** Answers by path; `/` with its name. */
const serve =
  (name: string): Http1Handler =>
  (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://a.test');
    switch (pathname) {
      case '/echo':
        response.writeHead(200, { 'X-Mixed-Case': 'kept', 'set-cookie': ['a=1', 'b=2'] });
        request.pipe(response);
        break;
      case '/trailers':
        response.writeHead(200, { trailer: 'x-sum' });
        response.write('body');
        response.addTrailers({ 'x-sum': '7' });
        response.end();
        break;
      case '/none':
        response.writeHead(204).end();
        break;
      case '/old':
        response.writeHead(304, { etag: '"1"' }).end();
        break;
      case '/late':
        setTimeout(() => response.end('late'), 3_000).unref();
        break;
      case '/soon':
        setTimeout(() => response.end('soon'), 500);
        break;
      case '/failing':
        response.writeHead(503).end('no');
        break;
      default:
        response.setHeader('content-length', name.length);
        response.end(name);
    }
  };

describe('HTTP/1.1 to a service', needsWeir, () => {
  const servers: Http1TestServer[] = [];
  const clients: Http1TestClient[] = [];
  let mesh: ServiceMesh;
  let flaky: Http1TestServer;
  let flakyAnswers = 0;

  const connectTo = async (host: string): Promise<Http1TestClient> => {
    const client = await Http1TestClient.connect(mesh.weir.outbound, `${host}:${PORT}`);
    clients.push(client);
    return client;
  };
  const start = async (name: string, handle: Http1Handler = serve(name)): Promise<Http1TestServer> => {
    const server = await new Http1TestServer(name, handle).listen();
    servers.push(server);
    return server;
  };
  const count = async (client: Http1TestClient, times: number, call?: Http1Call) => {
    const counts: Record<string, number> = {};
    for (let at = 0; at < times; at++) {
      const { body } = await client.call(call);
      counts[body.toString()] = (counts[body.toString()] ?? 0) + 1;
    }
    return counts;
  };

  before(async () => {
    const three = [await start('one'), await start('two'), await start('three')];
    flaky = await start('flaky', (_, response) => {
      flakyAnswers++;
      response.writeHead(flakyAnswers % 2 === 1 ? 503 : 200).end('flaky');
    });
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const closed = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    silent.close();
    const pods = three.map((server) => ({ server }));
    mesh = new ServiceMesh();
    const add = (
      host: string,
      http = '',
      endpoints: Parameters<ServiceMesh['service']>[1] = pods,
      more = '',
    ) => mesh.service(host, endpoints, `${http === '' ? '' : virtualService(host, http)}${more}`, [PORT]);
    add('spread.test');
    const subsets = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: canary }
spec:
  host: canary.test
  subsets:
    - { name: stable, labels: { version: stable } }
    - { name: canary, labels: { version: canary } }
`;
    add(
      'canary.test',
      `
    - match: [{ headers: { x-user: { exact: tester } } }]
      route: [{ destination: { host: canary.test, subset: canary } }]
    - route:
        - { destination: { host: canary.test, subset: stable }, weight: 75 }
        - { destination: { host: canary.test, subset: canary }, weight: 25 }
`,
      [
        { server: three[0]!, labels: { version: 'stable' } },
        { server: three[1]!, labels: { version: 'canary' } },
      ],
      subsets,
    );
    add('slow.test', '[{ timeout: 200ms, route: [{ destination: { host: slow.test } }] }]');
    add('refusing.test', '', [{ server: three[0]! }, { server: { address: closed } }]);
    add('dead.test', '', [{ server: { address: closed } }]);
    add(
      'flaky.test',
      '[{ retries: { attempts: 2, retryOn: "5xx" }, route: [{ destination: { host: flaky.test } }] }]',
      [{ server: flaky }],
    );
    add('moved.test', '[{ redirect: { uri: /new, authority: other.test } }]');
    add('direct.test', '[{ directResponse: { status: 418, body: { string: "teapot" } } }]');
    add(
      'changed.test',
      `
    - match: [{ uri: { prefix: /from } }]
      rewrite: { uri: /echo, authority: inner.test }
      headers:
        request: { set: { x-added: yes-please }, remove: [x-secret] }
        response: { set: { x-answered: by-rule } }
      route: [{ destination: { host: changed.test } }]
    - route: [{ destination: { host: changed.test } }]
`,
    );
    // A Service, as no other can have such a policy.
    mesh.directory.service('limited', PORT);
    for (const { name, address } of three) mesh.directory.endpoint('limited', name, address);
    mesh.directory.write(
      'limited.yaml',
      `apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: { name: limited, namespace: default }
spec: { targetRef: { kind: Service, name: limited }, rateLimit: { requestsPerUnit: 2, unit: hour } }
`,
    );
    await mesh.start('--balancer', 'round_robin', '--drain-time', '5s');
  });
  after(async () => {
    for (const client of clients) client.close();
    await mesh.close();
    for (const server of servers) server.destroy();
  });

  it('is spread per request over all endpoints on one kept connection', async () => {
    const client = await connectTo('spread.test');
    assert.deepEqual(await count(client, 30), { one: 10, two: 10, three: 10 });
    const metrics = (await mesh.weir.get('/metrics')).body;
    assert.equal(
      readMetric(metrics, 'weir_requests_total', { service: 'spread.test', method: 'HTTP/1.1' }),
      30,
    );
  });

  it('follows weights and headers to a canary', async () => {
    const client = await connectTo('canary.test');
    assert.deepEqual(await count(client, 10, { headers: { 'x-user': 'tester' } }), { two: 10 });
    const { one = 0, two = 0 } = await count(client, 200);
    assert.equal(one + two, 200);
    assert.ok(two > 25 && two < 80, `${two} of 200 to the canary`);
  });

  it('gets 504 when the time of its route is up', async () => {
    const client = await connectTo('slow.test');
    const { status, tookMs, body } = await client.call({ path: '/late' });
    assert.equal(status, 504);
    assert.match(body.toString(), /200 ms/);
    assert.ok(tookMs < 1_500, `${tookMs} ms`);
  });

  it('does not notice an endpoint that refuses connections', async () => {
    const client = await connectTo('refusing.test');
    assert.deepEqual(await count(client, 20), { one: 20 });
    assert.equal(
      (await client.call({ method: 'POST', path: '/echo', body: 'again' })).body.toString(),
      'again',
    );
    assert.equal((await (await connectTo('dead.test')).call()).status, 503);
  });

  it('is sent again by status, with its body, when its policy says so', async () => {
    const client = await connectTo('flaky.test');
    flakyAnswers = 0;
    assert.equal((await client.call({ method: 'POST', body: 'x'.repeat(1000) })).status, 200);
    assert.equal(flakyAnswers, 2);
    const long = await client.call({ method: 'POST', body: Buffer.alloc(1024 * 1024) });
    assert.equal(long.status, 503, 'a body that is not kept is sent once');
  });

  it('is answered by redirects, direct responses and rate limits', async () => {
    const moved = await (await connectTo('moved.test')).call({ path: '/old-place' });
    assert.deepEqual([moved.status, moved.headers.location], [301, 'http://other.test/new']);
    const direct = await (await connectTo('direct.test')).call();
    assert.deepEqual([direct.status, direct.body.toString()], [418, 'teapot']);
    const limited = await connectTo('limited');
    const statuses = [];
    for (let at = 0; at < 4; at++) statuses.push((await limited.call()).status);
    assert.deepEqual(statuses, [200, 200, 429, 429]);
  });

  it('has its path, host and headers changed, and the rest left as it was written', async () => {
    const client = await connectTo('changed.test');
    const { headers, body } = await client.call({
      method: 'POST',
      path: '/from?q=1',
      headers: { 'X-Secret': 's', 'X-Kept': 'k' },
      body: 'body',
    });
    assert.equal(body.toString(), 'body');
    assert.equal(headers['x-answered'], 'by-rule');
    assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
    const seen = servers
      .flatMap((server) => server.seen)
      .find(({ headers: got }) => got['x-added'] !== undefined)!;
    assert.equal(seen.url, '/echo?q=1');
    assert.equal(seen.headers.host, 'inner.test');
    assert.equal(seen.headers['x-secret'], undefined);
    assert.ok(seen.rawHeaders.includes('X-Kept'));
  });

  it('carries large bodies both ways, trailers, HEAD, 204 and 304', async () => {
    const client = await connectTo('spread.test');
    const sent = randomBytes(8 * 1024 * 1024);
    for (const headers of [{}, { 'content-length': String(sent.length) }]) {
      const { body, headers: got } = await client.call({
        method: 'POST',
        path: '/echo',
        body: sent,
        headers,
      });
      assert.ok(body.equals(sent), `${body.length} bytes`);
      assert.equal(got['x-mixed-case'], 'kept');
    }
    const { trailers, body } = await client.call({ path: '/trailers' });
    assert.deepEqual([trailers['x-sum'], body.toString()], ['7', 'body']);
    const head = await client.call({ method: 'HEAD' });
    assert.deepEqual([head.status, head.body.length], [200, 0]);
    assert.ok(['3', '5'].includes(head.headers['content-length'] ?? ''));
    const none = await client.call({ path: '/none' });
    assert.deepEqual([none.status, none.headers['content-length']], [204, undefined]);
    const old = await client.call({ path: '/old' });
    assert.deepEqual([old.status, old.headers.etag], [304, '"1"']);
    assert.equal((await client.call()).status, 200, 'on the same connection');
  });

  it('waits for the endpoint to say 100 (Continue)', async () => {
    const socket = await tunnelTo(mesh.weir.outbound, `spread.test:${PORT}`);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.write('POST /echo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n');
    await until('the endpoint has agreed', () => text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
    socket.write('body');
    await until('the answer has come', () => text.includes('HTTP/1.1 200 ') && text.includes('body'));
    socket.destroy();
  });

  it('answers pipelined requests in their order, and HTTP/1.0 by closing', async () => {
    const host = `spread.test:${PORT}`;
    const pipelined = await exchangeRaw(
      mesh.weir.outbound,
      host,
      'GET /soon HTTP/1.1\r\nhost: a\r\n\r\n' +
        'POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n' +
        'GET /none HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
    );
    assert.match(pipelined, /^HTTP\/1\.1 200 [^]*soon[^]*HTTP\/1\.1 200 [^]*abc[^]*HTTP\/1\.1 204 /);
    const old = await exchangeRaw(mesh.weir.outbound, host, 'GET /trailers HTTP/1.0\r\n\r\n');
    assert.match(old, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nbody$/);
    assert.doesNotMatch(old, /chunked/i);
  });

  const smuggled = {
    'both lengths':
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'two Hosts': 'GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n',
    'a Host that is none': 'GET / HTTP/1.1\r\nhost: a/b\r\n\r\n',
    'no Host': 'GET / HTTP/1.1\r\n\r\n',
    'two lengths': 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd',
    'a folded header': 'GET / HTTP/1.1\r\nhost: a\r\nx: a\r\n b\r\n\r\n',
    'a blank before the colon': 'GET / HTTP/1.1\r\nhost : a\r\n\r\n',
  };
  for (const [what, bytes] of Object.entries(smuggled)) {
    it(`is refused with ${what}`, async () => {
      const seenBefore = servers.reduce((sum, { seen }) => sum + seen.length, 0);
      const answer = await exchangeRaw(mesh.weir.outbound, `spread.test:${PORT}`, bytes);
      assert.match(answer, /^HTTP\/1\.1 400 /);
      assert.equal(
        servers.reduce((sum, { seen }) => sum + seen.length, 0),
        seenBefore,
      );
    });
  }

  it('is refused with headers beyond every measure', async () => {
    const bytes = `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`;
    assert.match(await exchangeRaw(mesh.weir.outbound, `spread.test:${PORT}`, bytes), /^HTTP\/1\.1 431 /);
  });

  it('may change to WebSocket at one endpoint, and not to HTTP/2', async () => {
    for (const server of servers)
      server.server.on('upgrade', (request, socket) => {
        assert.equal(request.headers.upgrade, 'websocket');
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst ',
        );
        socket.pipe(socket);
      });
    const socket = await tunnelTo(mesh.weir.outbound, `spread.test:${PORT}`);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const head = 'GET /chat HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\n';
    socket.write(`${head}upgrade: websocket\r\n\r\nearly `);
    await until('the protocol has changed', () => text.endsWith('first early '));
    assert.match(text, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
    socket.write('later');
    await until('it comes back', () => text.endsWith('later'));
    socket.end();
    await once(socket, 'close');

    const plain = await exchangeRaw(
      mesh.weir.outbound,
      `spread.test:${PORT}`,
      `${head.replace('Upgrade', 'close, Upgrade, HTTP2-Settings')}upgrade: h2c\r\nhttp2-settings: AAMA\r\n\r\n`,
    );
    assert.match(plain, /^HTTP\/1\.1 200 OK\r\n[^]*(one|two|three)$/);
  });

  it('is cut off when its endpoint dies amid the answer', async () => {
    const dying = await start('dying', (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half');
      setTimeout(() => response.destroy(), 50);
    });
    mesh.service('dying.test', [{ server: dying }], '', [PORT]);
    await until('the sidecar knows it', async () =>
      (await mesh.weir.get('/clusters')).body.includes('dying.test'),
    );
    const client = await connectTo('dying.test');
    await assert.rejects(client.call());
  });

  it('that is silent stays open, and is told to close when the sidecar stops', async () => {
    const idle = await tunnelTo(mesh.weir.outbound, `spread.test:${PORT}`);
    idle.resume();
    idle.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(idle, 'data');
    const idleGone = once(idle, 'end');
    const client = await connectTo('spread.test');
    const busy = client.call({ path: '/soon' });
    await until('it is under way', () => servers.some(({ seen }) => seen.at(-1)?.url === '/soon'));
    mesh.weir.process.signal('SIGTERM');
    await idleGone;
    idle.destroy();
    const { status, headers, body } = await busy;
    assert.deepEqual([status, body.toString()], [200, 'soon']);
    assert.equal(headers.connection, 'close');
    assert.deepEqual(await mesh.weir.process.exited, { code: 0, signal: null });
  });
});
