import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ForwardAction } from '@weir/core';
import { CANCEL, REFUSED_STREAM } from '../../http2/error-code.js';
import type { Fields, PeerCall } from './peer.test.support.js';
import { assertNothingHeld, RelayRig, type RigOptions } from './relay-rig.test.support.js';

const OK_HEADERS = { ':status': '200', 'content-type': 'application/grpc' };

/** A call that has arrived at the only endpoint of a route that says so. */
function arrived(route: Partial<ForwardAction>, fields: Fields = {}, options: RigOptions = {}) {
  const rig = new RelayRig({ route, ...options });
  const call = rig.connect().peer.call(fields, true);
  rig.settle();
  return { rig, call, request: rig.endpoints[0]!.calls[0]! };
}

function assertExpired(call: PeerCall, request: PeerCall, words: RegExp): void {
  assert.equal(call.status, '4');
  assert.match(call.message ?? '', words);
  assert.equal(request.resetCode, CANCEL);
}

describe('the deadline of a call', () => {
  it('is the timeout of the route when the caller asks for more', () => {
    const { rig, call, request } = arrived({ timeoutMs: 300 }, { 'grpc-timeout': '1S' });
    assert.equal(request.headers?.['grpc-timeout'], '300m');
    rig.advance(299);
    assert.ok(!call.over);
    rig.advance(1);
    assertExpired(call, request, /300 ms, the timeout of route "default"/);
    assert.equal(rig.counters.repliesDeadline, 1);
    assertNothingHeld(rig);
  });

  it("is the caller's when that is shorter", () => {
    const { rig, call, request } = arrived({ timeoutMs: 300 }, { 'grpc-timeout': '100000u' });
    assert.equal(request.headers?.['grpc-timeout'], '100m');
    rig.advance(100);
    assertExpired(call, request, /100 ms, the caller's own grpc-timeout/);
    assertNothingHeld(rig);
  });

  it('is bounded by the longest time that the route grants callers', () => {
    const { rig, call, request } = arrived({ maxGrpcTimeoutMs: 200 }, { 'grpc-timeout': '10S' });
    assert.equal(request.headers?.['grpc-timeout'], '200m');
    rig.advance(200);
    assertExpired(call, request, /200 ms, the longest grpc-timeout that route "default" allows/);
  });

  it('ends a busy stream at its maximum age, with the status in the trailers', () => {
    const { rig, call, request } = arrived({ maxStreamDurationMs: 500 });
    request.sendHeaders(OK_HEADERS);
    for (let at = 0; at < 5; at++) {
      request.send('tick');
      rig.advance(100);
    }
    assertExpired(call, request, /500 ms, the maximum age of streams of route "default"/);
    assert.equal(call.trailers?.['grpc-status'], '4');
    assertNothingHeld(rig);
  });

  it('tells an attempt what is left after the wait for a connection', () => {
    const rig = new RelayRig({ route: { timeoutMs: 300 }, endpoints: 2 });
    for (const endpoint of rig.endpoints) endpoint.onCall = (call) => call.reset(REFUSED_STREAM);
    rig.connect().peer.call({}, true);
    rig.settle();
    rig.advance(30);
    const told = rig.endpoints.flatMap(({ calls }) => calls.map(({ headers }) => headers?.['grpc-timeout']));
    assert.equal(told.length, 2);
    const [first, second] = told.map((text) => Number(text?.slice(0, -1))).sort((a, b) => b - a);
    assert.equal(first, 300);
    assert.ok(second! < 300 && second! >= 270, `${second}`);
  });

  it('is no business of a route that says nothing: the request stays as it is', () => {
    const { rig, call, request } = arrived({}, { 'grpc-timeout': '100m', 'x-last': 'yes' });
    assert.deepEqual(Object.entries(request.headers ?? {}).slice(-2), [
      ['grpc-timeout', '100m'],
      ['x-last', 'yes'],
    ]);
    rig.advance(1000);
    assert.ok(!call.over);
  });

  it('is told to an endpoint that gets the request a second time, whatever the route says', () => {
    const rig = new RelayRig({ endpoints: 2 });
    let calls = 0;
    for (const endpoint of rig.endpoints) {
      endpoint.onCall = (call) => {
        rig.clock.advance(10);
        if (++calls === 1) call.reset(REFUSED_STREAM);
        else call.respond(call.headers?.['grpc-timeout'] ?? 'none');
      };
    }
    const call = rig.connect().peer.call({ 'grpc-timeout': '200m' }, true);
    rig.settle();
    rig.advance(30);
    assert.equal(call.status, '0');
    assert.match(call.body.toString(), /^1[5-9]\dm$/);
    assertNothingHeld(rig);
  });

  it('is a 504 to a caller who does not speak gRPC, and not told to the endpoint', () => {
    const { rig, call, request } = arrived({ timeoutMs: 300 }, { 'content-type': 'application/json' });
    assert.equal(request.headers?.['grpc-timeout'], undefined);
    rig.advance(300);
    assert.equal(call.headers?.[':status'], '504');
    assert.match(call.body.toString(), /300 ms, the timeout of route "default"/);
  });

  it('comes after the idle time of the route, in which something has to move', () => {
    const { rig, call, request } = arrived({ idleTimeoutMs: 2_000 });
    request.sendHeaders(OK_HEADERS);
    for (let at = 0; at < 5; at++) {
      request.send('tick');
      rig.advance(1_000);
    }
    assert.ok(!call.over);
    for (let at = 0; at < 3; at++) rig.advance(1_000);
    assert.equal(call.status, '14');
    assert.match(call.message ?? '', /nothing moved on this call for 2000 ms/);
    assert.equal(request.resetCode, CANCEL);
    assertNothingHeld(rig);
  });

  it('leaves a response alone that is complete while its caller reads slowly', () => {
    const rig = new RelayRig({ route: { timeoutMs: 300 } });
    rig.endpoints[0]!.onCall = (request) => void request.respond(Buffer.alloc(100_000));
    const call = rig.connect({ streamWindowBytes: 65_535 }).peer.call({}, true);
    call.stalled = true;
    rig.settle();
    rig.advance(400);
    assert.ok(!call.over);
    call.readOn();
    rig.settle();
    assert.equal(call.status, '0');
    assertNothingHeld(rig);
  });
});
