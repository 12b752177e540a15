import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status as codes } from '@grpc/grpc-js';
import type { EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir } from '../support/mesh.js';
import { startRawServer, type RawServer } from '../support/raw-http2.js';
import { callPath, ServiceMesh, type CallResult, type MeshEndpoint } from '../support/service-mesh.js';
import { until } from '../support/until.js';

function destinationRule(host: string, detection: string): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${host.replaceAll('.', '-')} }
spec:
  host: ${host}
  trafficPolicy:
    loadBalancer: { simple: ROUND_ROBIN }
    outlierDetection: { ${detection} }
`;
}

const SERVICE = (name: string): string => `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { ports: [{ name: grpc, port: 50051 }] }
`;

/** Outliers as a GRPCPolicy has them, beside a DestinationRule that has the times. */
const POLICIES = [
  ['codes', 'consecutive5xxErrors: 3', '{ codes: [NOT_FOUND] }'],
  [
    'percentage',
    'consecutive5xxErrors: 0',
    '{ failurePercentage: { threshold: 60, minimumHosts: 2, requestVolume: 5, enforcing: 100 } }',
  ],
  [
    'rate',
    'consecutive5xxErrors: 0',
    '{ successRate: { stdevFactor: 1.1, minimumHosts: 3, requestVolume: 5, enforcing: 100 } }',
  ],
] as const;

const TIMES = 'interval: 300ms, baseEjectionTime: 500ms';

interface Ejections {
  readonly [kind: string]: { readonly detected: number; readonly enforced: number };
}

interface ClusterPage {
  readonly name: string;
  readonly panickingPriorities: number;
  readonly outlierDetection: { readonly ejections: Ejections; readonly overflows: number } | null;
  readonly hosts: readonly { readonly address: string; readonly ejected: boolean }[];
}

describe('an endpoint that fails', needsWeir, () => {
  const servers = new Map<string, EchoServer>();
  const raw: RawServer[] = [];
  let mesh: ServiceMesh;

  before(async () => {
    for (const name of ['a', 'b', 'c']) servers.set(name, await startEchoServer({ name }));
    const all = [...servers.values()].map((server) => ({ server }));
    const badGateway = await startRawServer((stream) =>
      stream.respond({ ':status': 502 }, { endStream: true }),
    );
    raw.push(badGateway);
    mesh = new ServiceMesh();
    const add = (host: string, endpoints: readonly MeshEndpoint[], detection: string): void =>
      mesh.service(host, endpoints, destinationRule(host, detection));
    add('grpc.test', all, `consecutive5xxErrors: 3, maxEjectionPercent: 50, ${TIMES}`);
    add(
      'gateway.test',
      [{ server: badGateway }, ...all],
      `consecutive5xxErrors: 0, consecutiveGatewayErrors: 2, maxEjectionPercent: 50, ${TIMES}`,
    );
    add(
      'local.test',
      [{ server: { address: '127.0.0.1:1' } }, ...all],
      `consecutive5xxErrors: 1, splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 1, maxEjectionPercent: 50, ${TIMES}`,
    );
    add('most.test', all, 'consecutive5xxErrors: 2, maxEjectionPercent: 40, baseEjectionTime: 60s');
    add(
      'panic.test',
      all,
      `consecutive5xxErrors: 2, maxEjectionPercent: 100, minHealthPercent: 50, interval: 300ms, baseEjectionTime: 60s`,
    );
    for (const [name, detection, outlier] of POLICIES) {
      const host = `${name}.default.svc.cluster.local`;
      mesh.directory.write(
        `${name}.yaml`,
        `${SERVICE(name)}---\n${destinationRule(host, `${detection}, maxEjectionPercent: 50, ${TIMES}`)}---
apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: { name: ${name} }
spec: { targetRef: { kind: Service, name: ${name} }, outlierDetection: ${outlier} }
`,
      );
      for (const { name: pod, address } of servers.values())
        mesh.directory.endpoint(name, `${name}-${pod}`, address);
    }
    await mesh.start();
  });
  after(async () => {
    await mesh.close();
    for (const server of servers.values()) server.destroy();
    for (const server of raw) server.close();
  });

  async function clusterOf(host: string): Promise<ClusterPage> {
    const { body } = await mesh.weir.get('/clusters');
    const { clusters } = JSON.parse(body) as { readonly clusters: readonly ClusterPage[] };
    return clusters.find(({ name }) => name === `outbound|50051||${host}`)!;
  }

  async function ejectedOf(host: string): Promise<readonly string[]> {
    const { hosts } = await clusterOf(host);
    return hosts.filter(({ ejected }) => ejected).map(({ address }) => address);
  }

  async function callOften(client: EchoClient, count: number): Promise<readonly CallResult[]> {
    const results: CallResult[] = [];
    for (let at = 0; at < count; at++) results.push(await callPath(client));
    return results;
  }

  const failures = (results: readonly CallResult[]): number =>
    results.filter(({ code }) => code !== codes.OK).length;

  /** Lets a server fail while `test` runs. */
  async function whileFailing(
    names: readonly string[],
    code: number,
    test: () => Promise<void>,
  ): Promise<void> {
    for (const name of names) servers.get(name)!.failing = code;
    try {
      await test();
    } finally {
      for (const name of names) servers.get(name)!.failing = 0;
    }
  }

  it('by gRPC status some times in a row gets nothing for a while, and then again', async () => {
    const client = mesh.client('grpc.test');
    const bad = servers.get('b')!;
    await whileFailing(['b'], codes.UNAVAILABLE, async () => {
      // Ejected for a second and less; the calls take far less.
      assert.equal(failures(await callOften(client, 15)), 3);
      assert.deepEqual(await ejectedOf('grpc.test'), [bad.address]);
    });
    await until('it is back', async () => (await ejectedOf('grpc.test')).length === 0);
    bad.calls = 0;
    assert.equal(failures(await callOften(client, 12)), 0);
    assert.ok(bad.calls > 0, 'it has calls again');
  });

  it('by HTTP status of a gateway, or by a closed port, is ejected as well', async () => {
    await callOften(mesh.client('gateway.test'), 30);
    const gateway = (await clusterOf('gateway.test')).outlierDetection!.ejections;
    assert.ok(gateway['consecutive_gateway_failure']!.enforced >= 1);
    assert.equal(gateway['consecutive_5xx']!.enforced, 0);
    // Once is enough: an endpoint that cannot be reached is left alone anyway as long as there are others.
    await callOften(mesh.client('local.test'), 30);
    const local = (await clusterOf('local.test')).outlierDetection!.ejections;
    assert.ok(local['consecutive_local_origin_failure']!.enforced >= 1);
    assert.equal(local['consecutive_5xx']!.enforced, 0, 'what happens on the way counts apart');
  });

  it('stays, when as many are ejected as may be', async () => {
    await whileFailing(['a', 'b', 'c'], codes.INTERNAL, async () => {
      await callOften(mesh.client('most.test'), 20);
      assert.equal((await ejectedOf('most.test')).length, 1);
      assert.ok((await clusterOf('most.test')).outlierDetection!.overflows > 0);
    });
  });

  it('is used all the same when fewer than minHealthPercent are left', async () => {
    const client = mesh.client('panic.test');
    await whileFailing(['a', 'b'], codes.INTERNAL, () => callOften(client, 20).then(() => {}));
    assert.equal((await ejectedOf('panic.test')).length, 2);
    assert.equal((await clusterOf('panic.test')).panickingPriorities, 1);
    for (const server of servers.values()) server.calls = 0;
    assert.equal(failures(await callOften(client, 15)), 0);
    for (const server of servers.values()) assert.equal(server.calls, 5);
  });

  it('with a status that a GRPCPolicy names is ejected, and one with another status is not', async () => {
    const host = 'codes.default.svc.cluster.local';
    const client = mesh.client(host);
    await whileFailing(['a'], codes.UNAVAILABLE, async () => {
      assert.ok(failures(await callOften(client, 30)) >= 9);
      assert.deepEqual(await ejectedOf(host), []);
    });
    const bad = servers.get('c')!;
    await whileFailing(['c'], codes.NOT_FOUND, async () => {
      assert.equal(failures(await callOften(client, 15)), 3);
      assert.deepEqual(await ejectedOf(host), [bad.address]);
    });
    await until('it is back', async () => (await ejectedOf(host)).length === 0);
    bad.calls = 0;
    assert.equal(failures(await callOften(client, 12)), 0);
    assert.ok(bad.calls > 0, 'it has calls again');
  });

  for (const [name, kind] of [
    ['percentage', 'failure_percentage'],
    ['rate', 'success_rate'],
  ] as const) {
    it(`at a high ${name} as a GRPCPolicy says is ejected, and comes back`, async () => {
      const host = `${name}.default.svc.cluster.local`;
      const client = mesh.client(host);
      const bad = servers.get('b')!;
      await whileFailing(['b'], codes.UNAVAILABLE, async () => {
        await until('it is ejected', async () => {
          await callOften(client, 30);
          return (await ejectedOf(host)).includes(bad.address);
        });
        const { ejections } = (await clusterOf(host)).outlierDetection!;
        assert.ok(ejections[kind]!.enforced >= 1);
        assert.equal(ejections['consecutive_5xx']!.enforced, 0);
      });
      await until('it is back', async () => (await ejectedOf(host)).length === 0);
    });
  }
});
