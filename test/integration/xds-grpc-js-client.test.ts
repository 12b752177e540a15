import { register } from '@grpc/grpc-js-xds';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createLogger } from 'weir/dist/system/logger.js';
import { systemClock } from 'weir/dist/system/clock.js';
import { encodeRouter } from 'weir/dist/xds/generated/envoy.extensions.filters.http.router.v3.js';
import { encodeHttpConnectionManager } from 'weir/dist/xds/generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import {
  clusterResource,
  endpointResource,
  listenerResource,
  routeResource,
} from 'weir/dist/xds/resource.js';
import { AdsServer } from 'weir/dist/xds/server/ads-server.js';
import { buildSnapshot, type Snapshot } from 'weir/dist/xds/snapshot.js';
import {
  TYPE_CLUSTER,
  TYPE_ENDPOINT,
  TYPE_HTTP_CONNECTION_MANAGER,
  TYPE_LISTENER,
  TYPE_ROUTE,
  TYPE_ROUTER,
} from 'weir/dist/xds/type-urls.js';
import { callUnary, createEchoClient, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { until } from '../support/until.js';

const overAds = { ads: {}, resourceApiVersion: 'V3' } as const;

/** What a proxyless gRPC client needs to call `echo` at the given servers. */
function proxyless(clusterName: string, servers: readonly EchoServer[]): Snapshot {
  const router = { typeUrl: TYPE_ROUTER, value: encodeRouter({}) };
  const manager = encodeHttpConnectionManager({
    rds: { routeConfigName: 'echo-routes', configSource: overAds },
    httpFilters: [{ name: 'envoy.filters.http.router', typedConfig: router }],
  });
  const lbEndpoints = servers.map(({ address }) => {
    const [host = '', port = ''] = address.split(':');
    return { endpoint: { address: { socketAddress: { address: host, portValue: Number(port) } } } };
  });
  return buildSnapshot([
    listenerResource({
      name: 'echo',
      apiListener: { apiListener: { typeUrl: TYPE_HTTP_CONNECTION_MANAGER, value: manager } },
    }),
    routeResource({
      name: 'echo-routes',
      virtualHosts: [
        {
          name: 'echo',
          domains: ['*'],
          routes: [{ match: { prefix: '' }, route: { cluster: clusterName } }],
        },
      ],
    }),
    clusterResource({ name: clusterName, type: 'EDS', edsClusterConfig: { edsConfig: overAds } }),
    endpointResource({
      clusterName,
      endpoints: [{ locality: { zone: 'z' }, loadBalancingWeight: { value: 1 }, lbEndpoints }],
    }),
  ]);
}

describe('the xDS client of grpc-js', () => {
  const servers: EchoServer[] = [];
  const nacks: string[] = [];
  const ads = new AdsServer({
    clock: systemClock,
    logger: createLogger({ level: 'error' }),
    onNack: (nack) => void nacks.push(nack.message),
  });
  let client: EchoClient | undefined;

  before(async () => {
    register();
    for (const name of ['a', 'b', 'c']) servers.push(await startEchoServer({ name }));
    const port = await ads.listen('127.0.0.1', 0);
    const bootstrap = {
      xds_servers: [{ server_uri: `127.0.0.1:${port}`, channel_creds: [{ type: 'insecure' }] }],
      node: { id: 'proxyless~1', locality: {} },
      client_default_listener_resource_name_template: '%s',
    };
    client = createEchoClient('xds:///echo', {
      grpc: { 'grpc.TEST_ONLY_DO_NOT_USE_IN_PROD.xds_bootstrap_config': JSON.stringify(bootstrap) },
    });
  });

  after(() => {
    client?.close();
    ads.destroy();
    for (const server of servers) server.destroy();
  });

  async function answering(calls: number): Promise<readonly string[]> {
    const names = new Set<string>();
    for (let call = 0; call < calls; call++) {
      const { reply } = await callUnary(client ?? assert.fail(), {}, { timeoutMs: 10_000 });
      names.add(reply.server);
    }
    return [...names].sort();
  }

  it('finds its endpoints through listener, route, cluster and load assignment', async () => {
    ads.setSnapshot(proxyless('one', servers.slice(0, 2)));
    assert.deepEqual(await answering(20), ['a', 'b']);
    const types = [...(ads.status()[0]?.types.keys() ?? [])].sort();
    assert.deepEqual(types, [TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE].sort());
  });

  it('takes in a third endpoint while it runs', async () => {
    ads.setSnapshot(proxyless('one', servers));
    await until('all three answer', async () => (await answering(12)).join() === 'a,b,c');
  });

  it('moves to another cluster without a failed call, and acknowledges everything', async () => {
    ads.setSnapshot(proxyless('two', servers.slice(2)));
    // Not with `until`, which would try again after a failed call.
    for (let rounds = 1; (await answering(6)).join() !== 'c'; rounds++) {
      assert.ok(rounds < 100, 'the other cluster never answers alone');
    }
    await until('all is acknowledged', () =>
      [...(ads.status()[0]?.types.values() ?? [])].every(({ pending }) => !pending),
    );
    assert.deepEqual(ads.status()[0]?.types.get(TYPE_CLUSTER)?.subscribed, ['two']);
    assert.deepEqual(nacks, []);
  });
});
