import { status as Status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { callUnary } from '../support/echo-client.js';
import { FailingServer, type Fate } from '../support/failing-server.js';
import { Mesh, needsWeir } from '../support/mesh.js';
import { readMetric } from '../support/read-metric.js';

const RETRIES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo, namespace: default }
spec:
  hosts: [echo]
  http:
    - route: [{ destination: { host: echo } }]
      retries: { attempts: 3, retryOn: unavailable, backoff: 5ms }
`;

function destinationRule(policy: string): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: echo, namespace: default }
spec:
  host: echo
  trafficPolicy: ${policy}
`;
}

/** Runs `test` with a service of such servers, and these rules in force. */
async function withServers(
  fates: readonly Fate[],
  rules: readonly string[],
  test: (mesh: Mesh, servers: readonly FailingServer[]) => Promise<void>,
): Promise<void> {
  const servers = fates.map((fate) => new FailingServer(fate));
  await Promise.all(servers.map((server) => server.listen()));
  const mesh = new Mesh(servers.map(({ address }, at) => ({ name: `pod-${at}`, address })));
  try {
    rules.forEach((text, at) => mesh.directory.write(`rule-${at}.yaml`, text));
    await mesh.start([]);
    await test(mesh, servers);
  } finally {
    await mesh.close();
    for (const server of servers) server.destroy();
  }
}

/** Makes calls of so many callers, each one after the other; returns the codes that they got. */
async function callAll(mesh: Mesh, callers: number, each: number): Promise<Map<number, number>> {
  const client = mesh.client();
  const codes = new Map<number, number>();
  const caller = async (): Promise<void> => {
    for (let at = 0; at < each; at++) {
      const code = await callUnary(client).then(
        () => Status.OK,
        (error: { code: number }) => error.code,
      );
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return codes;
}

const ok = { code: Status.OK, afterMs: 0 };
const unavailable = { code: Status.UNAVAILABLE, afterMs: 0 };

describe('a retry policy of a VirtualService', needsWeir, () => {
  it('masks a server that fails half of its calls with UNAVAILABLE in trailers after initial metadata', async () => {
    await withServers([(call) => (call % 2 === 0 ? ok : unavailable)], [RETRIES], async (mesh, [server]) => {
      // One after the other, so that no call meets two failures more often than it may.
      const codes = await callAll(mesh, 1, 60);
      assert.deepEqual([...codes], [[Status.OK, 60]]);
      assert.equal(server!.calls, 120);
      assert.ok(server!.previousAttempts.includes('1'));
      const { body } = await mesh.weir.get('/metrics');
      assert.equal(readMetric(body, 'weir_retries_total', { reason: 'status' }), 60);
    });
  });

  it('lets a server that always fails see at most 1.2 times the load with a budget of 20 %', async () => {
    const budget = '{ retryBudget: { percent: 20, minRetryConcurrency: 1 } }';
    await withServers(
      [() => ({ code: Status.UNAVAILABLE, afterMs: 20 })],
      [RETRIES, destinationRule(budget)],
      async (mesh, [server]) => {
        const codes = await callAll(mesh, 50, 12);
        assert.deepEqual([...codes], [[Status.UNAVAILABLE, 600]]);
        assert.ok(server!.calls > 600, 'some are made again');
        assert.ok(server!.calls <= 720, `${server!.calls} calls for 600`);
        const { body } = await mesh.weir.get('/metrics');
        assert.ok(readMetric(body, 'weir_retries_skipped_total', { reason: 'budget' }) > 0);
      },
    );
  });

  it('answers at once what is beyond the limit of requests', async () => {
    const limits = '{ connectionPool: { http: { http2MaxRequests: 5 } } }';
    await withServers(
      [() => ({ code: Status.OK, afterMs: 100 })],
      [destinationRule(limits)],
      async (mesh, [server]) => {
        const codes = await callAll(mesh, 20, 1);
        assert.equal(codes.get(Status.UNAVAILABLE), 15);
        assert.equal(server!.calls, 5);
      },
    );
  });

  it('keeps calls from a server that fails by gRPC status, once it is ejected', async () => {
    const detection =
      '{ outlierDetection: { consecutive5xxErrors: 3, interval: 10s, baseEjectionTime: 60s, maxEjectionPercent: 50 }, loadBalancer: { simple: ROUND_ROBIN } }';
    await withServers([() => ok, () => unavailable], [destinationRule(detection)], async (mesh, [, bad]) => {
      const codes = await callAll(mesh, 1, 30);
      assert.equal(codes.get(Status.UNAVAILABLE), 3);
      assert.equal(codes.get(Status.OK), 27);
      assert.equal(bad!.calls, 3);
    });
  });
});
