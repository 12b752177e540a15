import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_ERROR } from '../../http2/error-code.js';
import type { PeerCall } from '../relay/peer.test.support.js';
import { assertNothingHeld, RelayRig } from '../relay/relay-rig.test.support.js';

const respond = (call: PeerCall): void => void call.respond();

function rigWith(endpoints: number, onCall: (call: PeerCall) => void = () => {}, relay = {}) {
  const rig = new RelayRig({ endpoints, relay });
  for (const endpoint of rig.endpoints) endpoint.onCall = onCall;
  const { peer } = rig.connect();
  const call = (): PeerCall => {
    const made = peer.call({}, true);
    rig.settle();
    return made;
  };
  const calls = (count: number): PeerCall[] => {
    const made = Array.from({ length: count }, () => peer.call({}, true));
    rig.settle();
    return made;
  };
  return { rig, endpoint: rig.endpoints[0]!, peer, call, calls };
}

describe('the connections to an endpoint', () => {
  it('are one for many requests, which wait until it stands', () => {
    const { endpoint, calls } = rigWith(1, respond);
    const made = calls(50);
    assert.equal(endpoint.dials, 1);
    assert.ok(made.every(({ status }) => status === '0'));
    calls(50);
    assert.equal(endpoint.dials, 1);
  });

  it('become more when the endpoint admits no more streams on one', () => {
    const { rig, endpoint, calls } = rigWith(1);
    endpoint.options = { maxConcurrentStreams: 10 };
    const made = calls(35);
    assert.equal(endpoint.dials, 4);
    assert.equal(endpoint.calls.length, 35);
    assert.deepEqual(
      endpoint.connections.map(({ peer }) => peer.calls.length).sort(),
      [10, 10, 10, 5].sort(),
    );
    for (const request of endpoint.calls) request.respond();
    rig.settle();
    assert.ok(made.every(({ status }) => status === '0'));
    assertNothingHeld(rig);
  });

  it('are so many at most, and what goes beyond waits for the end of others', () => {
    const { rig, endpoint, calls } = rigWith(1, () => {}, { maxConnectionsPerHost: 2 });
    endpoint.options = { maxConcurrentStreams: 3 };
    calls(10);
    assert.equal(endpoint.dials, 2);
    assert.equal(endpoint.calls.length, 6);
    assert.equal(rig.books()['pending'], 4);
    endpoint.calls[0]!.respond();
    rig.settle();
    assert.equal(endpoint.calls.length, 7);
    for (let round = 0; round < 5; round++) {
      for (const request of endpoint.calls) if (!request.stream.localEnded) request.respond();
      rig.settle();
    }
    assertNothingHeld(rig);
  });

  it('give the place of a request that waits to nobody when its caller gives up', () => {
    const { rig, endpoint, calls } = rigWith(1, () => {}, { maxConnectionsPerHost: 1 });
    endpoint.options = { maxConcurrentStreams: 1 };
    const [first, second] = calls(2);
    second!.reset();
    rig.settle();
    assert.equal(rig.books()['pending'], 0);
    endpoint.calls[0]!.respond();
    rig.settle();
    assert.equal(first!.status, '0');
    assert.equal(endpoint.calls.length, 1);
    assertNothingHeld(rig);
  });

  it('are dialled anew for requests that wait behind one that has said GOAWAY', () => {
    const { rig, endpoint, calls } = rigWith(1, () => {}, { maxConnectionsPerHost: 1 });
    endpoint.options = { maxConcurrentStreams: 1 };
    const [first, second] = calls(2);
    assert.equal(rig.books()['pending'], 1);
    endpoint.connections[0]!.peer.connection.goaway(NO_ERROR);
    rig.settle();
    assert.equal(endpoint.connections.length, 2, 'the old one does not count, though its stream goes on');
    assert.equal(endpoint.connections[1]!.peer.calls.length, 1);
    for (const request of endpoint.calls) request.respond();
    rig.settle();
    assert.deepEqual([first!.status, second!.status], ['0', '0']);
    assert.ok(endpoint.connections[0]!.wire.gone, 'it is closed after its last stream');
    assertNothingHeld(rig);
  });

  it('take no request after the endpoint has closed its half, even before they are closed', () => {
    const rig = new RelayRig();
    const [endpoint] = rig.endpoints;
    endpoint!.onCall = respond;
    const caller = rig.connect();
    caller.peer.call({}, true);
    rig.settle();
    const { wire } = endpoint!.connections[0]!;
    wire.end();
    wire.step();
    const next = caller.peer.call({}, true);
    caller.wire.step();
    assert.ok(!wire.gone);
    rig.settle();
    assert.equal(next.status, '0');
    assert.equal(endpoint!.connections.length, 2);
  });

  it('are left for another endpoint when the peer does not answer in time, and blamed once', () => {
    const { rig, call } = rigWith(2, respond);
    for (const endpoint of rig.endpoints) endpoint.mode = 'silent';
    const made = call();
    const chosen = rig.endpoints.find(({ dials }) => dials === 1)!;
    const other = rig.endpoints.find(({ dials }) => dials === 0)!;
    other.mode = 'accept';
    rig.advance(4_999);
    assert.ok(!made.over);
    rig.advance(1);
    assert.equal(made.status, '0');
    assert.equal(chosen.dials, 1);
    assert.equal(rig.counters.upstreamConnectTimeouts, 1);
    assert.equal(rig.counters.upstreamConnectFailures, 0);
  });

  it('fail at once when the peer does not speak HTTP/2', () => {
    const { rig, endpoint, call } = rigWith(1);
    endpoint.onDial = (peer) => (peer.take = () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const made = call();
    assert.equal(made.status, '14');
    assert.match(made.message ?? '', /cannot connect: the endpoint broke the HTTP\/2 protocol/);
    assert.equal(rig.counters.upstreamConnectFailures, 1);
    assertNothingHeld(rig);
  });
});

describe('an endpoint that cannot be reached', () => {
  it('is dialled again by itself, after pauses that grow by 1.6 and vary by a fifth', () => {
    const { rig, endpoint, call } = rigWith(1, respond);
    endpoint.mode = 'refuse';
    assert.equal(call().status, '14');
    assert.equal(endpoint.dials, 1);
    const pauses: number[] = [];
    let lastMs = rig.clock.nowMs();
    for (let dials = 1; pauses.length < 12;) {
      rig.advance(10);
      if (endpoint.dials === dials) continue;
      dials = endpoint.dials;
      pauses.push(rig.clock.nowMs() - lastMs);
      lastMs = rig.clock.nowMs();
    }
    pauses.forEach((pause, at) => {
      const nominal = Math.min(30_000, 1000 * 1.6 ** at);
      assert.ok(pause >= nominal * 0.8 - 10 && pause <= nominal * 1.2 + 10, `pause ${at}: ${pause}`);
    });

    endpoint.mode = 'accept';
    for (let at = 0; at < 40; at++) rig.advance(1000);
    const before = endpoint.dials;
    assert.equal(call().status, '0');
    assert.equal(endpoint.dials, before, 'the connection stood already');
  });

  it('is avoided by requests that have another choice', () => {
    const { rig, endpoint, call } = rigWith(3, respond);
    endpoint.mode = 'refuse';
    const statuses = Array.from({ length: 30 }, () => call().status);
    assert.ok(statuses.every((status) => status === '0'));
    assert.equal(endpoint.dials, 1);
    assert.equal(rig.counters.retriesConnectFailure, 1);
  });

  it('is dialled by a request that has no other choice, and serves it when it is back', () => {
    const { rig, endpoint, call } = rigWith(1, respond);
    endpoint.mode = 'refuse';
    assert.equal(call().status, '14');
    endpoint.mode = 'accept';
    assert.equal(call().status, '0');
    assertNothingHeld(rig);
  });

  it('is not dialled for each request while another connection to it works', () => {
    const { rig, endpoint, calls } = rigWith(1);
    endpoint.options = { maxConcurrentStreams: 1 };
    calls(1);
    endpoint.mode = 'refuse';
    for (let at = 0; at < 20; at++) calls(1);
    assert.equal(endpoint.dials, 2);
    assert.equal(rig.books()['pending'], 20);
    endpoint.mode = 'accept';
    rig.advance(1_200);
    assert.equal(endpoint.dials, 11, 'up to the limit of connections');
    assert.equal(rig.books()['pending'], 11);
  });
});

describe('an endpoint that is removed', () => {
  it('finishes what it has and gets nothing new', () => {
    const { rig, call } = rigWith(2);
    const [first, second] = [call(), call()];
    const [gone, stays] = rig.endpoints;
    rig.applyEndpoints([stays!]);
    rig.settle();
    assert.ok(!gone!.connections[0]!.wire.gone);
    gone!.calls[0]!.respond('last words');
    stays!.calls[0]!.respond();
    rig.settle();
    assert.deepEqual([first.status, second.status], ['0', '0']);
    assert.ok(gone!.connections[0]!.wire.gone);
    for (let at = 0; at < 10; at++) call();
    assert.equal(gone!.calls.length, 1);
  });

  it('lets requests that waited for it go to the endpoint that comes in its place', () => {
    const { rig, call } = rigWith(2, respond);
    const [old, next] = rig.endpoints;
    rig.applyEndpoints([old!]);
    old!.mode = 'silent';
    const made = call();
    assert.equal(old!.dials, 1);
    rig.applyEndpoints([next!]);
    rig.advance(0);
    assert.equal(made.status, '0');
    assert.equal(next!.calls.length, 1);
    assert.equal(old!.dials, 1);
    assert.equal(rig.counters.upstreamConnectFailures, 0, 'the proxy itself has given it up');
    assertNothingHeld(rig);
  });

  it('is not dialled again', () => {
    const { rig, endpoint, call } = rigWith(1);
    endpoint.mode = 'refuse';
    call();
    rig.applyEndpoints([]);
    rig.advance(100_000);
    assert.equal(endpoint.dials, 1);
  });
});

describe('keep-alive', () => {
  const FIVE_MINUTES = 300_000;

  it('asks for a sign of life after five minutes with an open stream, and goes on when it comes', () => {
    const { rig, endpoint, call } = rigWith(1, () => {}, { streamIdleTimeoutMs: 10 * FIVE_MINUTES });
    const made = call();
    for (let round = 0; round < 3; round++) rig.advance(FIVE_MINUTES);
    assert.ok(!made.over);
    endpoint.calls[0]!.respond();
    rig.settle();
    assert.equal(made.status, '0');
  });

  it('gives the connection up when none comes', () => {
    const { rig, endpoint, call } = rigWith(1, () => {}, { streamIdleTimeoutMs: 10 * FIVE_MINUTES });
    const made = call();
    endpoint.connections[0]!.wire.silent = true;
    rig.advance(FIVE_MINUTES);
    rig.advance(19_999);
    assert.ok(!made.over);
    rig.advance(1);
    assert.equal(made.status, '14');
    assert.match(made.message ?? '', /no answer to PING/);
    assert.equal(rig.context.limits.upstream.keepaliveTimeoutMs, 1);
    assertNothingHeld(rig);
  });

  it('leaves an idle connection alone', () => {
    const { rig, endpoint, call } = rigWith(1, respond);
    call();
    const said = endpoint.connections[0]!.peer.connection;
    endpoint.connections[0]!.wire.silent = true;
    rig.advance(10 * FIVE_MINUTES);
    assert.ok(!said.failed);
    assert.ok(!endpoint.connections[0]!.wire.gone);
  });
});
