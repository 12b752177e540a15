import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Metadata, status as codes, type ServiceError } from '@grpc/grpc-js';
import { callOptions, callUnary, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { FailingServer } from '../support/failing-server.js';
import { needsWeir } from '../support/mesh.js';
import { readMetric } from '../support/read-metric.js';
import { callPath, ServiceMesh } from '../support/service-mesh.js';
import { until } from '../support/until.js';

function poolRule(host: string, pool: string, more = ''): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${host.replaceAll('.', '-')} }
spec: { host: ${host}, trafficPolicy: { connectionPool: { ${pool} }${more} } }
`;
}

const RETRIES = (host: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${host.replaceAll('.', '-')} }
spec:
  hosts: [${host}]
  http:
    - route: [{ destination: { host: ${host} } }]
      retries: { attempts: 1, retryOn: unavailable, backoff: 1ms }
`;

/** A Service with a policy, and one more for a method if there is one. */
function policyOf(name: string, whole: string, ofMethod = ''): string {
  const policy = (target: string, more: string, fields: string): string => `---
apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: { name: ${target} }
spec: { targetRef: { kind: Service, name: ${name}${more} }, ${fields} }
`;
  return `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { ports: [{ name: grpc, port: 50051 }] }
${policy(name, '', whole)}${
    ofMethod === '' ? '' : policy(`${name}-unary`, ', method: weir.test.Echo/Unary', ofMethod)
  }`;
}

const hostOf = (name: string): string => `${name}.default.svc.cluster.local`;

describe('the limits of a service', needsWeir, () => {
  let server: EchoServer;
  let narrow: EchoServer;
  let failing: FailingServer;
  let silent: Server;
  const silentSockets = new Set<Socket>();
  let mesh: ServiceMesh;

  before(async () => {
    server = await startEchoServer({ name: 'wide' });
    // One call at a time on each connection, so that more calls need more connections.
    narrow = await startEchoServer({ name: 'narrow', grpc: { 'grpc.max_concurrent_streams': 1 } });
    failing = new FailingServer(() => ({ code: codes.UNAVAILABLE, afterMs: 50 }));
    await failing.listen();
    silent = createServer((socket) => silentSockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    mesh = new ServiceMesh();
    const add = (host: string, address: string, pool: string, more = ''): void =>
      mesh.service(host, [{ server: { address } }], poolRule(host, pool, more));
    add('requests.test', server.address, 'http: { http2MaxRequests: 3 }');
    add('connections.test', narrow.address, 'tcp: { maxConnections: 2 }');
    add('pending.test', narrow.address, 'tcp: { maxConnections: 1 }, http: { http1MaxPendingRequests: 1 }');
    mesh.service(
      'retries.test',
      [{ server: failing }],
      `${poolRule('retries.test', 'http: { maxRetries: 1 }')}---\n${RETRIES('retries.test')}`,
    );
    add('connect.test', `127.0.0.1:${port}`, 'tcp: { connectTimeout: 200ms }');
    mesh.service(
      'ports.test',
      [{ server }],
      poolRule(
        'ports.test',
        'http: { http2MaxRequests: 1 }',
        ', portLevelSettings: [{ port: { number: 50052 }, loadBalancer: { simple: RANDOM } }]',
      ),
      [50051, 50052],
    );
    const policies = [
      policyOf(
        'limited',
        'rateLimit: { requestsPerUnit: 6, unit: minute, burst: 4 }',
        'rateLimit: { requestsPerUnit: 2, unit: hour }',
      ),
      policyOf('idle', 'streamIdleTimeout: 300ms', 'streamMaxAge: 1h'),
      policyOf('aging', 'streamMaxAge: 400ms'),
    ];
    mesh.directory.write('policies.yaml', policies.join('---\n'));
    for (const name of ['limited', 'idle', 'aging'])
      mesh.directory.endpoint(name, `${name}-a`, server.address);
    await mesh.start();
  });
  after(async () => {
    await mesh.close();
    for (const each of [server, narrow, failing]) each.destroy();
    for (const socket of silentSockets) socket.destroy();
    silent.close();
  });
  beforeEach(() => {
    server.calls = 0;
    narrow.calls = 0;
  });

  /** Calls that the server holds, and what becomes of them. */
  function hold(
    client: EchoClient,
    count: number,
  ): { readonly failed: ServiceError[]; readonly all: Promise<unknown> } {
    const failed: ServiceError[] = [];
    const all = Array.from({ length: count }, () =>
      callUnary(client, { hold: true }).catch((error: unknown) => failed.push(error as ServiceError)),
    );
    return { failed, all: Promise.all(all) };
  }

  it('refuse at once what is beyond http2MaxRequests, and say which limit it was', async () => {
    const { failed, all } = hold(mesh.client('requests.test'), 5);
    await until('two are refused', () => failed.length === 2 && server.open === 3);
    for (const { code, details } of failed) {
      assert.equal(code, codes.UNAVAILABLE);
      assert.match(details, /3 requests, the most for .*requests\.test/);
    }
    server.release();
    await all;
    await callUnary(mesh.client('requests.test'));
  });

  it('let calls wait for one of maxConnections connections', async () => {
    const { failed, all } = hold(mesh.client('connections.test'), 5);
    await until('two are there', () => narrow.open === 2);
    await new Promise((resume) => setTimeout(resume, 100));
    assert.deepEqual([narrow.open, narrow.peers.size, failed.length], [2, 2, 0]);
    await until('all have come', () => {
      narrow.release();
      return narrow.calls === 5 && narrow.open === 0;
    });
    await all;
    assert.deepEqual([failed.length, narrow.peers.size], [0, 2]);
  });

  it('refuse at once who would wait beyond http1MaxPendingRequests', async () => {
    const client = mesh.client('pending.test');
    // Opens the connection: until then everybody waits for it.
    await callUnary(client);
    const { failed, all } = hold(client, 4);
    await until('two are refused', () => failed.length === 2);
    for (const { code, details } of failed) {
      assert.equal(code, codes.UNAVAILABLE);
      assert.match(details, /1 requests, the most for .*pending\.test, wait for a connection/);
    }
    await until('the others are answered', () => {
      narrow.release();
      return narrow.calls === 3 && narrow.open === 0;
    });
    await all;
    assert.equal(failed.length, 2);
  });

  it('allow so many retries at a time as maxRetries says', async () => {
    const client = mesh.client('retries.test');
    const results = await Promise.all(Array.from({ length: 10 }, () => callPath(client)));
    for (const { code } of results) assert.equal(code, codes.UNAVAILABLE);
    assert.ok(failing.calls > 10 && failing.calls <= 13, `${failing.calls} attempts of 10 calls`);
    const { body } = await mesh.weir.get('/metrics');
    assert.ok(readMetric(body, 'weir_circuit_breaker_refused_total', { limit: 'retries' }) > 0);
  });

  it('give up an endpoint that does not answer within connectTimeout', async () => {
    const { code, details, tookMs } = await callPath(mesh.client('connect.test'));
    assert.equal(code, codes.UNAVAILABLE);
    assert.match(details, /no HTTP\/2 connection within 200 ms/);
    assert.ok(tookMs >= 195 && tookMs < 4_000, `${tookMs} ms`);
  });

  it('of one port take nothing from those of all ports', async () => {
    const one = hold(mesh.client('ports.test', 50051), 2);
    await until('one is refused', () => one.failed.length === 1 && server.open === 1);
    const other = hold(mesh.client('ports.test', 50052), 3);
    await until('none is refused', () => server.open === 4);
    server.release();
    await Promise.all([one.all, other.all]);
    assert.equal(other.failed.length, 0);
  });

  it('refuse calls beyond the rate of a service, or of a method, and say when to come back', async () => {
    const client = mesh.client(hostOf('limited'));
    const method = await Promise.all(Array.from({ length: 5 }, () => callPath(client)));
    const refused = method.filter(({ code }) => code === codes.RESOURCE_EXHAUSTED);
    assert.equal(refused.length, 3);
    for (const { headers } of refused) {
      const pushbackMs = Number(headers.get('grpc-retry-pushback-ms')[0]);
      assert.ok(pushbackMs > 1_000_000 && pushbackMs <= 3_600_000, `${pushbackMs}`);
    }
    const others: number[] = [];
    for (let at = 0; at < 6; at++) {
      const call = client.ServerStream({ replyCount: 1 }, new Metadata(), callOptions());
      others.push(
        await new Promise<number>((resolve) => {
          call.on('error', () => {});
          call.on('status', ({ code }) => resolve(code));
          call.resume();
        }),
      );
    }
    assert.deepEqual(others, [0, 0, 0, 0, codes.RESOURCE_EXHAUSTED, codes.RESOURCE_EXHAUSTED]);
    const { body } = await mesh.weir.get('/metrics');
    assert.equal(readMetric(body, 'weir_local_replies_total', { reason: 'rate_limit' }), 5);
  });

  /** How a server stream ends that sends a reply each so often. */
  async function streamEnd(host: string, everyMs: number) {
    const begunMs = performance.now();
    const request = { replyCount: 1000, delayMs: everyMs };
    const call = mesh.client(host).ServerStream(request, new Metadata(), callOptions());
    let replies = 0;
    call.on('data', () => replies++);
    const error = await new Promise<ServiceError>((resolve) =>
      call.on('error', (e) => resolve(e as ServiceError)),
    );
    return { code: error.code, details: error.details, replies, tookMs: performance.now() - begunMs };
  }

  it('end a stream that is silent for streamIdleTimeout, and no other', async () => {
    const idle = await streamEnd(hostOf('idle'), 5_000);
    assert.equal(idle.code, codes.UNAVAILABLE, idle.details);
    assert.match(idle.details, /300 ms/);
    assert.ok(idle.tookMs >= 295 && idle.tookMs < 3_000, `${idle.tookMs} ms`);
    const call = mesh
      .client(hostOf('idle'))
      .ServerStream({ replyCount: 8, delayMs: 100 }, new Metadata(), callOptions());
    let replies = 0;
    for await (const _ of call) replies++;
    assert.equal(replies, 8);
  });

  it('end a stream that is older than streamMaxAge, however busy it is', async () => {
    const aged = await streamEnd(hostOf('aging'), 20);
    assert.equal(aged.code, codes.DEADLINE_EXCEEDED, aged.details);
    // The server was told the same deadline, and may be first to say so.
    assert.match(aged.details, /400 ms, the maximum age of streams|^Deadline exceeded/);
    assert.ok(aged.replies > 3 && aged.tookMs >= 395 && aged.tookMs < 3_000, `${aged.tookMs} ms`);
  });
});
