import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CANCEL, ENHANCE_YOUR_CALM } from '../../http2/error-code.js';
import { UNAVAILABLE } from '../../grpc/status.js';
import { assertNothingHeld, RelayRig } from './relay-rig.test.support.js';

const MiB = 1024 * 1024;

function arrived(rig: RelayRig) {
  const caller = rig.connect();
  const call = caller.peer.call({});
  rig.settle();
  return { caller, call, request: rig.endpoints[0]!.calls[0]! };
}

/** Time passes, and every so often `each` happens. */
function pass(rig: RelayRig, ms: number, each: () => void = () => {}): void {
  for (let passedMs = 0; passedMs < ms; passedMs += 1_000) {
    rig.advance(1_000);
    each();
  }
}

describe('a call that takes too long', () => {
  it('is ended with UNAVAILABLE when nothing has moved for as long as the options say', () => {
    const rig = new RelayRig({ relay: { streamIdleTimeoutMs: 300_000 } });
    const { call, request } = arrived(rig);
    pass(rig, 299_000);
    assert.equal(call.over, false);
    pass(rig, 3_000);
    assert.equal(call.status, String(UNAVAILABLE));
    assert.match(call.message ?? '', /300000 ms/);
    assert.equal(request.resetCode, CANCEL);
    assert.equal(rig.context.limits.downstream.streamIdleTimeoutMs, 1);
    assertNothingHeld(rig);
  });

  it('lives on as long as anything moves, either way', () => {
    const rig = new RelayRig({ relay: { streamIdleTimeoutMs: 300_000 } });
    const { call, request } = arrived(rig);
    pass(rig, 250_000);
    call.send('still here');
    pass(rig, 250_000);
    request.sendHeaders({ ':status': '200', 'content-type': 'application/grpc' });
    pass(rig, 250_000);
    request.send('so am I');
    pass(rig, 250_000);
    assert.equal(call.over, false);
    assert.equal(rig.context.limits.downstream.streamIdleTimeoutMs, 0);
  });

  it('may be silent for ever unless the options say otherwise', () => {
    const rig = new RelayRig();
    const { call, request } = arrived(rig);
    pass(rig, 3_600_000);
    assert.equal(call.over, false);
    request.respond();
    rig.settle();
    assert.equal(call.status, '0');
  });

  it('is reset when its caller takes nothing of the response for 5 minutes', () => {
    const rig = new RelayRig();
    const { call, request } = arrived(rig);
    call.stalled = true;
    request.sendHeaders({ ':status': '200', 'content-type': 'application/grpc' }).send(Buffer.alloc(MiB));
    rig.settle();
    pass(rig, 298_000);
    assert.equal(call.over, false);
    pass(rig, 5_000);
    assert.equal(call.resetCode, ENHANCE_YOUR_CALM);
    assert.equal(request.resetCode, CANCEL);
    assert.equal(rig.context.limits.downstream.windowStallTimeoutMs, 1);
    assertNothingHeld(rig);
  });

  it('is answered with UNAVAILABLE when its endpoint takes nothing of the request for 5 minutes', () => {
    const rig = new RelayRig();
    const { call, request } = arrived(rig);
    request.stalled = true;
    call.send(Buffer.alloc(MiB));
    rig.settle();
    pass(rig, 303_000);
    assert.equal(call.status, String(UNAVAILABLE));
    assert.match(call.message ?? '', /next to nothing of the request for 300000 ms/);
    assert.equal(request.resetCode, CANCEL);
    assert.equal(rig.context.limits.upstream.windowStallTimeoutMs, 1);
    assertNothingHeld(rig);
  });
});

describe('an endpoint connection on which many requests are cancelled', () => {
  it('takes no more of them before the endpoint has had enough, and is let go when its last one ends', () => {
    const rig = new RelayRig({ relay: { cancelBurst: 3 } });
    const { peer } = rig.connect();
    const [endpoint] = rig.endpoints;
    const staying = peer.call({});
    rig.settle();
    for (let at = 0; at < 4; at++) {
      const call = peer.call({});
      rig.settle();
      call.reset();
      rig.settle();
    }
    assert.equal(rig.context.limits.upstream.cancelBurst, 1);
    const next = peer.call({}, true);
    rig.settle();
    assert.equal(endpoint!.dials, 2);
    const [first, second] = endpoint!.connections;
    assert.equal(second!.peer.calls.length, 1);

    second!.peer.calls[0]!.respond();
    first!.peer.calls[0]!.respond();
    staying.send('', true);
    rig.settle();
    assert.equal(next.status, '0');
    assert.equal(staying.status, '0', 'the call that stayed is not disturbed');
    assertNothingHeld(rig);
    assert.equal(rig.host(endpoint!).pool?.connections, 1);
  });

  it('is spared while the cancellations are spread over time', () => {
    const rig = new RelayRig({ relay: { cancelBurst: 3, cancelsPerSecond: 1 } });
    const { peer } = rig.connect();
    for (let at = 0; at < 20; at++) {
      const call = peer.call({});
      rig.settle();
      call.reset();
      rig.advance(1_000);
    }
    assert.equal(rig.context.limits.upstream.cancelBurst, 0);
    assert.equal(rig.endpoints[0]!.dials, 1);
  });
});
