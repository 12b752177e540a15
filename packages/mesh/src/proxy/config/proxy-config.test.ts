import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, seededRandom } from '@weir/core';
import { FakeClock } from '@weir/core/testing';
import { type Cluster, encodeCluster } from '../../xds/generated/envoy.config.cluster.v3.js';
import { encodeClusterLoadAssignment } from '../../xds/generated/envoy.config.endpoint.v3.js';
import { encodeListener } from '../../xds/generated/envoy.config.listener.v3.js';
import { encodeRouteConfiguration } from '../../xds/generated/envoy.config.route.v3.js';
import { encodeHttpConnectionManager } from '../../xds/generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import {
  TYPE_CLUSTER,
  TYPE_ENDPOINT,
  TYPE_HTTP_CONNECTION_MANAGER,
  TYPE_LISTENER,
  TYPE_ROUTE,
  TYPE_ROUTER,
} from '../../xds/type-urls.js';
import { ProxyConfig } from './proxy-config.js';

/** A proxy's configuration and the hand of the control plane. */
function setUp() {
  const clock = new FakeClock();
  const logged: string[] = [];
  const subscriptions = new Map<string, string[]>();
  const forgotten: string[] = [];
  const log = (message: string) => void logged.push(message);
  const config = new ProxyConfig({
    clock,
    random: seededRandom(1),
    logger: { debug() {}, info: log, warn: log, error: log },
    controlPlane: '127.0.0.1:15010',
    onSubscriptions: (typeUrl, names) => subscriptions.set(typeUrl, [...names]),
    onEndpointForgotten: (address) => forgotten.push(address),
    onServiceForgotten: (service) => forgotten.push(service),
    warmingTimeoutMs: 15_000,
    hostGraceMs: 60_000,
  });
  let sent = 0;
  const send = (typeUrl: string, messages: readonly Uint8Array[]) =>
    config.apply(
      typeUrl,
      String(++sent),
      messages.map((value) => ({ typeUrl, value })),
    );
  return {
    clock,
    config,
    logged,
    subscriptions,
    forgotten,
    clusters: (...names: string[]) =>
      send(
        TYPE_CLUSTER,
        names.map((name) => cluster(name)),
      ),
    rawClusters: (...clusters: Cluster[]) => send(TYPE_CLUSTER, clusters.map(encodeCluster)),
    endpoints: (name: string, ...addresses: string[]) => send(TYPE_ENDPOINT, [assignment(name, addresses)]),
    listeners: (...ports: number[]) =>
      send(
        TYPE_LISTENER,
        ports.map((port) => listener(port)),
      ),
    listenerFor: (port: number, routes: string) => send(TYPE_LISTENER, [listener(port, routes)]),
    routes: (name: string, clusterName: string) => send(TYPE_ROUTE, [routeConfig(name, clusterName)]),
    send,
    /** The cluster that a request for `greeter` on a port is sent to. */
    destination(port: number) {
      const table = config.route(port);
      if (table === undefined) return undefined;
      const request = { authority: 'greeter', path: '/a.B/C', method: 'POST', header: () => undefined };
      const decision = decide(request, table, clock, seededRandom(1));
      if (decision.kind === 'no-route') return decision.reason;
      return decision.kind === 'forward' ? decision.cluster : decision.kind;
    },
  };
}

const edsCluster = (name: string): Cluster => ({
  name,
  type: 'EDS',
  edsClusterConfig: { edsConfig: { ads: {} } },
});

function cluster(name: string): Uint8Array {
  return encodeCluster(edsCluster(name));
}

function assignment(clusterName: string, addresses: readonly string[]): Uint8Array {
  const lbEndpoints = addresses.map((address) => {
    const [host = '', port = ''] = address.split(':');
    return { endpoint: { address: { socketAddress: { address: host, portValue: Number(port) } } } };
  });
  return encodeClusterLoadAssignment({ clusterName, endpoints: [{ lbEndpoints }] });
}

function listener(port: number, routeConfigName = String(port)): Uint8Array {
  const manager = encodeHttpConnectionManager({
    rds: { routeConfigName, configSource: { ads: {} } },
    httpFilters: [{ name: 'envoy.filters.http.router', typedConfig: { typeUrl: TYPE_ROUTER } }],
  });
  return encodeListener({
    name: `0.0.0.0_${port}`,
    address: { socketAddress: { address: '0.0.0.0', portValue: port } },
    trafficDirection: 'OUTBOUND',
    filterChains: [
      { filters: [{ name: 'hcm', typedConfig: { typeUrl: TYPE_HTTP_CONNECTION_MANAGER, value: manager } }] },
    ],
  });
}

function routeConfig(name: string, clusterName: string): Uint8Array {
  return encodeRouteConfiguration({
    name,
    virtualHosts: [
      {
        name: 'greeter',
        domains: ['greeter', `greeter:${name}`],
        routes: [{ name: 'default', match: { prefix: '/' }, route: { cluster: clusterName } }],
      },
    ],
  });
}

test('requests are routed when listener, routes, cluster and endpoints have come', () => {
  const mesh = setUp();
  assert.equal(mesh.config.reason, 'waiting for the control plane at 127.0.0.1:15010');
  mesh.clusters('a');
  assert.equal(mesh.config.reason, 'waiting for the control plane at 127.0.0.1:15010');
  assert.deepEqual(mesh.subscriptions.get(TYPE_ENDPOINT), ['a']);
  mesh.listeners(50051);
  assert.equal(mesh.config.reason, 'waiting for endpoints of a and 1 more');
  assert.deepEqual(mesh.subscriptions.get(TYPE_ROUTE), ['50051']);
  mesh.endpoints('a', '10.0.0.1:1', '10.0.0.2:1');
  assert.equal(mesh.config.reason, 'waiting for routes 50051');
  assert.equal(mesh.config.configured, false);
  mesh.routes('50051', 'a');
  assert.equal(mesh.config.configured, true);
  assert.equal(mesh.config.reason, '');
  assert.equal(mesh.destination(50051), 'a');
  assert.deepEqual([...(mesh.config.cluster('a')?.hosts.keys() ?? [])], ['10.0.0.1:1', '10.0.0.2:1']);
});

test('the order in which the types come does not matter', () => {
  const mesh = setUp();
  mesh.listeners(50051);
  mesh.routes('50051', 'a');
  assert.equal(mesh.destination(50051), undefined);
  mesh.clusters('a');
  mesh.endpoints('a', '10.0.0.1:1');
  assert.equal(mesh.destination(50051), 'a');
  assert.equal(mesh.config.configured, true);
});

/** A mesh in which `greeter` on 50051 is served by cluster `a`. */
function configured() {
  const mesh = setUp();
  mesh.clusters('a');
  mesh.endpoints('a', '10.0.0.1:1');
  mesh.listeners(50051);
  mesh.routes('50051', 'a');
  assert.equal(mesh.destination(50051), 'a');
  return mesh;
}

test('routes to a new cluster come into force only when its endpoints are there', () => {
  const mesh = configured();
  mesh.routes('50051', 'b');
  assert.equal(mesh.destination(50051), 'a');
  mesh.clusters('a', 'b');
  assert.equal(mesh.destination(50051), 'a');
  mesh.endpoints('b', '10.0.0.2:1');
  assert.equal(mesh.destination(50051), 'b');
});

test('a cluster that is no longer sent serves on until no route in force needs it', () => {
  const mesh = configured();
  mesh.clusters('b');
  assert.equal(mesh.config.cluster('a')?.hosts.size, 1);
  mesh.endpoints('a', '10.0.0.7:1');
  assert.deepEqual([...(mesh.config.cluster('a')?.hosts.keys() ?? [])], ['10.0.0.7:1']);
  mesh.routes('50051', 'b');
  mesh.endpoints('b', '10.0.0.2:1');
  assert.equal(mesh.destination(50051), 'b');
  assert.equal(mesh.config.cluster('a'), undefined);
  assert.deepEqual(mesh.subscriptions.get(TYPE_ENDPOINT), ['b']);
});

test('removing a cluster drains its pools and forgets its service', () => {
  const mesh = configured();
  const host = mesh.config.cluster('a')?.pick();
  let drained = 0;
  host!.pool = { drain: () => drained++, destroy() {}, connections: 1, activeStreams: 0, pendingStreams: 0 };
  mesh.listeners();
  mesh.clusters();
  assert.equal(drained, 1);
  assert.deepEqual(mesh.forgotten, ['10.0.0.1:1', 'a']);
  assert.equal(mesh.clock.pendingTimers, 0);
});

test('a listener that changes its routes keeps the old ones until the new ones are complete', () => {
  const mesh = configured();
  mesh.listenerFor(50051, 'other');
  assert.equal(mesh.destination(50051), 'a');
  assert.deepEqual(mesh.subscriptions.get(TYPE_ROUTE), ['50051', 'other']);
  mesh.clusters('a', 'b');
  mesh.endpoints('b', '10.0.0.2:1');
  mesh.routes('other', 'b');
  assert.equal(mesh.destination(50051), 'b');
  assert.deepEqual(mesh.subscriptions.get(TYPE_ROUTE), ['other']);
});

test('a listener that is no longer sent gives up its port', () => {
  const mesh = configured();
  mesh.listeners();
  assert.equal(mesh.config.route(50051), undefined);
  assert.deepEqual([...mesh.config.ports], []);
});

test('an invalid cluster is refused by name and field while its last good state and the others go on', () => {
  const mesh = configured();
  const errors = mesh.rawClusters({ ...edsCluster('a'), lbPolicy: 'CLUSTER_PROVIDED' }, edsCluster('b'));
  assert.deepEqual(errors, [
    'Cluster a: lb_policy: CLUSTER_PROVIDED is not supported; use ROUND_ROBIN, LEAST_REQUEST, RANDOM, RING_HASH or MAGLEV',
  ]);
  assert.equal(mesh.config.cluster('a')?.policyName, 'round_robin');
  assert.deepEqual(mesh.subscriptions.get(TYPE_ENDPOINT), ['a', 'b']);
});

test('a new policy and timeout leave the hosts and their statistics alone', () => {
  const mesh = configured();
  const host = mesh.config.cluster('a')?.pick();
  mesh.rawClusters({ ...edsCluster('a'), lbPolicy: 'RANDOM', connectTimeout: { seconds: 1, nanos: 5e8 } });
  const after = mesh.config.cluster('a');
  assert.equal(after?.policyName, 'random');
  assert.equal(after?.connectTimeoutMs, 1500);
  assert.equal(after?.pick(), host);
});

test('a cluster that takes its endpoints from elsewhere keeps the old ones until the new ones come', () => {
  const mesh = configured();
  mesh.rawClusters({ ...edsCluster('a'), edsClusterConfig: { serviceName: 'x', edsConfig: { ads: {} } } });
  mesh.endpoints('a', '10.0.0.5:1');
  assert.deepEqual([...(mesh.config.cluster('a')?.hosts.keys() ?? [])], ['10.0.0.5:1']);
  mesh.endpoints('x', '10.0.0.6:1');
  assert.deepEqual([...(mesh.config.cluster('a')?.hosts.keys() ?? [])], ['10.0.0.6:1']);
  assert.deepEqual(mesh.subscriptions.get(TYPE_ENDPOINT), ['x']);
});

test('what never comes is gone without after 15 s, with a warning, and readiness does not hang on it', () => {
  const mesh = setUp();
  mesh.clusters('a');
  mesh.listeners(50051);
  mesh.routes('50051', 'a');
  mesh.clock.advance(14_999);
  assert.equal(mesh.config.configured, false);
  assert.equal(mesh.destination(50051), undefined);
  mesh.clock.advance(1);
  assert.equal(mesh.config.configured, true);
  assert.equal(mesh.destination(50051), 'a');
  assert.equal(mesh.config.cluster('a')?.pick(), undefined);
  assert.equal(mesh.logged.length, 1);
  assert.equal(mesh.clock.pendingTimers, 0);
});

test('endpoint updates do not void kept decisions, other changes do', () => {
  const mesh = configured();
  const version = mesh.config.configVersion;
  mesh.endpoints('a', '10.0.0.1:1', '10.0.0.2:1');
  assert.equal(mesh.config.configVersion, version);
  mesh.clusters('a', 'b');
  mesh.endpoints('b');
  assert.ok(mesh.config.configVersion > version);
});

test('a response that repeats what is there changes nothing', () => {
  const mesh = configured();
  const table = mesh.config.route(50051);
  const version = mesh.config.configVersion;
  mesh.routes('50051', 'a');
  mesh.clusters('a');
  mesh.listeners(50051);
  assert.equal(mesh.config.route(50051), table);
  assert.equal(mesh.config.configVersion, version);
});

test('a destination is known by the domains of its port', () => {
  const mesh = configured();
  assert.equal(mesh.config.knows('greeter', 50051), true);
  assert.equal(mesh.config.knows('stranger', 50051), false);
  assert.equal(mesh.config.knows('greeter', 443), false);
});

test('of two listeners for one port the second is refused and the first stays', () => {
  const mesh = configured();
  const second = encodeListenerNamed('second', 50051);
  const errors = mesh.send(TYPE_LISTENER, [listener(50051), second]);
  assert.deepEqual(errors, ['Listener second: address: port 50051 is taken by listener 0.0.0.0_50051']);
  assert.equal(mesh.destination(50051), 'a');
});

function encodeListenerNamed(name: string, port: number): Uint8Array {
  // A name written again: of a field that occurs twice the last one counts.
  return Buffer.concat([listener(port, 'x'), encodeListener({ name })]);
}

test('a response of a type nobody asked for is refused', () => {
  const mesh = setUp();
  assert.deepEqual(mesh.send('type.googleapis.com/x.Y', []), [
    'type type.googleapis.com/x.Y was not asked for',
  ]);
});
