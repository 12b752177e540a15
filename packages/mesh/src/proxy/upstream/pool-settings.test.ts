import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterSettings } from '../config/cluster-settings/cluster-settings.test.support.js';
import type { PoolSettings } from '../config/cluster-settings/read-pool.js';
import type { PeerCall } from '../relay/peer.test.support.js';
import { assertNothingHeld, RelayRig } from '../relay/relay-rig.test.support.js';

const respond = (call: PeerCall): void => void call.respond();

/** One endpoint whose connections are kept like this. */
function rigWith(pool: Partial<PoolSettings>, onCall: (call: PeerCall) => void = respond) {
  const settings = { pool: { ...clusterSettings('echo').pool, ...pool } };
  const rig = new RelayRig({ cluster: settings });
  const endpoint = rig.endpoints[0]!;
  endpoint.onCall = onCall;
  const { peer } = rig.connect();
  const calls = (count: number): PeerCall[] => {
    const made = Array.from({ length: count }, () => peer.call({}, true));
    rig.settle();
    return made;
  };
  const taken = (): number[] => endpoint.connections.map(({ peer: { calls: all } }) => all.length);
  return { rig, endpoint, calls, taken };
}

describe('the greatest number of requests on a connection', () => {
  it('is taken by each connection, which is closed after the last of them', () => {
    const { rig, endpoint, calls, taken } = rigWith({ maxRequestsPerConnection: 3 });
    for (let at = 0; at < 7; at++) assert.equal(calls(1)[0]!.status, '0');
    assert.deepEqual(taken(), [3, 3, 1]);
    assert.deepEqual(
      endpoint.connections.map(({ wire }) => wire.gone),
      [true, true, false],
    );
    assertNothingHeld(rig);
  });

  it('has as many connections dialled as requests need that come together', () => {
    const { rig, endpoint, calls, taken } = rigWith({ maxRequestsPerConnection: 2 });
    assert.ok(calls(6).every(({ status }) => status === '0'));
    assert.equal(endpoint.dials, 3);
    assert.deepEqual(taken(), [2, 2, 2]);
    assertNothingHeld(rig);
  });
});

describe('the greatest number of requests at a time on a connection', () => {
  it('is not exceeded, whatever the endpoint allows', () => {
    const { rig, endpoint, calls, taken } = rigWith({ maxConcurrentStreams: 4 }, () => {});
    const made = calls(10);
    assert.deepEqual(taken(), [4, 4, 2]);
    for (const request of endpoint.calls) request.respond();
    rig.settle();
    assert.ok(made.every(({ status }) => status === '0'));
    calls(4);
    assert.equal(endpoint.dials, 3);
    for (const request of endpoint.calls) if (!request.stream.localEnded) request.respond();
    rig.settle();
    assertNothingHeld(rig);
  });
});

describe('a connection without requests', () => {
  it('is closed after the idle timeout, and not before', () => {
    const { rig, endpoint, calls } = rigWith({ idleTimeoutMs: 10_000 });
    calls(1);
    const { wire } = endpoint.connections[0]!;
    for (let second = 0; second < 9; second++) rig.advance(1000);
    assert.ok(!wire.gone);
    calls(1);
    for (let second = 0; second < 9; second++) rig.advance(1000);
    assert.ok(!wire.gone, 'it was used meanwhile');
    for (let second = 0; second < 3; second++) rig.advance(1000);
    assert.ok(wire.gone);
    assert.equal(calls(1)[0]!.status, '0');
    assert.equal(endpoint.dials, 2);
    assertNothingHeld(rig);
  });

  it('is not closed while a request is silent on it', () => {
    const { rig, endpoint, calls } = rigWith({ idleTimeoutMs: 3_000 }, () => {});
    const [made] = calls(1);
    for (let second = 0; second < 20; second++) rig.advance(1000);
    assert.ok(!endpoint.connections[0]!.wire.gone);
    endpoint.calls[0]!.respond();
    rig.settle();
    assert.equal(made!.status, '0');
  });

  it('stays when there is no idle timeout', () => {
    const { rig, endpoint, calls } = rigWith({ idleTimeoutMs: 0 });
    calls(1);
    for (let hour = 0; hour < 5; hour++) rig.advance(3_600_000);
    assert.ok(!endpoint.connections[0]!.wire.gone);
  });
});

describe('the longest time of a connection', () => {
  it('ends it after the calls on it, and further ones go on another', () => {
    const { rig, endpoint, calls, taken } = rigWith({ maxConnectionDurationMs: 5_000 }, () => {});
    const [long] = calls(1);
    for (let second = 0; second < 6; second++) rig.advance(1000);
    const { wire } = endpoint.connections[0]!;
    assert.ok(!wire.gone);
    const [next] = calls(1);
    assert.deepEqual(taken(), [1, 1]);
    for (const request of endpoint.calls) request.respond();
    rig.settle();
    assert.deepEqual([long!.status, next!.status], ['0', '0']);
    assert.ok(wire.gone);
    assertNothingHeld(rig);
  });

  it('counts as it is set now', () => {
    const { rig, endpoint, calls } = rigWith({});
    calls(1);
    for (let second = 0; second < 60; second++) rig.advance(1000);
    assert.ok(!endpoint.connections[0]!.wire.gone);
    const { pool } = clusterSettings('echo');
    rig.cluster.configure(clusterSettings('echo', { pool: { ...pool, maxConnectionDurationMs: 30_000 } }));
    rig.advance(1000);
    assert.ok(endpoint.connections[0]!.wire.gone);
  });
});

describe('a keepalive of the cluster', () => {
  const http2Keepalive = { intervalMs: 10_000, timeoutMs: 2_000 };

  it('asks an idle connection for a sign of life as often as it says', () => {
    const { rig, endpoint, calls } = rigWith({ http2Keepalive });
    calls(1);
    for (let round = 0; round < 5; round++) rig.advance(10_000);
    assert.ok(!endpoint.connections[0]!.wire.gone);
    endpoint.connections[0]!.wire.silent = true;
    rig.advance(10_000);
    rig.advance(1_999);
    assert.ok(!endpoint.connections[0]!.wire.gone);
    rig.advance(1);
    assert.ok(endpoint.connections[0]!.wire.gone);
    assert.equal(rig.context.limits.upstream.keepaliveTimeoutMs, 1);
    assert.equal(calls(1)[0]!.status, '0');
    assert.equal(endpoint.dials, 2);
  });
});
