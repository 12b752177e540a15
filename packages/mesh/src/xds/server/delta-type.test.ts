import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import {
  decodeDeltaDiscoveryResponse,
  type DeltaDiscoveryRequest,
  type DeltaDiscoveryResponse,
} from '../generated/envoy.service.discovery.v3.js';
import type { Resource } from '../resource.js';
import { buildSnapshot, type Snapshot } from '../snapshot.js';
import { TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE } from '../type-urls.js';
import { DeltaType } from './delta-type.js';
import { assignment, cluster, listener, mesh, route } from './engine-rig.test.support.js';
import { SubscriptionEngine } from './subscription-engine.js';

/** "Cluster: a b -c": what came, and what is gone. */
function describe({ typeUrl = '', resources = [], removedResources = [] }: DeltaDiscoveryResponse): string {
  const type = typeUrl.split('.').at(-1) ?? '';
  return [
    `${type}:`,
    ...resources.map(({ name }) => name),
    ...removedResources.map((name) => `-${name}`),
  ].join(' ');
}

function setUp(maxResponseBytes?: number) {
  const unread: DeltaDiscoveryResponse[] = [];
  const engine = new SubscriptionEngine<DeltaDiscoveryRequest>({
    clock: new FakeClock(),
    createType: (typeUrl, clock) => new DeltaType(typeUrl, clock),
    send: (bytes) => void unread.push(decodeDeltaDiscoveryResponse(bytes)),
    ...(maxResponseBytes !== undefined && { maxResponseBytes }),
  });
  let snapshot: Snapshot | undefined;
  return {
    engine,
    update(resources: readonly Resource[]): Snapshot {
      snapshot = buildSnapshot(resources, snapshot);
      engine.update(snapshot);
      return snapshot;
    },
    request: (typeUrl: string, request: DeltaDiscoveryRequest = {}) =>
      void engine.receive({ typeUrl, ...request }),
    /** Reads everything, acknowledges it, and goes on until nothing more comes. */
    readAll(): readonly string[] {
      const read: string[] = [];
      for (let response = unread.shift(); response !== undefined; response = unread.shift()) {
        read.push(describe(response));
        engine.receive({ typeUrl: response.typeUrl, responseNonce: response.nonce });
      }
      return read;
    },
    read: () => unread.shift() ?? assert.fail('nothing was sent'),
  };
}

test('of many resources only the one that changed is sent, and one that is gone is told', () => {
  const rig = setUp();
  rig.update(['a', 'b', 'c'].map((name) => cluster(name)));
  rig.request(TYPE_CLUSTER);
  assert.deepEqual(rig.readAll(), ['Cluster: a b c']);
  rig.update([cluster('a'), cluster('b', 9), cluster('c')]);
  assert.deepEqual(rig.readAll(), ['Cluster: b']);
  rig.update([cluster('b', 9), cluster('c')]);
  assert.deepEqual(rig.readAll(), ['Cluster: -a']);
});

test('each resource bears its own version and the response the version of the type', () => {
  const rig = setUp();
  const snapshot = rig.update([cluster('a')]);
  rig.request(TYPE_CLUSTER);
  const { systemVersionInfo, resources = [] } = rig.read();
  assert.equal(systemVersionInfo, snapshot.types[TYPE_CLUSTER].version);
  assert.equal(resources[0]?.version, snapshot.types[TYPE_CLUSTER].resources.get('a')?.version);
  assert.equal(resources[0]?.resource?.typeUrl, TYPE_CLUSTER);
});

test('a name nobody has is told absent at once, of any type, and sent when it comes into being', () => {
  const rig = setUp();
  rig.update([]);
  for (const typeUrl of [TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE]) {
    rig.request(typeUrl, { resourceNamesSubscribe: ['x'] });
  }
  assert.deepEqual(rig.readAll(), [
    'Cluster: -x',
    'ClusterLoadAssignment: -x',
    'Listener: -x',
    'RouteConfiguration: -x',
  ]);
  rig.update([listener('x', 'R')]);
  assert.deepEqual(rig.readAll(), ['Listener: x']);
});

test('what a reconnected client has is not sent again; what changed or went meanwhile is told', () => {
  const rig = setUp();
  const { types } = rig.update([cluster('same'), cluster('changed', 2)]);
  const version = types[TYPE_CLUSTER].resources.get('same')?.version ?? '';
  rig.request(TYPE_CLUSTER, {
    resourceNamesSubscribe: ['same', 'changed', 'gone'],
    initialResourceVersions: { same: version, changed: 'old', gone: 'old' },
  });
  assert.deepEqual(rig.readAll(), ['Cluster: changed -gone']);
});

test('a name subscribed to again is sent again', () => {
  const rig = setUp();
  rig.update([cluster('a')]);
  rig.request(TYPE_CLUSTER, { resourceNamesSubscribe: ['a'] });
  rig.readAll();
  rig.request(TYPE_CLUSTER, { resourceNamesSubscribe: ['a'] });
  assert.deepEqual(rig.readAll(), ['Cluster: a']);
});

test('a subscription counts even if the nonce beside it is stale', () => {
  const rig = setUp();
  rig.update([cluster('a'), cluster('b')]);
  rig.request(TYPE_CLUSTER, { resourceNamesSubscribe: ['a'] });
  rig.readAll();
  rig.request(TYPE_CLUSTER, { resourceNamesSubscribe: ['b'], responseNonce: 'long gone' });
  assert.deepEqual(rig.readAll(), ['Cluster: b']);
});

test('after the legacy wildcard a name adds to it; only the star ends it', () => {
  const rig = setUp();
  rig.update([cluster('a'), cluster('b')]);
  rig.request(TYPE_CLUSTER);
  rig.readAll();
  rig.request(TYPE_CLUSTER, { resourceNamesSubscribe: ['a'] });
  assert.deepEqual(rig.readAll(), ['Cluster: a']);
  rig.update([cluster('a'), cluster('b', 2)]);
  assert.deepEqual(rig.readAll(), ['Cluster: b']);
  rig.request(TYPE_CLUSTER, { resourceNamesUnsubscribe: ['*'] });
  rig.update([cluster('a', 3), cluster('b', 3)]);
  assert.deepEqual(rig.readAll(), ['Cluster: a']);
});

test('a name let go of under a wildcard is told once more, as what it is', () => {
  const rig = setUp();
  rig.update([cluster('a')]);
  rig.request(TYPE_CLUSTER, { resourceNamesSubscribe: ['*', 'a', 'x'] });
  assert.deepEqual(rig.readAll(), ['Cluster: a -x']);
  rig.request(TYPE_CLUSTER, { resourceNamesUnsubscribe: ['a', 'x', 'never'] });
  assert.deepEqual(rig.readAll(), ['Cluster: a -x']);
});

test('an unsubscribed name is heard of no more, and a phantom one is ignored', () => {
  const rig = setUp();
  rig.update([cluster('a')]);
  rig.request(TYPE_CLUSTER, { resourceNamesSubscribe: ['a'] });
  rig.readAll();
  rig.request(TYPE_CLUSTER, { resourceNamesUnsubscribe: ['a', 'phantom'] });
  rig.update([cluster('a', 2)]);
  assert.deepEqual(rig.readAll(), []);
});

test('a refused resource is not sent again until it changes, and others go on', () => {
  const rig = setUp();
  rig.update([cluster('a'), cluster('b')]);
  rig.request(TYPE_CLUSTER);
  const { nonce } = rig.read();
  rig.request(TYPE_CLUSTER, {
    responseNonce: nonce,
    errorDetail: { code: 3, message: 'Cluster b: connect_timeout: must be positive' },
  });
  const { rejection, state } = rig.engine.status().get(TYPE_CLUSTER) ?? assert.fail();
  assert.deepEqual([state, rejection?.resources, rejection?.field], ['NACKED', ['b'], 'connect_timeout']);
  rig.update([cluster('a', 2), cluster('b')]);
  assert.deepEqual(rig.readAll(), ['Cluster: a']);
});

test('routes move before the cluster they leave, with its endpoints, goes', () => {
  const rig = setUp();
  rig.update(mesh('old'));
  rig.request(TYPE_CLUSTER);
  rig.request(TYPE_ENDPOINT, { resourceNamesSubscribe: ['old', 'new'] });
  rig.request(TYPE_LISTENER);
  rig.request(TYPE_ROUTE, { resourceNamesSubscribe: ['R'] });
  rig.readAll();
  rig.update(mesh('new'));
  assert.deepEqual(rig.readAll(), [
    'Cluster: new',
    'ClusterLoadAssignment: new',
    'RouteConfiguration: R',
    'Cluster: -old',
    'ClusterLoadAssignment: -old',
  ]);
});

test('a listener goes before the routes it refers to', () => {
  const rig = setUp();
  rig.update([listener('L', 'R'), route('R')]);
  rig.request(TYPE_LISTENER, { resourceNamesSubscribe: ['L'] });
  rig.request(TYPE_ROUTE, { resourceNamesSubscribe: ['R'] });
  rig.readAll();
  rig.update([]);
  assert.deepEqual(rig.readAll(), ['Listener: -L', 'RouteConfiguration: -R']);
});

test('a resource too large for the client is withheld and named, and the others are sent', () => {
  const rig = setUp(1000);
  const addresses = Array.from({ length: 100 }, (_, i) => `10.0.0.${i}`);
  rig.update([assignment('small', '10.0.0.1'), assignment('large', ...addresses)]);
  rig.request(TYPE_ENDPOINT, { resourceNamesSubscribe: ['small', 'large'] });
  assert.deepEqual(rig.readAll(), ['ClusterLoadAssignment: small']);
  assert.deepEqual(rig.engine.status().get(TYPE_ENDPOINT)?.withheld, ['large']);
});
