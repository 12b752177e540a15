import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeHttpConnectionManager } from './generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import { decodeDiscoveryResponse } from './generated/envoy.service.discovery.v3.js';
import { clusterResource, endpointResource, listenerResource, routeResource } from './resource.js';
import { encodeResponse } from './server/response.js';
import { buildSnapshot, checkSnapshot, formatDangling } from './snapshot.js';
import { TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_HTTP_CONNECTION_MANAGER } from './type-urls.js';

function cluster(name: string) {
  return clusterResource({ name, type: 'EDS' });
}

test('equal content has equal versions in any order', () => {
  const one = buildSnapshot([cluster('a'), cluster('b')]);
  const other = buildSnapshot([cluster('b'), cluster('a')]);
  assert.equal(one.version, other.version);
  assert.notEqual(one.version, buildSnapshot([cluster('a')]).version);
});

test('what did not change is shared with the snapshot before', () => {
  const before = buildSnapshot([cluster('a'), cluster('b'), endpointResource({ clusterName: 'a' })]);
  const after = buildSnapshot([cluster('a'), cluster('c'), endpointResource({ clusterName: 'a' })], before);
  assert.equal(after.types[TYPE_ENDPOINT], before.types[TYPE_ENDPOINT]);
  assert.notEqual(after.types[TYPE_CLUSTER], before.types[TYPE_CLUSTER]);
  assert.equal(after.types[TYPE_CLUSTER].resources.get('a'), before.types[TYPE_CLUSTER].resources.get('a'));
  assert.equal(
    buildSnapshot([cluster('a'), cluster('c'), endpointResource({ clusterName: 'a' })], after),
    after,
  );
});

test('two resources of one name are refused', () => {
  assert.throws(
    () => buildSnapshot([cluster('a'), cluster('a')]),
    /two resources of type Cluster are named "a"/,
  );
});

test('a resource without a name is refused', () => {
  assert.throws(() => clusterResource({}), /no name/);
});

test('dangling references are found from listener to route to cluster to load assignment', () => {
  const value = encodeHttpConnectionManager({ rds: { routeConfigName: 'R' } });
  const typedConfig = { typeUrl: TYPE_HTTP_CONNECTION_MANAGER, value };
  const snapshot = buildSnapshot([
    listenerResource({ name: 'L', filterChains: [{ filters: [{ typedConfig }] }] }),
    routeResource({
      name: 'S',
      virtualHosts: [
        {
          routes: [
            { route: { weightedClusters: { clusters: [{ name: 'a' }, { name: 'x' }] } } },
            { route: { cluster: 'y', requestMirrorPolicies: [{ cluster: 'z' }] } },
            { route: { clusterHeader: 'x-cluster' } },
          ],
        },
      ],
    }),
    cluster('a'),
    clusterResource({ name: 'static', type: 'STATIC' }),
    clusterResource({ name: 'b', type: 'EDS', edsClusterConfig: { serviceName: 'service' } }),
    endpointResource({ clusterName: 'a' }),
  ]);
  assert.deepEqual(checkSnapshot(snapshot).map(formatDangling).sort(), [
    'Cluster "b" refers to ClusterLoadAssignment "service", which does not exist',
    'Listener "L" refers to RouteConfiguration "R", which does not exist',
    'RouteConfiguration "S" refers to Cluster "x", which does not exist',
    'RouteConfiguration "S" refers to Cluster "y", which does not exist',
    'RouteConfiguration "S" refers to Cluster "z", which does not exist',
  ]);
});

test('the route configuration of an API listener counts as a reference', () => {
  const value = encodeHttpConnectionManager({ rds: { routeConfigName: 'R' } });
  const listener = listenerResource({
    name: 'L',
    apiListener: { apiListener: { typeUrl: TYPE_HTTP_CONNECTION_MANAGER, value } },
  });
  assert.deepEqual(
    listener.references.map(({ name }) => name),
    ['R'],
  );
});

test('a response put together from encoded resources decodes to them', () => {
  const [a, b] = [cluster('a'), cluster('b')];
  const response = decodeDiscoveryResponse(encodeResponse(TYPE_CLUSTER, 'v1', 'n1', [a, b]));
  assert.deepEqual(
    {
      ...response,
      resources: response.resources?.map(({ typeUrl, value }) => [typeUrl, Buffer.from(value ?? [])]),
    },
    {
      versionInfo: 'v1',
      typeUrl: TYPE_CLUSTER,
      nonce: 'n1',
      resources: [a, b].map(({ bytes }) => [TYPE_CLUSTER, Buffer.from(bytes)]),
    },
  );
});
