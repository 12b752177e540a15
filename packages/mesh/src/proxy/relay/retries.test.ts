import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_ERROR, REFUSED_STREAM } from '../../http2/error-code.js';
import type { PeerCall } from './peer.test.support.js';
import { type FakeEndpoint, assertNothingHeld, RelayRig, type RigOptions } from './relay-rig.test.support.js';

/** Takes every call and does `treat` with it. */
function all(rig: RelayRig, treat: (call: PeerCall, endpoint: FakeEndpoint) => void): void {
  for (const endpoint of rig.endpoints) endpoint.onCall = (call) => treat(call, endpoint);
}

const respond = (call: PeerCall): void => void call.respond(call.body);
const refuse = (call: PeerCall): void => call.reset(REFUSED_STREAM);

/** The first endpoint that a call reaches treats it with `first`, every other with `respond`. */
function firstOnly(rig: RelayRig, first: (call: PeerCall, endpoint: FakeEndpoint) => void): FakeEndpoint[] {
  const reached: FakeEndpoint[] = [];
  all(rig, (call, endpoint) => {
    reached.push(endpoint);
    if (reached.length === 1) first(call, endpoint);
    else respond(call);
  });
  return reached;
}

function callOnce(options: RigOptions, prepare: (rig: RelayRig) => void, body?: Buffer) {
  const rig = new RelayRig(options);
  prepare(rig);
  const caller = rig.connect();
  const call = body === undefined ? caller.peer.call({}, true) : caller.peer.call().send(body, true);
  rig.settle();
  return { rig, caller, call };
}

describe('a request that was not processed', () => {
  it('goes to another endpoint at once when the first cannot be connected to', () => {
    const { rig, call } = callOnce({ endpoints: 3 }, (mesh) => {
      all(mesh, respond);
      mesh.endpoints[0]!.mode = 'refuse';
      mesh.endpoints[1]!.mode = 'refuse';
    });
    assert.equal(call.status, '0');
    assert.ok(rig.counters.retriesConnectFailure >= 1);
    assert.equal(rig.counters.upstreamConnectFailures, rig.counters.retriesConnectFailure);
    assertNothingHeld(rig);
  });

  it('fails with the last reason when no endpoint can be connected to, each having been dialled once', () => {
    const { rig, call } = callOnce({ endpoints: 3 }, (mesh) => {
      for (const endpoint of mesh.endpoints) endpoint.mode = 'refuse';
    });
    assert.equal(call.status, '14');
    assert.match(call.message ?? '', /^weir: cannot connect: connect ECONNREFUSED 10\.0\.0\.\d:\d+ \(/);
    assert.deepEqual(
      rig.endpoints.map(({ dials }) => dials),
      [1, 1, 1],
    );
    assert.equal(rig.counters.repliesConnectFailure, 1);
    assertNothingHeld(rig);
  });

  it('goes elsewhere when it was still in our own buffer as the connection went', () => {
    const rig = new RelayRig({ endpoints: 2 });
    const caller = rig.connect();
    all(rig, respond);
    const warm = [caller.peer.call({}, true), caller.peer.call({}, true)];
    rig.settle();
    assert.ok(warm.every(({ status }) => status === '0'));
    const calls = rig.endpoints.map((endpoint) => endpoint.calls.length);

    const call = caller.peer.call({}, true);
    caller.wire.step();
    const chosen = rig.endpoints.find((endpoint) => rig.host(endpoint).stats.inFlight === 1)!;
    chosen.connections[0]!.wire.lose(new Error('read ECONNRESET'));
    rig.settle();
    assert.equal(call.status, '0');
    const other = rig.endpoints.indexOf(chosen) === 0 ? 1 : 0;
    assert.equal(rig.endpoints[other]!.calls.length, calls[other]! + 1);
    assertNothingHeld(rig);
  });

  it('goes elsewhere when GOAWAY leaves it out', () => {
    let reached: FakeEndpoint[] = [];
    const { rig, call } = callOnce({ endpoints: 2 }, (mesh) => {
      reached = firstOnly(mesh, (request) => request.leaveOut());
    });
    assert.equal(call.status, '0');
    assert.equal(reached.length, 2);
    assert.notEqual(reached[0], reached[1]);
    assert.equal(rig.counters.retriesGoaway, 1);
    assertNothingHeld(rig);
  });

  it('goes to the same endpoint by another connection when GOAWAY leaves it out and there is no other', () => {
    const { rig, call } = callOnce({}, (mesh) => {
      firstOnly(mesh, (request) => request.leaveOut());
    });
    assert.equal(call.status, '0');
    assert.equal(rig.endpoints[0]!.connections.length, 2);
    assertNothingHeld(rig);
  });

  it('stays where it is when GOAWAY includes it', () => {
    let held: PeerCall | undefined;
    const { rig, call } = callOnce({ endpoints: 2 }, (mesh) => {
      all(mesh, (request) => {
        held = request;
        request.peer.connection.goaway(NO_ERROR);
      });
    });
    assert.ok(!call.over);
    held!.respond('late');
    rig.settle();
    assert.equal(call.body.toString(), 'late');
    assert.equal(rig.counters.retriesGoaway, 0);
  });

  it('is sent again after a pause when it was refused', () => {
    const { rig, call } = callOnce({ endpoints: 2 }, (mesh) => firstOnly(mesh, refuse));
    assert.ok(!call.over, 'not at once');
    assert.equal(rig.books()['activeRetries'], 1);
    assert.equal(rig.books()['inFlight'], 0, 'while it waits it burdens no endpoint');
    rig.advance(25);
    assert.equal(call.status, '0');
    assert.equal(rig.counters.retriesRefusedStream, 1);
    assertNothingHeld(rig);
  });

  it('is refused three times at most', () => {
    const { rig, call } = callOnce({ endpoints: 5 }, (mesh) => all(mesh, refuse));
    rig.advance(250);
    rig.advance(250);
    rig.advance(250);
    assert.equal(call.status, '14');
    assert.match(call.message ?? '', /refused the request/);
    assert.equal(callsOf(rig).length, 3);
    assertNothingHeld(rig);
  });

  it('is not sent again when a fifth of the requests, or three, are being sent again already', () => {
    const rig = new RelayRig({ endpoints: 1 });
    all(rig, refuse);
    const caller = rig.connect();
    const calls = Array.from({ length: 10 }, () => caller.peer.call({}, true));
    rig.settle();
    assert.equal(rig.books()['activeRetries'], 3);
    assert.equal(calls.filter(({ status }) => status === '14').length, 7);
    assert.equal(rig.counters.skippedBudget, 7);
    rig.advance(1000);
    rig.advance(1000);
    assert.ok(calls.every(({ status }) => status === '14'));
    assertNothingHeld(rig);
  });

  it('is forgotten when the caller gives up during the pause', () => {
    const { rig, call } = callOnce({ endpoints: 2 }, (mesh) => all(mesh, refuse));
    call.reset();
    rig.settle();
    assertNothingHeld(rig);
    rig.advance(1000);
    assert.equal(callsOf(rig).length, 1);
  });

  it('gives its share of the budget back when no endpoint is left after the pause', () => {
    const { rig, call } = callOnce({}, (mesh) => all(mesh, refuse));
    rig.applyEndpoints([]);
    rig.advance(1000);
    assert.equal(call.status, '14');
    assert.match(call.message ?? '', /no healthy endpoint of echo/);
    assertNothingHeld(rig);
  });
});

describe('the body of a request that is sent again', () => {
  const body = Buffer.from(Array.from({ length: 50_000 }, (_, at) => at % 251));

  it('is the same, byte for byte', () => {
    const { rig, call } = callOnce({ endpoints: 2 }, () => {}, body);
    const [first] = callsOf(rig);
    assert.ok(first!.body.equals(body));
    first!.reset(REFUSED_STREAM);
    rig.settle();
    rig.advance(25);
    const second = callsOf(rig).find((one) => one !== first)!;
    assert.ok(second.body.equals(body));
    assert.ok(second.ended);
    second.respond();
    rig.settle();
    assert.equal(call.status, '0');
    assertNothingHeld(rig);
  });

  it('goes on where the caller is when the refusal comes amid it', () => {
    const rig = new RelayRig({ endpoints: 2 });
    const call = rig.connect().peer.call().send(body.subarray(0, 20_000));
    rig.settle();
    const [first] = callsOf(rig);
    assert.equal(first!.body.length, 20_000);
    first!.reset(REFUSED_STREAM);
    call.send(body.subarray(20_000, 30_000));
    rig.settle();
    rig.advance(25);
    call.send(body.subarray(30_000), true);
    rig.settle();
    const second = callsOf(rig).find((one) => one !== first)!;
    assert.ok(second.body.equals(body));
    assert.ok(second.ended);
  });

  it('is the same although it outgrows what is kept while the request waits to be sent again', () => {
    const rig = new RelayRig({ endpoints: 2, relay: { replayBytes: 25_000 } });
    const call = rig.connect().peer.call().send(body.subarray(0, 20_000));
    rig.settle();
    const first = callsOf(rig)[0]!;
    first.reset(REFUSED_STREAM);
    rig.settle();
    call.send(body.subarray(20_000), true);
    rig.settle();
    rig.advance(25);
    const second = callsOf(rig).find((one) => one !== first)!;
    assert.ok(second.body.equals(body));
  });

  it('is sent once when it is longer than what is kept', () => {
    const { rig, call } = callOnce({ endpoints: 2, relay: { replayBytes: 40_000 } }, () => {}, body);
    const first = callsOf(rig)[0]!;
    assert.ok(first.body.equals(body));
    first.reset(REFUSED_STREAM);
    rig.settle();
    rig.advance(1000);
    assert.equal(call.status, '14');
    assert.equal(callsOf(rig).length, 1);
    assertNothingHeld(rig);
  });
});

describe('a request is never sent again', () => {
  const responses: Record<string, (request: PeerCall) => void> = {
    'headers of its response were': (request) =>
      void request.sendHeaders({ ':status': '200', 'content-type': 'application/grpc' }),
    'a 1xx was': (request) => void request.sendHeaders({ ':status': '100' }),
  };
  for (const [what, begin] of Object.entries(responses)) {
    it(`after ${what} passed on`, () => {
      const { rig, call } = callOnce({ endpoints: 2 }, () => {});
      const request = callsOf(rig)[0]!;
      begin(request);
      rig.settle();
      request.reset(REFUSED_STREAM);
      rig.settle();
      rig.advance(1000);
      assert.equal(call.status, '14');
      assert.equal(callsOf(rig).length, 1);
      assertNothingHeld(rig);
    });
  }
});

function callsOf(rig: RelayRig): PeerCall[] {
  return rig.endpoints.flatMap(({ calls }) => calls);
}
