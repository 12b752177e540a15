import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { echoService, type EchoReply } from '../support/echo-service.js';
import { needsWeir } from '../support/mesh.js';
import { readMetric } from '../support/read-metric.js';
import { callPath, ServiceMesh } from '../support/service-mesh.js';
import { startTcpFront, type TcpFront } from '../support/tcp-front.js';
import { until } from '../support/until.js';

/** A server of grpc-js whose calls take so long, and what stands before it. */
class Peer {
  /** How many calls came on each connection. */
  readonly calls = new Map<string, number>();
  readonly #server = new Server();
  #front: TcpFront | undefined;

  constructor(afterMs: number) {
    this.#server.addService(echoService, {
      Unary: (call: ServerUnaryCall<unknown, EchoReply>, answer: sendUnaryData<EchoReply>) => {
        const from = call.getPeer();
        this.calls.set(from, (this.calls.get(from) ?? 0) + 1);
        setTimeout(() => answer(null, { server: 'peer' }), afterMs);
      },
    });
  }

  async start(): Promise<void> {
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    this.#front = await startTcpFront(`127.0.0.1:${port}`);
  }

  get front(): TcpFront {
    return this.#front!;
  }

  destroy(): void {
    this.#front?.destroy();
    this.#server.forceShutdown();
  }
}

/** Each service of this file, and the connection pool that its DestinationRule asks for. */
const POOLS = {
  'requests.test': '{ http: { maxRequestsPerConnection: 2 } }',
  'streams.test': '{ http: { maxConcurrentStreams: 2 } }',
  'idle.test': '{ http: { idleTimeout: 1s } }',
  'age.test': '{ tcp: { maxConnectionDuration: 1s } }',
  'pings.test': '{ http: { http2KeepAlive: { interval: 1s, timeout: 500ms } } }',
  'probes.test': '{ tcp: { tcpKeepalive: { time: 500s } } }',
} as const;

type Host = keyof typeof POOLS;

function rule(host: string, pool: string): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${host.replace('.', '-')} }
spec:
  host: ${host}
  trafficPolicy: { connectionPool: ${pool} }
`;
}

describe('the connection pool of a DestinationRule', needsWeir, () => {
  const mesh = new ServiceMesh();
  const peers = new Map<string, Peer>();
  const peerOf = (host: Host): Peer => peers.get(host)!;

  before(async () => {
    for (const [host, pool] of Object.entries(POOLS)) {
      const peer = new Peer(host === 'streams.test' ? 200 : 0);
      peers.set(host, peer);
      await peer.start();
      mesh.service(host, [{ server: peer.front }], rule(host, pool));
    }
    await mesh.start();
  });

  after(async () => {
    await mesh.close();
    for (const peer of peers.values()) peer.destroy();
  });

  it('opens another connection after maxRequestsPerConnection', async () => {
    const client = mesh.client('requests.test');
    for (let at = 0; at < 7; at++) assert.equal((await callPath(client)).code, 0);
    assert.deepEqual([...peerOf('requests.test').calls.values()], [2, 2, 2, 1]);
    await until('those that are full are closed', () => peerOf('requests.test').front.open === 1);
  });

  it('puts at most maxConcurrentStreams calls at a time on a connection', async () => {
    const client = mesh.client('streams.test');
    const results = await Promise.all(Array.from({ length: 6 }, () => callPath(client)));
    assert.ok(results.every(({ code }) => code === 0));
    const { calls } = peerOf('streams.test');
    assert.ok(calls.size >= 3, `${calls.size} connections`);
    assert.ok([...calls.values()].every((count) => count <= 2));
  });

  it('closes a connection that was idle for idleTimeout, and dials again when it is needed', async () => {
    const client = mesh.client('idle.test');
    const { front } = peerOf('idle.test');
    assert.equal((await callPath(client)).code, 0);
    assert.equal(front.open, 1);
    await until('it is closed', () => front.open === 0, 6_000);
    assert.equal((await callPath(client)).code, 0);
    assert.equal(front.opened, 2);
  });

  it('replaces connections after maxConnectionDuration without a failed call', async () => {
    const client = mesh.client('age.test');
    const { front } = peerOf('age.test');
    const end = performance.now() + 5_000;
    let calls = 0;
    const caller = async (): Promise<void> => {
      while (performance.now() < end) {
        const { code, details } = await callPath(client);
        assert.equal(code, 0, details);
        calls++;
      }
    };
    await Promise.all(Array.from({ length: 8 }, caller));
    assert.ok(front.opened >= 3, `${front.opened} connections for ${calls} calls`);
    await until('the old ones are closed', () => front.open <= 1);
  });

  it('finds a peer that is silently gone by http2KeepAlive', async () => {
    const client = mesh.client('pings.test');
    const { front } = peerOf('pings.test');
    assert.equal((await callPath(client)).code, 0);
    await sleep(2_500);
    assert.equal(front.opened, 1, 'a peer that answers keeps its connection');
    front.freeze();
    await until(
      'the connection is given up',
      async () => {
        const { body } = await mesh.weir.get('/metrics');
        return readMetric(body, 'weir_upstream_limit_hits_total', { limit: 'keepaliveTimeoutMs' }) > 0;
      },
      6_000,
    );
    assert.equal((await callPath(client)).code, 0);
    assert.equal(front.opened, 2);
  });

  it('has the operating system probe a silent connection after tcpKeepalive', async (t) => {
    if (process.platform !== 'linux') return t.skip('reads /proc/net/tcp');
    assert.equal((await callPath(mesh.client('probes.test'))).code, 0);
    const seconds = keepaliveSeconds(peerOf('probes.test').front.address);
    assert.ok(seconds > 400 && seconds <= 500, `the next probe is in ${seconds} s`);
    assert.equal((await callPath(mesh.client('streams.test'))).code, 0);
    const usual = keepaliveSeconds(peerOf('streams.test').front.address);
    assert.ok(usual > 0 && usual <= 30, `of others it is in ${usual} s`);
  });
});

/** Until the kernel probes the connection to this address; 0 when it does not. Linux counts in hundredths of a second. */
function keepaliveSeconds(address: string): number {
  const port = Number(address.split(':')[1]).toString(16).toUpperCase().padStart(4, '0');
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const [, , remote = '', , , timer = ''] = line.trim().split(/\s+/);
    // "tr" is 2 for a keepalive timer (Documentation/networking/proc_net_tcp.rst).
    if (remote.endsWith(`:${port}`) && timer.startsWith('02:')) return parseInt(timer.slice(3), 16) / 100;
  }
  return 0;
}
