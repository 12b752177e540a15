import { status as Status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { callUnary, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir, startMesh, type Mesh } from '../support/mesh.js';
import { until } from '../support/until.js';

interface ClustersPage {
  readonly clusters: readonly {
    readonly name: string;
    readonly hosts: readonly {
      readonly address: string;
      readonly pod: string;
      readonly health: string;
      readonly requests: number;
      readonly inFlight: number;
      readonly connections: number;
    }[];
  }[];
}

describe('the admin address', needsWeir, () => {
  let servers: EchoServer[];
  let mesh: Mesh;
  let client: EchoClient;

  before(async () => {
    servers = await Promise.all(['pod-1', 'pod-2'].map((name) => startEchoServer({ name })));
    mesh = await startMesh(servers);
    client = mesh.client();
    for (let call = 0; call < 20; call++) await callUnary(client);
    await assert.rejects(callUnary(client, { statusCode: Status.NOT_FOUND }));
  });
  after(async () => {
    await mesh.close();
    for (const server of servers) server.destroy();
  });

  const clusters = async (): Promise<ClustersPage> =>
    JSON.parse((await mesh.weir.get('/clusters')).body) as ClustersPage;
  /** The values of all samples of `metric` whose labels contain `labels`. */
  const samples = async (metric: string, labels = ''): Promise<readonly number[]> => {
    const { body } = await mesh.weir.get('/metrics');
    return body
      .split('\n')
      .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
      .filter((line) => line.includes(labels))
      .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  };
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

  it('answers /ready', async () => {
    const { status, body } = await mesh.weir.get('/ready');
    assert.equal(status, 200);
    assert.match(body, /^ready/);
  });

  it('counts requests by service, method, endpoint and status at /metrics', async () => {
    const method = 'method="/weir.test.Echo/Unary"';
    await until('all are counted', async () => sum(await samples('weir_requests_total', method)) === 21);
    assert.equal(sum(await samples('weir_requests_total', 'grpc_status="0"')), 20);
    assert.equal(sum(await samples('weir_requests_total', 'grpc_status="5"')), 1);
    const { body } = await mesh.weir.get('/metrics');
    for (const { address, name } of servers) {
      assert.match(body, new RegExp(`weir_requests_total\\{[^}]*endpoint="${address}"[^}]*pod="${name}"`));
    }
    assert.match(body, /weir_requests_total\{[^}]*service="echo\.default\.svc\.cluster\.local/);
  });

  it('has a latency histogram, connections, streams and the state of the configuration at /metrics', async () => {
    assert.equal(sum(await samples('weir_request_duration_seconds_count')), 21);
    assert.equal(sum(await samples('weir_downstream_connections')), 1);
    assert.equal(sum(await samples('weir_downstream_streams')), 0);
    assert.ok(sum(await samples('weir_upstream_connections')) >= 2);
    assert.deepEqual(await samples('weir_ready'), [1]);
    assert.deepEqual(await samples('weir_xds_connected'), [1]);
    assert.ok(sum(await samples('weir_config_resources', 'type="Cluster"')) >= 1);
  });

  it('writes /metrics in the Prometheus text format', async () => {
    const { body } = await mesh.weir.get('/metrics');
    const sample = /^[a-zA-Z_:][\w:]*(\{([a-zA-Z_]\w*="(\\.|[^"\\])*",?)*\})? (NaN|[+-]?Inf|[-+\d.e]+)$/;
    const wrong = body
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('# ') && !sample.test(line));
    assert.deepEqual(wrong, []);
  });

  it('shows the endpoints as the balancer sees them at /clusters', async () => {
    const cluster = (await clusters()).clusters.find(({ name }) => name.includes('echo.default'));
    assert.equal(cluster?.name, 'outbound|50051||echo.default.svc.cluster.local');
    const hosts = [...cluster.hosts].sort((a, b) => a.pod.localeCompare(b.pod));
    assert.deepEqual(
      hosts.map(({ address, pod, health }) => ({ address, pod, health })),
      servers.map(({ address, name }) => ({ address, pod: name, health: 'healthy' })),
    );
    assert.equal(sum(hosts.map(({ requests }) => requests)), 21);
    assert.ok(hosts.every(({ connections }) => connections >= 1));
  });

  it('shows what is in flight at /clusters', async () => {
    const held = callUnary(client, { hold: true });
    await until('the call is open', () => servers.some(({ open }) => open === 1));
    await until('one is in flight', async () => {
      const hosts = (await clusters()).clusters.flatMap((cluster) => cluster.hosts);
      return sum(hosts.map(({ inFlight }) => inFlight)) === 1;
    });
    for (const server of servers) server.release();
    await held;
  });

  it('shows the configuration as it came at /config_dump', async () => {
    const { status, body } = await mesh.weir.get('/config_dump');
    assert.equal(status, 200);
    assert.doesNotThrow(() => JSON.parse(body));
    for (const word of [
      '0.0.0.0_50051',
      'outbound|50051||echo.default.svc.cluster.local',
      servers[0]?.port,
    ]) {
      assert.ok(body.includes(String(word)), `no ${word} in the dump`);
    }
  });

  it('answers 404 with a list of its pages for anything else', async () => {
    const { status, body } = await mesh.weir.get('/nothing');
    assert.equal(status, 404);
    assert.match(body, /\/metrics/);
  });
});
