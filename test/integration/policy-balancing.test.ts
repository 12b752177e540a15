import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { createConnection } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { status as codes } from '@grpc/grpc-js';
import { callUnary, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir } from '../support/mesh.js';
import { grpcHeaders, grpcMessage, readResponse } from '../support/raw-http2.js';
import { Script, startScriptedHttpServer, type ScriptedServer } from '../support/scripted-server.js';
import { callPath, serviceEntryOf, ServiceMesh, type MeshEndpoint } from '../support/service-mesh.js';
import { until } from '../support/until.js';

function destinationRule(host: string, policy: string): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${host.replaceAll('.', '-')} }
spec: { host: ${host}, trafficPolicy: { ${policy} } }
`;
}

const OUTLIERS =
  'outlierDetection: { consecutive5xxErrors: 1, baseEjectionTime: 60s, maxEjectionPercent: 100 }';

const hashBy = (key: string): string => `loadBalancer: { consistentHash: { ${key} } }`;

describe('how endpoints are chosen', needsWeir, () => {
  const servers: EchoServer[] = [];
  const scripted: ScriptedServer[] = [];
  const script = new Script();
  let mesh: ServiceMesh;
  let startedMs: number;

  before(async () => {
    for (const name of ['a', 'b', 'c', 'd']) servers.push(await startEchoServer({ name }));
    for (const name of ['x', 'y', 'z']) scripted.push(await startScriptedHttpServer(name, script));
    const all = servers.map((server) => ({ server }));
    const [a, b, c, d] = servers as [EchoServer, EchoServer, EchoServer, EchoServer];
    mesh = new ServiceMesh();
    const add = (host: string, endpoints: readonly MeshEndpoint[], policy: string): void =>
      mesh.service(host, endpoints, destinationRule(host, policy));
    add('header.test', all, hashBy('httpHeaderName: x-user, ringHash: { minimumRingSize: 512 }'));
    add('old-ring.test', all, hashBy('httpHeaderName: x-user, minimumRingSize: 512'));
    add('maglev.test', all, hashBy('httpHeaderName: x-user, maglev: { tableSize: 1021 }'));
    add(
      'cookie.test',
      all,
      hashBy(
        'httpCookie: { name: session, path: /, ttl: 60s, attributes: [{ name: SameSite, value: Strict }, { name: Secure }] }',
      ),
    );
    add('source.test', all, hashBy('useSourceIp: true'));
    add(
      'query.test',
      scripted.map((server) => ({ server })),
      hashBy('httpQueryParameterName: user'),
    );
    add('round.test', all, 'loadBalancer: { simple: ROUND_ROBIN }');
    add(
      'weights.test',
      [
        { server: a, weight: 3 },
        { server: b, weight: 1 },
      ],
      'loadBalancer: { simple: ROUND_ROBIN }',
    );
    add('random.test', all, 'loadBalancer: { simple: RANDOM }');
    add('least.test', [{ server: a }, { server: b }], 'loadBalancer: { simple: LEAST_REQUEST }');
    add(
      'warmup.test',
      [{ server: a }],
      'loadBalancer: { simple: ROUND_ROBIN, warmup: { duration: 2s, minimumPercent: 10, aggression: 1 } }',
    );
    add('old-warmup.test', [{ server: a }], 'loadBalancer: { simple: ROUND_ROBIN, warmupDurationSecs: 2s }');
    const places = [
      { server: a, locality: 'eu/a/1' },
      { server: b, locality: 'eu/b/1' },
      { server: c, locality: 'us/a/1' },
      { server: d, locality: 'asia/a/1' },
    ];
    add(
      'zones.test',
      places,
      'loadBalancer: { simple: ROUND_ROBIN, zoneAwareLbSetting: { enabled: true, minClusterSize: 2 } }',
    );
    add('near.test', places, OUTLIERS);
    add(
      'everywhere.test',
      places,
      `${OUTLIERS}, loadBalancer: { simple: ROUND_ROBIN, localityLbSetting: { enabled: false } }`,
    );
    add(
      'failover.test',
      places.slice(2),
      `${OUTLIERS}, loadBalancer: { localityLbSetting: { failover: [{ from: eu, to: asia }] } }`,
    );
    add(
      'labels.test',
      [
        { server: a, labels: { version: 'v1', network: 'n1' } },
        { server: b, labels: { version: 'v2', network: 'n1' } },
        { server: c, labels: { version: 'v2', network: 'n2' } },
      ],
      `${OUTLIERS}, loadBalancer: { localityLbSetting: { failoverPriority: [version, network] } }`,
    );
    add(
      'shares.test',
      places,
      "loadBalancer: { localityLbSetting: { distribute: [{ from: us/*, to: { us/*: 100 } }, { from: eu/a/*, to: { 'eu/a/*': 70, 'us/*': 30 } }] } }",
    );
    await mesh.start(
      ...['--locality', 'eu/a/1', '--label', 'version=v2', '--label', 'network=n2'],
      ...['--listen', 'source.test:50051=127.0.0.1:0'],
    );
    startedMs = performance.now();
  });
  after(async () => {
    await mesh.close();
    for (const server of servers) server.destroy();
    for (const server of scripted) server.close();
  });
  beforeEach(() => {
    for (const server of servers) server.calls = 0;
  });

  const calls = (): readonly number[] => servers.map((server) => server.calls);

  async function callOften(client: EchoClient, count: number): Promise<void> {
    for (let at = 0; at < count; at++) await callUnary(client);
  }

  /** The servers that a few calls with these headers meet, each call on a connection of its own. */
  async function serversOf(host: string, metadata: Readonly<Record<string, string>>): Promise<string> {
    const callsBefore = calls();
    for (let at = 0; at < 4; at++) await callPath(mesh.client(host), { metadata });
    return servers
      .filter((server, at) => server.calls > callsBefore[at]!)
      .map(({ name }) => name)
      .join();
  }

  for (const host of ['header.test', 'old-ring.test', 'maglev.test']) {
    it(`binds by header in ${host}`, async () => {
      const bound = new Set<string>();
      // So many that none of four is left out, wherever their ports put them on the ring.
      for (let user = 0; user < 48; user++) bound.add(await serversOf(host, { 'x-user': `user-${user}` }));
      assert.deepEqual([...bound].sort(), ['a', 'b', 'c', 'd']);
    });
  }

  it('binds by a cookie, and gives it to those who have none', async () => {
    const bound = new Set<string>();
    for (let user = 0; user < 16; user++) {
      const { headers } = await callPath(mesh.client('cookie.test'));
      const cookie = String(headers.get('set-cookie')[0]);
      assert.match(cookie, /^session="?\w+"?; .*Max-Age=60.*Path=\/.*SameSite=Strict; Secure/);
      const first = servers.find((server) => server.calls > 0)!.name;
      for (const server of servers) server.calls = 0;
      bound.add(await serversOf('cookie.test', { cookie: cookie.split(';')[0]! }));
      assert.ok(bound.has(first), `${first} answered first`);
      for (const server of servers) server.calls = 0;
    }
    for (const name of bound) assert.ok(['a', 'b', 'c', 'd'].includes(name), name);
    assert.ok(bound.size > 1);
  });

  it('binds by the address of the caller', async () => {
    const used = new Set<string>();
    const [host = '', port = ''] = mesh.weir.listener('source.test:50051').split(':');
    for (let last = 2; last < 18; last++) {
      const callsBefore = calls();
      for (let connection = 0; connection < 2; connection++) {
        const session = connect(`http://${host}:${port}`, {
          createConnection: () =>
            createConnection({ host, port: Number(port), localAddress: `127.0.0.${last}` }),
        });
        for (let at = 0; at < 3; at++) {
          const stream = session.request(grpcHeaders('/weir.test.Echo/Unary'));
          stream.end(grpcMessage(Buffer.alloc(0)));
          assert.equal((await readResponse(stream)).trailers['grpc-status'], '0');
        }
        session.destroy();
      }
      const met = servers.filter((server, at) => server.calls > callsBefore[at]!).map(({ name }) => name);
      assert.equal(met.length, 1, `127.0.0.${last} met ${met.join()}`);
      used.add(met[0]!);
    }
    assert.ok(used.size > 1);
  });

  it('binds by a query parameter', async () => {
    const used = new Set<string>();
    for (let user = 0; user < 16; user++) {
      for (let at = 0; at < 4; at++) {
        const metadata = { 'x-call': `query-${user}` };
        const path = `/weir.test.Echo/Unary?at=${at}&user=u${user}`;
        assert.equal((await callPath(mesh.client('query.test'), { path, metadata })).code, codes.OK);
      }
      const met = new Set(script.attempts(`query-${user}`).map(({ server }) => server));
      assert.equal(met.size, 1, [...met].join());
      for (const name of met) used.add(name);
    }
    assert.ok(used.size > 1);
  });

  it('goes round in ROUND_ROBIN, by weight', async () => {
    await callOften(mesh.client('round.test'), 40);
    assert.deepEqual(calls(), [10, 10, 10, 10]);
    for (const server of servers) server.calls = 0;
    await callOften(mesh.client('weights.test'), 40);
    assert.deepEqual(calls(), [30, 10, 0, 0]);
  });

  it('leaves it to chance in RANDOM', async () => {
    await callOften(mesh.client('random.test'), 200);
    // Five standard deviations: one run in a million fails by chance.
    const slack = 5 * Math.sqrt(200 * 0.25 * 0.75);
    for (const each of calls()) assert.ok(Math.abs(each - 50) <= slack, String(calls()));
    assert.notDeepEqual(calls(), [50, 50, 50, 50]);
  });

  it('prefers the endpoint with fewer calls in LEAST_REQUEST', async () => {
    const client = mesh.client('least.test');
    const held = Array.from({ length: 3 }, () => callUnary(client, { hold: true }));
    await until('they are held', () => servers.reduce((sum, { open }) => sum + open, 0) === 3);
    // Two endpoints with one and two calls under way: whoever asks both takes the first.
    const callsBefore = calls();
    await callOften(client, 40);
    const more = servers.map((server, at) => server.calls - callsBefore[at]!);
    const busier = servers[0]!.open > servers[1]!.open ? 0 : 1;
    assert.ok(more[1 - busier]! > more[busier]!, `${String(more)}, the busier one is ${busier}`);
    for (const server of servers) server.release();
    await Promise.all(held);
  });

  it('stays near, and goes further only when those near fail', async () => {
    const client = mesh.client('near.test');
    await callOften(client, 20);
    assert.deepEqual(calls(), [20, 0, 0, 0]);
    servers[0]!.failing = codes.UNAVAILABLE;
    await callPath(client);
    servers[0]!.failing = 0;
    await callOften(client, 20);
    assert.deepEqual(calls(), [21, 20, 0, 0]);
    for (const server of servers) server.calls = 0;
    await callOften(mesh.client('everywhere.test'), 20);
    assert.deepEqual(calls(), [5, 5, 5, 5]);
  });

  it('goes to the region that failover names', async () => {
    await callOften(mesh.client('failover.test'), 20);
    assert.deepEqual(calls(), [0, 0, 0, 20]);
  });

  it('goes by the labels that failoverPriority names', async () => {
    const client = mesh.client('labels.test');
    await callOften(client, 20);
    assert.deepEqual(calls(), [0, 0, 20, 0]);
    servers[2]!.failing = codes.UNAVAILABLE;
    await callPath(client);
    servers[2]!.failing = 0;
    await callOften(client, 20);
    assert.deepEqual(calls(), [0, 20, 21, 0]);
  });

  it('keeps calls within the zone, when it has as many endpoints for its callers as others', async () => {
    await callOften(mesh.client('zones.test'), 40);
    assert.deepEqual(calls(), [40, 0, 0, 0]);
  });

  it('gives each locality the share that distribute says', async () => {
    await callOften(mesh.client('shares.test'), 400);
    const slack = 5 * Math.sqrt(400 * 0.7 * 0.3);
    const [a = 0, b, c = 0, d] = calls();
    assert.deepEqual([b, d, a + c], [0, 0, 400]);
    assert.ok(Math.abs(a - 280) <= slack, String(calls()));
  });

  for (const host of ['warmup.test', 'old-warmup.test']) {
    it(`gives a new endpoint little at first in ${host}`, async () => {
      const client = mesh.client(host);
      // The first one has to be warm itself.
      await until('it is warm', () => performance.now() - startedMs > 2_200, 10_000);
      const [a, b] = servers as [EchoServer, EchoServer];
      mesh.replace(host, serviceEntryOf(host, [{ server: a }, { server: b }]));
      await until('the new one has a call', async () => {
        await callUnary(client);
        return b.calls > 0;
      });
      for (const server of servers) server.calls = 0;
      await callOften(client, 40);
      assert.ok(b.calls <= 16, `${b.calls} of 40 for the new one`);
      await until('it is warm as well', async () => {
        for (const server of servers) server.calls = 0;
        await callOften(client, 20);
        return b.calls === 10;
      });
    });
  }
});
