import * as grpc from '@grpc/grpc-js';
import { register as registerXds } from '@grpc/grpc-js-xds';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { inspect, register, snapshot } from '@weir/client';
import { ownBalancer, roundRobinPolicy, withinLocality } from 'weir/dist/control/translate/balancer-list.js';
import { createLogger } from 'weir/dist/system/logger.js';
import { systemClock } from 'weir/dist/system/clock.js';
import type { LoadBalancingPolicy_Policy } from 'weir/dist/xds/generated/envoy.config.cluster.v3.js';
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
import { TYPE_HTTP_CONNECTION_MANAGER, TYPE_ROUTER } from 'weir/dist/xds/type-urls.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { createLibraryClient, type LibraryClient } from '../support/library-rig.js';
import { until } from '../support/until.js';

const overAds = { ads: {}, resourceApiVersion: 'V3' } as const;

/** What a proxyless gRPC client needs to call `echo`, balanced by the first policy that it knows. */
function proxyless(
  servers: readonly EchoServer[],
  policies: readonly LoadBalancingPolicy_Policy[],
  hashHeader?: string,
): Snapshot {
  const router = { typeUrl: TYPE_ROUTER, value: encodeRouter({}) };
  const manager = encodeHttpConnectionManager({
    rds: { routeConfigName: 'routes', configSource: overAds },
    httpFilters: [{ name: 'envoy.filters.http.router', typedConfig: router }],
  });
  const lbEndpoints = servers.map(({ address }) => {
    const [host = '', port = ''] = address.split(':');
    return { endpoint: { address: { socketAddress: { address: host, portValue: Number(port) } } } };
  });
  const hashPolicy = hashHeader === undefined ? [] : [{ header: { headerName: hashHeader } }];
  return buildSnapshot([
    listenerResource({
      name: 'echo',
      apiListener: { apiListener: { typeUrl: TYPE_HTTP_CONNECTION_MANAGER, value: manager } },
    }),
    routeResource({
      name: 'routes',
      virtualHosts: [
        {
          name: 'echo',
          domains: ['*'],
          routes: [{ match: { prefix: '' }, route: { cluster: 'echo', hashPolicy } }],
        },
      ],
    }),
    clusterResource({
      name: 'echo',
      type: 'EDS',
      edsClusterConfig: { edsConfig: overAds },
      loadBalancingPolicy: { policies },
    }),
    endpointResource({
      clusterName: 'echo',
      endpoints: [{ locality: { region: 'r', zone: 'z' }, loadBalancingWeight: { value: 1 }, lbEndpoints }],
    }),
  ]);
}

describe('@weir/client under an xDS control plane', () => {
  const servers: EchoServer[] = [];
  const nacks: string[] = [];
  const ads = new AdsServer({
    clock: systemClock,
    logger: createLogger({ level: 'error' }),
    onNack: (nack) => void nacks.push(nack.message),
  });
  let client: LibraryClient;

  before(async () => {
    register();
    registerXds();
    for (const name of ['a', 'b', 'c']) servers.push(await startEchoServer({ name }));
    const port = await ads.listen('127.0.0.1', 0);
    const bootstrap = {
      xds_servers: [{ server_uri: `127.0.0.1:${port}`, channel_creds: [{ type: 'insecure' }] }],
      node: { id: 'library~1', locality: {} },
      client_default_listener_resource_name_template: '%s',
    };
    client = createLibraryClient(grpc, 'xds:///echo', undefined, {
      'grpc.TEST_ONLY_DO_NOT_USE_IN_PROD.xds_bootstrap_config': JSON.stringify(bootstrap),
    });
  });
  after(() => {
    client.close();
    ads.destroy();
    for (const server of servers) server.destroy();
  });

  const policiesInUse = (): readonly string[] => snapshot(client.client).policies.map(({ policy }) => policy);
  const answering = async (metadata: Record<string, string> = {}): Promise<string> => {
    const names = [];
    for (let call = 0; call < 30; call++) names.push((await client.unary({}, { metadata })).server);
    return [...new Set(names)].sort().join('');
  };

  it('balances by the policy that a TypedStruct names, with its settings', async () => {
    ads.setSnapshot(
      proxyless(servers, [
        ownBalancer('weir_p2c_ewma', { decayMs: 4000 }),
        withinLocality([roundRobinPolicy()]),
      ]),
    );
    assert.equal(await answering(), 'abc');
    const [policy] = snapshot(client.client).policies;
    assert.equal(policy!.policy, 'weir_p2c_ewma');
    assert.deepEqual(policy!.config, { name: 'p2c_ewma', decayMs: 4000 });
    assert.equal(policy!.endpoints[0]!.locality, 'r/z/');
    assert.equal(
      policy!.endpoints.reduce((sum, { started }) => sum + started, 0),
      30,
    );
    assert.deepEqual(nacks, []);
  });

  it('changes to another policy without a failed call', async () => {
    ads.setSnapshot(
      proxyless(servers, [withinLocality([ownBalancer('weir_prequal', {}), roundRobinPolicy()])]),
    );
    await until('Prequal is in use', async () => {
      assert.match(await answering(), /a|b|c/);
      return policiesInUse().join() === 'weir_prequal';
    });
    assert.deepEqual(nacks, []);
  });

  it('binds calls by the hash that the route computes', async () => {
    ads.setSnapshot(
      proxyless(servers, [ownBalancer('weir_ring_hash', {}), withinLocality([roundRobinPolicy()])], 'x-user'),
    );
    await until('the ring is in use', async () => {
      await answering({ 'x-user': 'ann' });
      return policiesInUse().join() === 'weir_ring_hash';
    });
    const bound = new Set<string>();
    for (const user of ['ann', 'bob', 'cem', 'dee', 'eve', 'fay']) {
      const answers = await answering({ 'x-user': user });
      assert.equal(answers.length, 1);
      bound.add(answers);
    }
    assert.ok(bound.size > 1);
    assert.deepEqual(nacks, []);
  });

  it('falls back to the next policy where one is not known, and inspect shows it', async () => {
    ads.setSnapshot(
      proxyless(servers, [ownBalancer('weir_of_the_future', {}), withinLocality([roundRobinPolicy()])]),
    );
    await until('round robin is in use', async () => {
      assert.match(await answering(), /a|b|c/);
      return JSON.stringify(inspect(client.client).policy).includes('"policy":"round_robin"');
    });
    assert.deepEqual(policiesInUse(), []);
    assert.deepEqual(nacks, []);
  });
});
