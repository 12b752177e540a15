import assert from 'node:assert/strict';
import { Metadata, status as Status } from '@grpc/grpc-js';
import { LOAD_PROBE_PATH, LOAD_TRAILER, encodeOrcaLoadReport } from '@weir/core';
import { afterEach, describe, it } from 'node:test';
import { callUnary, type EchoClient } from '../support/echo-client.js';
import { type EchoServer, startEchoServer } from '../support/echo-server.js';
import { startInboundSidecar } from '../support/inbound-sidecar.js';
import { type Mesh, needsWeir, startMesh } from '../support/mesh.js';
import { grpcMessage, startRawServer } from '../support/raw-http2.js';
import { ServiceMesh } from '../support/service-mesh.js';
import { readMetric } from '../support/read-metric.js';
import { until } from '../support/until.js';

/** Each algorithm as a policy chooses it, every setting said, and the name that `/clusters` shows. */
const ALGORITHMS: Readonly<Record<string, readonly [policy: string, yaml: string]>> = {
  'peak EWMA': ['p2c_ewma', '{ p2cEwma: { decay: 5s, penalty: 2s, seed: 20ms, starvation: 500ms } }'],
  'Prequal, asynchronous': [
    'prequal',
    '{ prequal: { mode: async, probesPerRequest: 2, idleProbesPerSecond: 20, poolSize: 8, probeMaxAge: 2s, hotQuantile: 0.8, penalty: 3s } }',
  ],
  'Prequal, synchronous': ['prequal', '{ prequal: { mode: sync, sampleSize: 2, probeTimeout: 20ms } }'],
  'go-zero’s': ['go_zero_p2c', '{ goZeroP2c: {} }'],
  'round robin by load reports': [
    'weighted_round_robin',
    '{ weightedRoundRobin: { blackout: 0s, errorUtilizationPenalty: 2, expiration: 1m, update: 100ms } }',
  ],
  'least request': ['least_request', '{ leastRequest: { choiceCount: 3, activeRequestBias: 0.5 } }'],
  'round robin': ['round_robin', '{ roundRobin: {} }'],
  random: ['random', '{ random: {} }'],
};

const policyYaml = (loadBalancer: string): string => `apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: { name: echo, namespace: default }
spec:
  targetRef: { kind: Service, name: echo }
  loadBalancer: ${loadBalancer}
`;

/** For a host of its own: a policy names it as it is. */
const targeting = (host: string, loadBalancer: string): string =>
  policyYaml(loadBalancer).replaceAll('name: echo', `name: ${host}`);

interface HostOnPage {
  readonly pod: string;
  readonly latencyMs: number | null;
  readonly load: { readonly requestsInFlight: number | null } | null;
  readonly failureShare: number | null;
}

describe('an algorithm that a policy chooses', needsWeir, () => {
  const closing: (() => unknown)[] = [];
  const later = (close: () => unknown): void => void closing.push(close);

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const serverOf = async (name: string): Promise<EchoServer> => {
    const server = await startEchoServer({ name });
    later(() => server.destroy());
    return server;
  };
  /** Each server behind a sidecar of its own. */
  const meshOf = async (
    servers: readonly { name: string; address: string }[],
    yaml: string,
  ): Promise<Mesh> => {
    const sidecars = await Promise.all(servers.map(({ address }) => startInboundSidecar(address)));
    for (const sidecar of sidecars) later(() => sidecar.kill());
    const mesh = await startMesh(
      servers.map(({ name }, at) => ({ name, address: sidecars[at]!.address })),
      '--balancer',
      'random',
    );
    later(() => mesh.close());
    mesh.directory.write('policy.yaml', policyYaml(yaml));
    return mesh;
  };
  const isUsed = (mesh: Mesh, policy: string): Promise<void> =>
    until(`${policy} is used`, async () => {
      const { body } = await mesh.weir.get('/clusters');
      return body.includes(`"policy": "${policy}"`) || body.includes(`"policy":"${policy}"`);
    });
  const hostsOf = async (mesh: Mesh): Promise<readonly HostOnPage[]> => {
    const page = JSON.parse((await mesh.weir.get('/clusters')).body) as {
      clusters: { name: string; hosts: HostOnPage[] }[];
    };
    return page.clusters.find(({ name }) => name.startsWith('outbound|50051||echo'))!.hosts;
  };

  for (const [what, [policy, yaml]] of Object.entries(ALGORITHMS)) {
    it(`${what}: reaches every endpoint through its sidecar, and no application is probed`, async () => {
      const servers = await Promise.all(['a', 'b', 'c'].map(serverOf));
      const mesh = await meshOf(servers, yaml);
      await isUsed(mesh, policy);
      const client = mesh.client();
      const calls = Array.from({ length: 60 }, () => callUnary(client, { delayMs: 5 }));
      const names = new Set((await Promise.all(calls)).map(({ reply }) => reply.server));
      assert.deepEqual([...names].sort(), ['a', 'b', 'c']);
      assert.equal(
        servers.reduce((sum, { calls: count }) => sum + count, 0),
        60,
      );
      if (policy !== 'prequal') return;
      await until('probes are answered', async () => {
        const { body } = await mesh.weir.get('/metrics');
        return readMetric(body, 'weir_upstream_load_probes_total', { result: 'answered' }) >= 5;
      });
    });
  }

  for (const [what, yaml] of [
    ['peak EWMA', '{ p2cEwma: {} }'],
    ['Prequal', '{ prequal: {} }'],
  ] as const) {
    it(`${what}: an endpoint that fails at once gets no more than its share`, async () => {
      const good = await Promise.all(['a', 'b', 'c', 'd'].map(serverOf));
      let failures = 0;
      const bad = await startRawServer((stream) => {
        failures++;
        stream.respond(
          { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': Status.INTERNAL },
          { endStream: true },
        );
      });
      later(() => bad.close());
      const mesh = await meshOf([...good, { name: 'bad', address: bad.address }], yaml);
      await isUsed(mesh, what === 'Prequal' ? 'prequal' : 'p2c_ewma');
      const client = mesh.client();
      await callAll(client, 40);
      const before = failures;
      await callAll(client, 200);
      assert.ok(failures - before <= 200 / 5, `${failures - before} of 200 calls failed`);
    });
  }

  it('Prequal: an endpoint that answers no probes is left alone, and gets calls all the same', async () => {
    const server = await serverOf('silent');
    const mesh = await startMesh([server]);
    later(() => mesh.close());
    mesh.directory.write('policy.yaml', policyYaml('{ prequal: {} }'));
    await isUsed(mesh, 'prequal');
    const client = mesh.client();
    for (let call = 0; call < 30; call++) await callUnary(client);
    const { body } = await mesh.weir.get('/metrics');
    const asked = readMetric(body, 'weir_upstream_load_probes_total');
    assert.ok(asked >= 1 && asked <= 16, `asked ${asked} times`);
    assert.ok(readMetric(body, 'weir_upstream_load_probes_total', { result: 'unsupported' }) >= 1);
    assert.equal(server.calls, 30);
  });

  it('round robin by load reports: an application with its own word on its load gets calls accordingly', async () => {
    const counts: Record<string, number> = {};
    const application = async (name: string, utilization: number) => {
      const report = encodeOrcaLoadReport({ qps: 100, applicationUtilization: utilization });
      const raw = await startRawServer((stream, headers) => {
        assert.notEqual(headers[':path'], LOAD_PROBE_PATH);
        counts[name] = (counts[name] ?? 0) + 1;
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () =>
          stream.sendTrailers({
            'grpc-status': '0',
            [LOAD_TRAILER]: Buffer.from(report).toString('base64'),
          }),
        );
        stream.end(grpcMessage(new Uint8Array()));
      });
      later(() => raw.close());
      return { name, address: raw.address };
    };
    const servers = [await application('idle', 0.2), await application('busy', 0.8)];
    const mesh = await meshOf(servers, '{ weightedRoundRobin: { blackout: 0s, update: 100ms } }');
    await isUsed(mesh, 'weighted_round_robin');
    const client = mesh.client();
    await until(
      'the idle one gets most',
      async () => {
        const [idle, busy] = [counts['idle'] ?? 0, counts['busy'] ?? 0];
        for (let call = 0; call < 50; call++) await callUnary(client);
        const share = (counts['idle']! - idle) / (counts['idle']! + counts['busy']! - idle - busy);
        return share > 0.7 && share < 0.9;
      },
      10_000,
    );
  });

  it('what was learnt outlives a change of endpoints, of settings and of the algorithm', async () => {
    const [slow, fast, other] = await Promise.all(['slow', 'fast', 'other'].map(serverOf));
    const mesh = await meshOf([slow!, fast!], '{ p2cEwma: {} }');
    await isUsed(mesh, 'p2c_ewma');
    const client = mesh.client();
    for (let call = 0; call < 12; call++) await callUnary(client, { delayMs: 60 });
    const learnt = async (): Promise<number> =>
      Math.min(
        ...(await hostsOf(mesh)).filter(({ pod }) => pod !== 'other').map((host) => host.latencyMs ?? 0),
      );
    assert.ok((await learnt()) > 30, `${await learnt()} ms`);
    mesh.directory.endpoint('echo', 'other', other!.address);
    await until('there are three', async () => (await hostsOf(mesh)).length === 3);
    mesh.directory.write('policy.yaml', policyYaml('{ p2cEwma: { penalty: 1s } }'));
    mesh.directory.write('policy.yaml', policyYaml('{ leastRequest: {} }'));
    await isUsed(mesh, 'least_request');
    mesh.directory.write('policy.yaml', policyYaml('{ p2cEwma: {} }'));
    await isUsed(mesh, 'p2c_ewma');
    assert.ok((await learnt()) > 10, `${await learnt()} ms`);
  });

  it('zones and a subset leave an algorithm some of the endpoints', async () => {
    const servers = await Promise.all(['a', 'b', 'c', 'd'].map(serverOf));
    const addresses = servers.map(({ address }) => address);
    const mesh = new ServiceMesh();
    later(() => mesh.close());
    const endpoints = servers.map((server, at) => ({ server, locality: `eu/${at < 2 ? 'near' : 'far'}` }));
    mesh.service('echo.test', endpoints, targeting('echo.test', '{ zoneAware: { minClusterSize: 2 } }'));
    mesh.service('some.test', endpoints, targeting('some.test', '{ subset: { size: 1 }, random: {} }'));
    await mesh.start('--locality', 'eu/near', '--node-id', 'one');
    const client = mesh.client('echo.test');
    for (let call = 0; call < 40; call++) await callUnary(client);
    assert.deepEqual(
      servers.map(({ calls }) => calls > 0),
      [true, true, false, false],
      addresses.join(),
    );
    for (const server of servers) server.calls = 0;
    const other = mesh.client('some.test');
    for (let call = 0; call < 20; call++) await callUnary(other);
    assert.deepEqual(servers.map(({ calls }) => calls).sort(), [0, 0, 0, 20]);
  });

  it('what is learnt is shown', async () => {
    const servers = await Promise.all(['a', 'b'].map(serverOf));
    const mesh = await meshOf(servers, '{ prequal: {} }');
    await isUsed(mesh, 'prequal');
    const client = mesh.client();
    await callAll(client, 40);
    await until('both have said how busy they are', async () =>
      (await hostsOf(mesh)).every(({ load }) => load?.requestsInFlight === 0),
    );
    const { body } = await mesh.weir.get('/metrics');
    assert.equal(readMetric(body, 'weir_endpoint_load_requests_in_flight', { pod: 'a' }), 0);
    assert.match(body, /^weir_endpoint_load_requests_in_flight\{[^}]*pod="b"/m);
  });
});

/** Some at a time, as callers do; failures are no matter. */
async function callAll(client: EchoClient, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 10) {
    await Promise.allSettled(
      Array.from({ length: 10 }, () => callUnary(client, { delayMs: 2 }, { metadata: new Metadata() })),
    );
  }
}
