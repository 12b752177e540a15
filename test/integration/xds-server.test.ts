import { status as Status } from '@grpc/grpc-js';
import { seededRandom } from '@weir/core';
import assert from 'node:assert/strict';
import net from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createLogger } from 'weir/dist/system/logger.js';
import { systemClock } from 'weir/dist/system/clock.js';
import { AdsClient } from 'weir/dist/xds/client/ads-client.js';
import { decodeCluster } from 'weir/dist/xds/generated/envoy.config.cluster.v3.js';
import type { DiscoveryResponse } from 'weir/dist/xds/generated/envoy.service.discovery.v3.js';
import { clusterResource, endpointResource, type Resource } from 'weir/dist/xds/resource.js';
import { AdsServer, type AdsServerOptions, type Nack } from 'weir/dist/xds/server/ads-server.js';
import { SnapshotCell } from 'weir/dist/xds/server/snapshot-source.js';
import { buildSnapshot } from 'weir/dist/xds/snapshot.js';
import { TYPE_CLUSTER, TYPE_ENDPOINT } from 'weir/dist/xds/type-urls.js';
import { connectByGrpcJs, RawAdsClient } from '../support/ads.js';
import { until } from '../support/until.js';

const logger = createLogger({ level: 'error' });
const clock = systemClock;

function cluster(name: string, seconds = 5): Resource {
  return clusterResource({ name, type: 'EDS', connectTimeout: { seconds } });
}

function clusterNames(response: DiscoveryResponse): readonly (string | undefined)[] {
  return (response.resources ?? []).map(({ value }) => decodeCluster(value ?? new Uint8Array(0)).name);
}

describe('the ADS server on a real socket', () => {
  let server: AdsServer;
  let port: number;
  let closers: (() => void)[];

  beforeEach(async () => {
    closers = [];
    await serve({});
  });

  afterEach(() => {
    for (const close of closers) close();
    server.destroy();
  });

  async function serve(options: Partial<AdsServerOptions>, at = 0): Promise<void> {
    server = new AdsServer({ clock, logger, ...options });
    port = await server.listen('127.0.0.1', at);
  }

  function connect(): RawAdsClient {
    const client = new RawAdsClient(port);
    closers.push(() => client.close());
    return client;
  }

  async function next(client: RawAdsClient, typeUrl: string): Promise<DiscoveryResponse> {
    let response: DiscoveryResponse | undefined;
    await until(`a response of type ${typeUrl}`, () => (response = client.take(typeUrl)) !== undefined);
    return response ?? {};
  }

  it('answers, pushes what changed and reports who has what', async () => {
    server.setSnapshot(buildSnapshot([cluster('a')]));
    const client = connect();
    client.request({
      node: { id: 'n1', userAgentName: 'raw', userAgentVersion: '1' },
      typeUrl: TYPE_CLUSTER,
    });
    const first = await next(client, TYPE_CLUSTER);
    assert.deepEqual(clusterNames(first), ['a']);
    client.ack(first);
    await until('the ACK is seen', () => server.status()[0]?.types.get(TYPE_CLUSTER)?.pending === false);
    server.setSnapshot(buildSnapshot([cluster('a'), cluster('b')]));
    const second = await next(client, TYPE_CLUSTER);
    assert.deepEqual(clusterNames(second), ['a', 'b']);
    const [status] = server.status();
    assert.equal(status?.nodeId, 'n1');
    assert.equal(status?.userAgent, 'raw 1');
    assert.equal(status?.types.get(TYPE_CLUSTER)?.ackedVersion, first.versionInfo);
    assert.equal(status?.types.get(TYPE_CLUSTER)?.pending, true);
    client.close();
    await until('the client is forgotten', () => server.status().length === 0);
  });

  it('reports a NACK with the client, the version and its words', async () => {
    server.destroy();
    const nacks: Nack[] = [];
    await serve({ onNack: (nack) => void nacks.push(nack), logger: createLogger({ write: () => {} }) });
    server.setSnapshot(buildSnapshot([cluster('a')]));
    const client = connect();
    client.request({ node: { id: 'n1' }, typeUrl: TYPE_CLUSTER });
    const { nonce: responseNonce, versionInfo } = await next(client, TYPE_CLUSTER);
    client.request({ typeUrl: TYPE_CLUSTER, responseNonce, errorDetail: { code: 3, message: 'no thanks' } });
    await until('the NACK is reported', () => nacks.length === 1);
    const [{ wallMs, ...nack } = assert.fail()] = nacks;
    assert.ok(Math.abs(wallMs - Date.now()) < 10_000);
    assert.deepEqual(nack, {
      nodeId: 'n1',
      typeUrl: TYPE_CLUSTER,
      version: versionInfo,
      message: 'no thanks',
      resources: ['a'],
      field: undefined,
    });
  });

  it('gives each client the configuration chosen by its node', async () => {
    server.destroy();
    const cells = new Map([
      ['one', new SnapshotCell()],
      ['two', new SnapshotCell()],
    ]);
    await serve({ snapshotFor: (node) => cells.get(node.cluster ?? '') ?? new SnapshotCell() });
    for (const [name, cell] of cells) cell.set(buildSnapshot([cluster(name)]));
    for (const name of cells.keys()) {
      const client = connect();
      client.request({ node: { cluster: name }, typeUrl: TYPE_CLUSTER });
      assert.deepEqual(clusterNames(await next(client, TYPE_CLUSTER)), [name]);
    }
  });

  it('goes on serving others while one client does not read, and then sends that one the latest only', async () => {
    const lbEndpoints = Array.from({ length: 20_000 }, (_, i) => ({
      endpoint: { address: { socketAddress: { address: `10.0.${i >> 8}.${i & 255}`, portValue: 1 } } },
    }));
    const snapshot = (number: number) =>
      buildSnapshot([
        cluster('a'),
        endpointResource({
          clusterName: 'a',
          endpoints: [{ lbEndpoints, loadBalancingWeight: { value: number } }],
        }),
      ]);
    server.setSnapshot(snapshot(1));
    const stalled = connect();
    stalled.call.pause();
    stalled.request({ typeUrl: TYPE_ENDPOINT, resourceNames: ['a'] });
    const reader = connect();
    reader.request({ typeUrl: TYPE_ENDPOINT, resourceNames: ['a'] });
    let latest: DiscoveryResponse = {};
    for (let number = 1; number <= 20; number++) {
      if (number > 1) server.setSnapshot(snapshot(number));
      latest = await next(reader, TYPE_ENDPOINT);
      reader.ack(latest, ['a']);
    }
    stalled.call.resume();
    stalled.ack(await next(stalled, TYPE_ENDPOINT), ['a']);
    assert.equal((await next(stalled, TYPE_ENDPOINT)).versionInfo, latest.versionInfo);
    assert.equal(stalled.responses.length, 0);
  });

  it('sends a set larger than the usual message limit to a client that takes it', async () => {
    const many = Array.from({ length: 60_000 }, (_, i) =>
      cluster(`outbound|50051||service-${i}.default.svc.cluster.local`),
    );
    server.setSnapshot(buildSnapshot(many));
    const client = connect();
    client.request({ typeUrl: TYPE_CLUSTER });
    const { resources = [] } = await next(client, TYPE_CLUSTER);
    assert.equal(resources.length, many.length);
  });

  it('ends the stream of a client that sends garbage, and no other', async () => {
    server.setSnapshot(buildSnapshot([cluster('a')]));
    const good = connect();
    good.request({ typeUrl: TYPE_CLUSTER });
    const first = await next(good, TYPE_CLUSTER);
    let ended: Error | undefined;
    const stream = connectByGrpcJs(port)({ onMessage: () => {}, onEnd: (error) => void (ended = error) });
    stream.send(Uint8Array.of(0x0a, 0xff));
    await until('the garbled stream ends', () => ended !== undefined);
    good.ack(first);
    server.setSnapshot(buildSnapshot([cluster('b')]));
    assert.deepEqual(clusterNames(await next(good, TYPE_CLUSTER)), ['b']);
  });

  it('ends all streams with UNAVAILABLE when it closes, and frees the port', async () => {
    server.setSnapshot(buildSnapshot([cluster('a')]));
    const client = connect();
    client.request({ typeUrl: TYPE_CLUSTER });
    await next(client, TYPE_CLUSTER);
    await server.close();
    await until('the client is told', () => client.error !== undefined);
    assert.equal(client.error?.code, Status.UNAVAILABLE);
    const again = net.createServer().listen(port, '127.0.0.1');
    await new Promise((resolve, reject) => again.once('listening', resolve).once('error', reject));
    await new Promise((resolve) => again.close(resolve));
  });

  it('says why when its port is taken', async () => {
    const other = new AdsServer({ clock, logger });
    await assert.rejects(other.listen('127.0.0.1', port), /EADDRINUSE|address already in use/);
    other.destroy();
  });

  it('converges with the ADS client over a restart with another configuration', async () => {
    const known: string[] = [];
    const client = new AdsClient({
      connect: (events) => connectByGrpcJs(port)(events),
      node: { id: 'sidecar~1' },
      clock,
      random: seededRandom(1),
      logger: createLogger({ write: () => {} }),
      handler: {
        apply: (_typeUrl, _version, resources) => {
          known.splice(0, known.length, ...resources.map(({ value }) => decodeCluster(value).name ?? ''));
          return [];
        },
      },
    });
    closers.push(() => client.stop());
    client.subscribe(TYPE_CLUSTER, 'wildcard');
    client.start();
    server.setSnapshot(buildSnapshot([cluster('a')]));
    await until('the first configuration', () => known.join() === 'a');
    server.destroy();
    await until('the client notices', () => !client.connected);
    assert.deepEqual(known, ['a'], 'kept while the server is away');
    await serve({}, port);
    server.setSnapshot(buildSnapshot([cluster('b')]));
    await until('the second configuration', () => known.join() === 'b' && client.connected);
  });
});
