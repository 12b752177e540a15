import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CANCEL, ENHANCE_YOUR_CALM, INTERNAL_ERROR, NO_ERROR } from '../../http2/error-code.js';
import type { PeerCall } from './peer.test.support.js';
import { assertNothingHeld, RelayRig } from './relay-rig.test.support.js';

const OK_HEADERS = { ':status': '200', 'content-type': 'application/grpc' };
const KiB = 1024;

/** A rig with one endpoint, and a call that has arrived at it. */
function arrived(rig: RelayRig, fields = {}, end = false) {
  const caller = rig.connect();
  const call = caller.peer.call(fields, end);
  rig.settle();
  const [endpoint] = rig.endpoints;
  assert.equal(endpoint!.calls.length, 1);
  return { caller, call, request: endpoint!.calls[0]!, endpoint: endpoint! };
}

describe('an exchange', () => {
  it('carries headers, messages and trailers both ways as they are', () => {
    const rig = new RelayRig();
    const { call, request } = arrived(rig, { 'x-token-bin': 'AAEC' });
    call.send('hello ').send('you', true);
    rig.settle();
    assert.equal(request.headers?.['x-token-bin'], 'AAEC');
    assert.equal(request.body.toString(), 'hello you');
    assert.ok(request.ended);

    request.sendHeaders({ ...OK_HEADERS, 'x-pod': 'pod-1' }).send('hi');
    rig.settle();
    assert.equal(call.headers?.['x-pod'], 'pod-1');
    assert.equal(call.body.toString(), 'hi');
    assert.ok(!call.ended, 'nothing is held back until the end');

    request.sendTrailers({ 'grpc-status': '0', 'x-last': 'yes' });
    rig.settle();
    assert.equal(call.trailers?.['x-last'], 'yes');
    assert.ok(call.ended);
    assertNothingHeld(rig);
  });

  it('passes Trailers-Only on in one block', () => {
    const rig = new RelayRig();
    const { call, request } = arrived(rig, {}, true);
    request.sendHeaders({ ...OK_HEADERS, 'grpc-status': '5', 'grpc-message': 'gone' }, true);
    rig.settle();
    assert.equal(call.headers?.['grpc-message'], 'gone');
    assert.equal(call.trailers, undefined);
    assert.ok(call.ended);
    assertNothingHeld(rig);
  });

  it('passes the trailers of a request on, after all of its body', () => {
    const rig = new RelayRig();
    const { call, request } = arrived(rig);
    call.send(Buffer.alloc(300 * KiB, 1)).sendTrailers({ 'x-sum': '42' });
    rig.settle();
    assert.equal(request.body.length, 300 * KiB);
    assert.equal(request.trailers?.['x-sum'], '42');
  });

  it('passes 1xx on and the final response after it', () => {
    const rig = new RelayRig();
    const { call, request } = arrived(rig);
    request.sendHeaders({ ':status': '103', link: '</style.css>' });
    rig.settle();
    assert.equal(call.informational?.[':status'], '103');
    request.respond();
    rig.settle();
    assert.equal(call.headers?.[':status'], '200');
    assert.equal(call.status, '0');
  });

  it('ends the request of a call that was answered before it was complete', () => {
    const rig = new RelayRig();
    const { caller, call, request } = arrived(rig);
    call.send('part of it');
    request.respond('enough', 9);
    rig.settle();
    assert.equal(call.status, '9');
    assert.equal(call.body.toString(), 'enough');
    assert.equal(call.resetCode, undefined, 'RST_STREAM NO_ERROR after a whole response is no failure');
    assert.equal(request.resetCode, CANCEL);
    assertNothingHeld(rig);
    assert.equal(caller.peer.connection.activeStreams, 0);
  });

  it('tells the endpoint when the caller cancels', () => {
    const rig = new RelayRig();
    const { call, request } = arrived(rig);
    call.reset(CANCEL);
    rig.settle();
    assert.equal(request.resetCode, CANCEL);
    assertNothingHeld(rig);
    assert.equal(rig.counters.downstreamResets, 1);
  });

  it('tells the endpoint when the connection of the caller is lost', () => {
    const rig = new RelayRig();
    const { caller, call, request } = arrived(rig);
    call.send('unfinished');
    caller.wire.lose(new Error('read ECONNRESET'));
    rig.settle();
    assert.equal(request.resetCode, CANCEL);
    assertNothingHeld(rig);
    assert.equal(rig.counters.downstreamConnections, 0);
  });

  for (const code of [CANCEL, INTERNAL_ERROR, ENHANCE_YOUR_CALM, NO_ERROR]) {
    it(`passes the endpoint's reset on with its code: ${code}`, () => {
      const rig = new RelayRig();
      const { call, request } = arrived(rig);
      request.sendHeaders(OK_HEADERS).send('some');
      rig.settle();
      request.reset(code);
      rig.settle();
      assert.equal(call.resetCode, code);
      assert.equal(rig.endpoints[0]!.calls.length, 1, 'it is not sent again');
      assertNothingHeld(rig);
    });
  }

  it('answers UNAVAILABLE when the connection is lost before the response', () => {
    const rig = new RelayRig({ endpoints: 2 });
    const caller = rig.connect();
    const call = caller.peer.call({}, true);
    rig.settle();
    const used = rig.endpoints.find(({ calls }) => calls.length === 1)!;
    used.connections[0]!.wire.lose(new Error('read ECONNRESET'));
    rig.settle();
    assert.equal(call.status, '14');
    assert.match(call.message ?? '', /read ECONNRESET/);
    assert.match(call.message ?? '', new RegExp(used.endpoint.address.replaceAll('.', '\\.')));
    assert.equal(call.headers?.[':status'], '200');
    const other = rig.endpoints.find((endpoint) => endpoint !== used)!;
    assert.equal(other.calls.length, 0, 'it may have been processed, so it is not sent again');
    assertNothingHeld(rig);
  });

  it('puts UNAVAILABLE into the trailers when the connection is lost amid the response', () => {
    const rig = new RelayRig();
    const { call, request, endpoint } = arrived(rig);
    request.sendHeaders(OK_HEADERS).send('first part');
    rig.settle();
    endpoint.connections[0]!.wire.lose(undefined);
    rig.settle();
    assert.equal(call.body.toString(), 'first part');
    assert.equal(call.trailers?.['grpc-status'], '14');
    assertNothingHeld(rig);
  });

  it('resets a plain HTTP call whose response breaks off', () => {
    const rig = new RelayRig();
    const { call, request, endpoint } = arrived(rig, { ':method': 'GET', 'content-type': 'text/plain' });
    request.sendHeaders({ ':status': '200' }).send('first part');
    rig.settle();
    endpoint.connections[0]!.wire.lose(undefined);
    rig.settle();
    assert.equal(call.resetCode, INTERNAL_ERROR);
    assertNothingHeld(rig);
  });

  it('answers RESOURCE_EXHAUSTED when the metadata of the response is over the limit', () => {
    const rig = new RelayRig({ http2: { maxHeaderListBytes: 2000 } });
    const { call, request } = arrived(rig);
    request.sendHeaders({ ...OK_HEADERS, 'x-large': 'x'.repeat(2500) });
    rig.settle();
    assert.equal(call.status, '8');
    assert.match(call.message ?? '', /2000 bytes/);
    assert.equal(request.resetCode, CANCEL);
    assertNothingHeld(rig);
  });

  it('answers RESOURCE_EXHAUSTED when the trailers of the request are over the limit', () => {
    const rig = new RelayRig({ http2: { maxHeaderListBytes: 2000 } });
    const { call, request } = arrived(rig);
    request.sendHeaders(OK_HEADERS).send('answer');
    rig.settle();
    call.sendTrailers({ 'x-large': 'x'.repeat(2500) });
    rig.settle();
    assert.equal(call.trailers?.['grpc-status'], '8');
    assert.equal(request.resetCode, CANCEL);
    assertNothingHeld(rig);
  });

  it('answers at once when the endpoint breaks the protocol, and lets go of the connection', () => {
    const rig = new RelayRig();
    const { call, endpoint } = arrived(rig);
    const { peer, wire } = endpoint.connections[0]!;
    peer.take = () => Buffer.from([0, 0, 1, 6, 0, 0, 0, 0, 0, 0]);
    rig.settle();
    assert.equal(call.status, '13');
    assert.match(call.message ?? '', /broke the HTTP\/2 protocol: FRAME_SIZE_ERROR/);
    assert.ok(wire.gone);
    assert.equal(rig.counters.upstreamProtocolErrors, 1);
    assertNothingHeld(rig);
  });

  it('counts a finished call by endpoint and status', () => {
    const rig = new RelayRig();
    const { request } = arrived(rig, {}, true);
    rig.clock.advance(25);
    request.respond('late', 5);
    rig.settle();
    const series = [...rig.metrics.method('echo', '/helloworld.Greeter/SayHello').endpoints()];
    assert.equal(series.length, 1);
    assert.equal(series[0]!.address, rig.endpoints[0]!.endpoint.address);
    assert.equal(series[0]!.counts[5], 1);
  });
});

describe('the timeout of a route', () => {
  const after = (rig: RelayRig, ms: number): void => rig.advance(ms);

  it('begins with the request and ends a call without a response', () => {
    const rig = new RelayRig({ route: { timeoutMs: 100 } });
    const { call, request } = arrived(rig);
    after(rig, 60);
    call.send('done', true);
    rig.settle();
    after(rig, 39);
    assert.ok(!call.over);
    after(rig, 1);
    assert.equal(call.status, '4');
    assert.match(call.message ?? '', /100 ms, the timeout of route "default"/);
    assert.equal(request.resetCode, CANCEL);
    assert.equal(rig.counters.repliesDeadline, 1);
    assertNothingHeld(rig);
  });

  it('leaves no timer behind when the response comes in time', () => {
    const rig = new RelayRig({ route: { timeoutMs: 100 } });
    const { call, request } = arrived(rig, {}, true);
    const timers = rig.clock.pendingTimers;
    request.respond();
    rig.settle();
    assert.equal(call.status, '0');
    assert.equal(rig.clock.pendingTimers, timers - 1);
    after(rig, 1000);
    assert.equal(rig.counters.repliesDeadline, 0);
  });
});

describe('flow control', () => {
  const MiB = KiB * KiB;

  /** Calls of which each gets `bytes` from the endpoint. */
  const downloads = (rig: RelayRig, count: number, bytes: number) => {
    rig.endpoints[0]!.onCall = (request) =>
      void request.sendHeaders(OK_HEADERS).send(Buffer.alloc(bytes, 7)).sendTrailers({ 'grpc-status': '0' });
    const caller = rig.connect({ streamWindowBytes: 65_535 });
    const calls: PeerCall[] = [];
    for (let at = 0; at < count; at++) {
      const call = caller.peer.call({}, true);
      call.stalled = true;
      calls.push(call);
    }
    rig.settle();
    return { caller, calls };
  };

  it('holds no more of a stalled download than one window, and gives all of it in the end', () => {
    const rig = new RelayRig();
    const { calls } = downloads(rig, 1, MiB);
    const { heldBytes } = rig.books();
    assert.ok(heldBytes! > 0 && heldBytes! <= 256 * KiB, `${heldBytes} bytes are held`);
    calls[0]!.readOn();
    rig.settle();
    assert.equal(calls[0]!.body.length, MiB);
    assert.ok(calls[0]!.body.every((byte) => byte === 7));
    assert.equal(calls[0]!.status, '0');
    assertNothingHeld(rig);
  });

  it('lets other calls on the same connections go on beside many that stall', () => {
    const rig = new RelayRig();
    const { caller } = downloads(rig, 20, MiB);
    assert.equal(rig.books()['heldBytes'], 20 * (256 * KiB - 65_535));
    const quick = caller.peer.call({}, true);
    rig.settle();
    assert.equal(quick.body.length, MiB);
    assert.equal(quick.status, '0');
  });

  it('slows the endpoint down when the stalled calls together hold more than the limit', () => {
    const rig = new RelayRig({ relay: { maxQueuedBytes: 512 * KiB } });
    const { calls } = downloads(rig, 20, MiB);
    const held = rig.books()['heldBytes']!;
    // What is over the limit may fill the window of the connection, but it is not given back.
    assert.ok(held <= 512 * KiB + MiB + 65_535, `${held} bytes are held`);
    for (const call of calls) call.readOn();
    rig.settle();
    assert.ok(calls.every((call) => call.body.length === MiB && call.status === '0'));
    assertNothingHeld(rig);
  });

  it('holds no more of a stalled upload than one window', () => {
    const rig = new RelayRig();
    let request: PeerCall | undefined;
    rig.endpoints[0]!.options = { streamWindowBytes: 65_535 };
    rig.endpoints[0]!.onCall = (call) => {
      request = call;
      call.stalled = true;
    };
    const caller = rig.connect();
    const call = caller.peer.call().send(Buffer.alloc(MiB, 3), true);
    rig.settle();
    assert.equal(request!.body.length, 65_535);
    assert.ok(rig.books()['heldBytes']! <= 256 * KiB);
    request!.readOn();
    rig.settle();
    assert.equal(request!.body.length, MiB);
    assert.ok(request!.ended);
    request!.respond();
    rig.settle();
    assert.equal(call.status, '0');
    assertNothingHeld(rig);
  });

  it('sends the trailers of a response after the last byte of a slow caller, even when the endpoint is gone', () => {
    const rig = new RelayRig();
    const { calls } = downloads(rig, 1, 200 * KiB);
    rig.endpoints[0]!.connections[0]!.wire.lose(undefined);
    rig.settle();
    assert.ok(!calls[0]!.over);
    calls[0]!.readOn();
    rig.settle();
    assert.equal(calls[0]!.body.length, 200 * KiB);
    assert.equal(calls[0]!.status, '0');
    assertNothingHeld(rig);
  });

  it('forgets the held bytes of a caller that gives up', () => {
    const rig = new RelayRig();
    const { calls } = downloads(rig, 3, MiB);
    for (const call of calls) call.reset();
    rig.settle();
    assertNothingHeld(rig);
  });
});
