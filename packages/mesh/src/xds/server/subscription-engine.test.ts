import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSnapshot } from '../snapshot.js';
import { TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE } from '../type-urls.js';
import { assignment, cluster, EngineRig, mesh, namesIn, route } from './engine-rig.test.support.js';

test('a wildcard request is answered with every cluster, a version and a nonce', () => {
  const rig = new EngineRig();
  const snapshot = buildSnapshot(mesh('a', 'b'));
  rig.engine.update(snapshot);
  rig.request(TYPE_CLUSTER);
  const response = rig.read();
  assert.deepEqual(namesIn(response), ['a', 'b']);
  assert.equal(response.typeUrl, TYPE_CLUSTER);
  assert.equal(response.versionInfo, snapshot.types[TYPE_CLUSTER].version);
  assert.notEqual(response.nonce, undefined);
});

test('a client that comes before the first snapshot waits for it', () => {
  const rig = new EngineRig();
  rig.request(TYPE_CLUSTER);
  assert.deepEqual(rig.readAll(), []);
  rig.engine.update(buildSnapshot(mesh('a')));
  assert.deepEqual(rig.readAll(), ['Cluster: a']);
});

test('a wildcard request is answered also when there is nothing', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot([]));
  rig.request(TYPE_CLUSTER);
  assert.deepEqual(rig.readAll(), ['Cluster:']);
});

test('an acknowledged response is not sent again', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot(mesh('a')));
  rig.request(TYPE_CLUSTER);
  rig.ack(rig.read());
  rig.engine.update(buildSnapshot([...mesh('a'), route('other', 'a')]));
  assert.deepEqual(rig.readAll(), []);
});

test('an empty list after named resources unsubscribes instead of meaning everything', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot(mesh('a', 'b')));
  rig.request(TYPE_CLUSTER, ['a']);
  const response = rig.read();
  assert.deepEqual(namesIn(response), ['a']);
  rig.ack(response, ['a']);
  rig.request(TYPE_CLUSTER, [], response.nonce);
  rig.engine.update(buildSnapshot([cluster('a', 9), cluster('b', 9)]));
  assert.deepEqual(rig.readAll(), []);
});

test('the star subscribes to everything', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot(mesh('a', 'b')));
  rig.request(TYPE_CLUSTER, ['*']);
  assert.deepEqual(rig.readAll(), ['Cluster: a b']);
});

test('a cluster named but unknown is told by a set without it', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot(mesh('a')));
  rig.request(TYPE_CLUSTER, ['a']);
  rig.ack(rig.read(), ['a']);
  rig.request(TYPE_CLUSTER, ['a', 'nobody'], '1');
  assert.deepEqual(rig.readAll(), ['Cluster: a']);
});

test('an unknown load assignment is answered with an empty one, an unknown route with silence', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot(mesh('a')));
  rig.request(TYPE_ENDPOINT, ['nobody']);
  rig.request(TYPE_ROUTE, ['nobody']);
  const response = rig.read();
  assert.deepEqual(namesIn(response), ['nobody']);
  assert.equal(response.resources?.[0]?.value?.length, 2 + 'nobody'.length, 'nothing but the name');
  assert.deepEqual(rig.readAll(), []);
});

test('only the load assignment that changed is sent', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot(mesh('a', 'b')));
  rig.request(TYPE_ENDPOINT, ['a', 'b']);
  rig.ack(rig.read(), ['a', 'b']);
  rig.engine.update(
    buildSnapshot([cluster('a'), cluster('b'), assignment('a', '10.0.0.1'), assignment('b', '10.0.0.2')]),
  );
  assert.deepEqual(rig.readAll(), ['ClusterLoadAssignment: b']);
});

test('a name added to a subscription is sent alone', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot(mesh('a', 'b')));
  rig.request(TYPE_ENDPOINT, ['a']);
  const response = rig.read();
  rig.ack(response, ['a']);
  rig.request(TYPE_ENDPOINT, ['a', 'b'], response.nonce);
  assert.deepEqual(rig.readAll(), ['ClusterLoadAssignment: b']);
});

test('a name unsubscribed and subscribed again is sent again', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot(mesh('a')));
  rig.request(TYPE_ENDPOINT, ['a']);
  const first = rig.read();
  rig.ack(first, ['a']);
  rig.request(TYPE_ENDPOINT, [], first.nonce);
  rig.request(TYPE_ENDPOINT, ['a'], first.nonce);
  assert.deepEqual(rig.readAll(), ['ClusterLoadAssignment: a']);
});

test('a name let go of in a request with a stale nonce and asked for in the next answer is sent again', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot([...mesh('a', 'b')]));
  rig.request(TYPE_ENDPOINT, ['a', 'b']);
  const first = rig.read();
  rig.ack(first, ['a', 'b']);
  rig.engine.update(
    buildSnapshot([cluster('a'), cluster('b'), assignment('a', '10.0.0.1'), assignment('b', '10.0.0.9')]),
  );
  const second = rig.read();
  rig.request(TYPE_ENDPOINT, ['b'], first.nonce);
  rig.ack(second, ['a', 'b']);
  assert.deepEqual(rig.readAll(), ['ClusterLoadAssignment: a']);
});

test('a stale nonce acknowledges nothing', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot([cluster('a', 1)]));
  rig.request(TYPE_CLUSTER);
  const first = rig.read();
  rig.ack(first);
  rig.engine.update(buildSnapshot([cluster('a', 2)]));
  const second = rig.read();
  rig.engine.update(buildSnapshot([cluster('a', 3)]));
  rig.ack(first);
  assert.deepEqual(rig.readAll(), [], 'the second response still awaits its answer');
  assert.equal(rig.engine.status().get(TYPE_CLUSTER)?.ackedVersion, first.versionInfo);
  rig.ack(second);
  assert.deepEqual(rig.readAll(), ['Cluster: a']);
});

test('a nonce left over from an earlier stream does not stop the first request', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot(mesh('a')));
  rig.request(TYPE_CLUSTER, [], '17');
  assert.deepEqual(rig.readAll(), ['Cluster: a']);
});

test('a reconnected client that has the version gets everything again', () => {
  const rig = new EngineRig();
  const snapshot = buildSnapshot(mesh('a'));
  rig.engine.update(snapshot);
  rig.engine.receive({ typeUrl: TYPE_CLUSTER, versionInfo: snapshot.types[TYPE_CLUSTER].version });
  rig.engine.receive({
    typeUrl: TYPE_ENDPOINT,
    resourceNames: ['a'],
    versionInfo: snapshot.types[TYPE_ENDPOINT].version,
  });
  assert.deepEqual(rig.readAll(), ['Cluster: a', 'ClusterLoadAssignment: a']);
});

test('states overtaken while a response is in flight are never sent', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot([cluster('a', 1)]));
  rig.request(TYPE_CLUSTER);
  const first = rig.read();
  for (let seconds = 2; seconds <= 100; seconds++) rig.engine.update(buildSnapshot([cluster('a', seconds)]));
  const latest = buildSnapshot([cluster('a', 100)]);
  assert.deepEqual(rig.readAll(), []);
  rig.ack(first);
  const second = rig.read();
  assert.equal(second.versionInfo, latest.types[TYPE_CLUSTER].version);
  rig.ack(second);
  assert.deepEqual(rig.readAll(), []);
});

test('two types interleaved keep their nonces and versions apart', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot(mesh('a')));
  rig.request(TYPE_CLUSTER);
  rig.request(TYPE_ENDPOINT, ['a']);
  const clusters = rig.read();
  const endpoints = rig.read();
  assert.notEqual(clusters.nonce, endpoints.nonce);
  rig.nack(endpoints, 'bad address', ['a']);
  rig.ack(clusters);
  const status = rig.engine.status();
  assert.equal(status.get(TYPE_CLUSTER)?.ackedVersion, clusters.versionInfo);
  assert.equal(status.get(TYPE_CLUSTER)?.rejection, undefined);
  assert.equal(status.get(TYPE_ENDPOINT)?.ackedVersion, '');
  assert.equal(status.get(TYPE_ENDPOINT)?.rejection?.message, 'bad address');
});

test('a NACK is reported, is not answered with the same again, and the fix is sent and clears it', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot([cluster('a', 1)]));
  rig.request(TYPE_CLUSTER);
  const good = rig.read();
  rig.ack(good);
  rig.engine.update(buildSnapshot([cluster('a', 2)]));
  const bad = rig.read();
  rig.nack(bad, 'connect_timeout: out of range');
  assert.deepEqual(rig.readAll(), []);
  assert.deepEqual(rig.nacks, [
    {
      typeUrl: TYPE_CLUSTER,
      rejection: {
        version: bad.versionInfo,
        message: 'connect_timeout: out of range',
        resources: ['a'],
        field: 'connect_timeout',
        wallMs: rig.clock.wallMs(),
      },
    },
  ]);
  assert.equal(rig.engine.status().get(TYPE_CLUSTER)?.ackedVersion, good.versionInfo);
  rig.engine.update(buildSnapshot([cluster('a', 3)]));
  const fixed = rig.read();
  rig.ack(fixed);
  assert.deepEqual(rig.engine.status().get(TYPE_CLUSTER), {
    subscribed: ['*'],
    ackedVersion: fixed.versionInfo,
    pending: false,
    state: 'SYNCED',
    sinceWallMs: rig.clock.wallMs(),
    rejection: undefined,
    withheld: [],
  });
});

test('a type that is not served is left unanswered', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot(mesh('a')));
  rig.request('type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret', ['x']);
  assert.deepEqual(rig.readAll(), []);
});

test('load assignments that exceed a response are sent in several, one after the other', () => {
  const rig = new EngineRig();
  const addresses = Array.from({ length: 20_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  const names = ['a', 'b', 'c', 'd', 'e'];
  rig.engine.update(buildSnapshot(names.map((name) => assignment(name, ...addresses))));
  rig.request(TYPE_ENDPOINT, names);
  const received: string[] = [];
  for (let responses = 0; received.length < names.length; responses++) {
    assert.ok(responses < names.length);
    const response = rig.read();
    assert.deepEqual(rig.readAll(), []);
    const bytes = (response.resources ?? []).reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    assert.ok(bytes < 4 * 1024 * 1024);
    received.push(...namesIn(response));
    rig.ack(response, names);
  }
  assert.deepEqual(received, names);
  assert.deepEqual(rig.readAll(), []);
});

test('a stopped engine sends nothing more and leaves no timer', () => {
  const rig = new EngineRig();
  rig.engine.update(buildSnapshot(mesh('a')));
  rig.request(TYPE_CLUSTER);
  rig.request(TYPE_LISTENER);
  const response = rig.read();
  assert.equal(rig.clock.pendingTimers, 1);
  rig.engine.stop();
  rig.ack(response);
  assert.deepEqual(rig.readAll(), []);
  assert.equal(rig.clock.pendingTimers, 0);
});
