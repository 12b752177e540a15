import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { Metadata } from '@grpc/grpc-js';
import { callOptions, callUnary, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir, startMesh, type Mesh } from '../support/mesh.js';
import { readMetric } from '../support/read-metric.js';
import { until } from '../support/until.js';

/** Each client of its own connection: grpc-js shares one between channels unless told not to. */
const OWN_CONNECTION = { 'grpc.use_local_subchannel_pool': 1 };

describe('a sidecar of three processes', needsWeir, () => {
  let servers: EchoServer[];
  let mesh: Mesh;

  before(async () => {
    servers = await Promise.all(['pod-1', 'pod-2'].map((name) => startEchoServer({ name })));
  });
  beforeEach(async () => {
    mesh = await startMesh(servers, '--concurrency', '3', '--drain-time', '5s');
  });
  afterEach(() => mesh.close());
  after(() => {
    for (const server of servers) server.destroy();
  });

  function workerPids(): number[] {
    const { stdout } = spawnSync('pgrep', ['-P', String(mesh.weir.process.pid)], { encoding: 'utf8' });
    return stdout.split('\n').filter(Boolean).map(Number);
  }

  it('shares its connections out, balances the requests of each, and counts them all in one place', async () => {
    const clients = Array.from({ length: 6 }, () => mesh.client(OWN_CONNECTION));
    for (const client of clients) {
      const pods = new Set<string>();
      for (let call = 0; call < 10; call++) pods.add((await callUnary(client)).reply.server);
      assert.equal(pods.size, 2, 'the ten calls of one connection reach both servers');
    }
    const page = (await mesh.weir.get('/metrics')).body;
    assert.equal(readMetric(page, 'weir_requests_total', { grpc_status: '0' }), 60);
    assert.equal(readMetric(page, 'weir_request_duration_seconds_count'), 60);
    assert.equal(readMetric(page, 'weir_downstream_connections'), 6);
    // Every process that relays has its own connections to the two servers.
    assert.equal(
      readMetric(page, 'weir_upstream_connections'),
      6,
      'two connections in each of three processes',
    );
    const { clusters } = JSON.parse((await mesh.weir.get('/clusters')).body) as {
      clusters: { hosts: { requests: number; connections: number }[] }[];
    };
    assert.equal(
      clusters[0]?.hosts.reduce((sum, { requests }) => sum + requests, 0),
      60,
    );
  });

  it('divides limits and rates by the connections that each process has', async () => {
    const open = (): number => servers.reduce((sum, server) => sum + server.open, 0);
    mesh.directory.write(
      'limits.yaml',
      `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: echo }
spec: { host: echo, trafficPolicy: { connectionPool: { http: { http2MaxRequests: 7 } } } }
---
apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: { name: echo }
spec:
  targetRef: { kind: Service, name: echo, method: weir.test.Echo/ClientStream }
  rateLimit: { requestsPerUnit: 9, unit: hour }
`,
    );
    /** How many of so many calls of each client are let through at a time. */
    const passing = async (clients: readonly EchoClient[], each: number): Promise<number> => {
      let refused = 0;
      const calls = clients.flatMap((client) =>
        Array.from({ length: each }, () => callUnary(client, { hold: true }).catch(() => refused++)),
      );
      try {
        await until('each is held or refused', () => open() + refused === calls.length);
        return open();
      } finally {
        for (const server of servers) server.release();
        await Promise.all(calls);
      }
    };
    const first = mesh.client(OWN_CONNECTION);
    await until('the limit is in force', async () => {
      const { body } = await mesh.weir.get('/metrics');
      return readMetric(body, 'weir_circuit_breaker_limit', { limit: 'requests' }) === 7;
    });
    await callUnary(first);
    assert.equal(await passing([first], 10), 7);
    const clients = [first, mesh.client(OWN_CONNECTION), mesh.client(OWN_CONNECTION)];
    for (const client of clients) await callUnary(client);
    assert.equal(await passing(clients, 10), 7);
    let passed = 0;
    for (let at = 0; at < 6; at++) for (const client of clients) passed += Number(await streamPasses(client));
    assert.equal(passed, 9);
    clients.slice(1).forEach((client) => client.close());
    await until('the one that is left has all', async () => (await passing([first], 10)) === 7);
  });

  it('replaces a process that died, and the new one is configured', async () => {
    const [victim] = workerPids();
    assert.ok(victim !== undefined, 'there are workers');
    process.kill(victim, 'SIGKILL');
    await mesh.weir.process.logged(/a worker died and is replaced/);
    await until('there are two workers again', () => workerPids().length === 2);
    const clients = Array.from({ length: 6 }, () => mesh.client(OWN_CONNECTION));
    for (const client of clients) await callUnary(client);
    const page = (await mesh.weir.get('/metrics')).body;
    assert.equal(readMetric(page, 'weir_requests_total', { grpc_status: '0' }), 6);
  });

  it('lets the streams of all processes finish when it is told to stop, and leaves none behind', async () => {
    const clients = Array.from({ length: 6 }, () => mesh.client(OWN_CONNECTION));
    const held = clients.map((client) => callUnary(client, { hold: true }));
    const open = (): number => servers.reduce((sum, server) => sum + server.open, 0);
    await until('six calls are open', () => open() === 6);
    const workers = workerPids();
    mesh.weir.process.signal('SIGTERM');
    await until('/ready answers 503', async () => (await mesh.weir.get('/ready')).status === 503);
    for (const server of servers) server.release();
    await Promise.all(held);
    assert.deepEqual(await mesh.weir.process.exited, { code: 0, signal: null });
    for (const pid of workers) assert.throws(() => process.kill(pid, 0), /ESRCH/, `worker ${pid} is gone`);
  });

  it('leaves no process behind when the first one is killed', async () => {
    const workers = workerPids();
    assert.equal(workers.length, 2);
    await mesh.weir.process.kill();
    const alive = (pid: number): boolean => spawnSync('kill', ['-0', String(pid)]).status === 0;
    await until('the workers have noticed', () => !workers.some(alive));
  });
});

/** Whether a call of ClientStream is let through. */
function streamPasses(client: EchoClient): Promise<boolean> {
  return new Promise((resolve) => {
    client.ClientStream(new Metadata(), callOptions(), (error) => resolve(error === null)).end();
  });
}
