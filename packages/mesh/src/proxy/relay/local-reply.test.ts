import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertNothingHeld, RelayRig } from './relay-rig.test.support.js';

const PLAIN = { ':method': 'GET', 'content-type': 'text/plain' };

/** A call to a service without endpoints. */
function callInVain(fields = {}, end = true) {
  const rig = new RelayRig({ endpoints: 0 });
  const { peer } = rig.connect();
  const call = peer.call(fields, end);
  rig.settle();
  return { rig, peer, call };
}

describe('what the proxy answers itself', () => {
  it('is Trailers-Only with status 200 for gRPC, and says why', () => {
    for (const type of ['application/grpc', 'application/grpc+proto', 'application/grpc;charset=utf-8']) {
      const { rig, call } = callInVain({ 'content-type': type });
      assert.deepEqual(call.headers, {
        ':status': '200',
        'content-type': 'application/grpc',
        'grpc-status': '14',
        'grpc-message': 'weir: no healthy endpoint of echo',
      });
      assert.equal(call.trailers, undefined);
      assert.ok(call.ended);
      assert.equal(rig.counters.repliesNoEndpoint, 1);
      assertNothingHeld(rig);
    }
  });

  it('is the matching HTTP status with a line of text for anything else', () => {
    const { rig, call } = callInVain(PLAIN);
    assert.equal(call.headers?.[':status'], '503');
    assert.equal(call.body.toString(), 'weir: no healthy endpoint of echo\n');
    assert.equal(call.headers?.['content-length'], String(call.body.length));
    assert.ok(call.ended);
    assertNothingHeld(rig);
  });

  it('has no body for HEAD', () => {
    const { rig, call } = callInVain({ ...PLAIN, ':method': 'HEAD' });
    assert.equal(call.headers?.[':status'], '503');
    assert.equal(call.body.length, 0);
    assert.ok(call.ended);
    assertNothingHeld(rig);
  });

  it('ends a request that is still going on', () => {
    const { rig, peer, call } = callInVain({}, false);
    call.send('more');
    rig.settle();
    assert.equal(call.status, '14');
    assertNothingHeld(rig);
    assert.equal(peer.connection.activeStreams, 0);
  });

  it('is 501 for CONNECT inside HTTP/2, whose tunnel would never close', () => {
    const rig = new RelayRig();
    const { peer } = rig.connect();
    const call = peer.call({ ':method': 'CONNECT', ':scheme': undefined, ':path': undefined });
    rig.settle();
    assert.equal(call.headers?.[':status'], '501');
    assert.match(call.body.toString(), /CONNECT is not offered inside HTTP\/2/);
    assertNothingHeld(rig);
    assert.equal(peer.connection.activeStreams, 0);
  });

  it('is RESOURCE_EXHAUSTED for metadata over the limit, with the connection going on', () => {
    const rig = new RelayRig({ http2: { maxHeaderListBytes: 2000 } });
    rig.endpoints[0]!.onCall = (request) => void request.respond();
    const { peer } = rig.connect();
    const large = peer.call({ 'x-large': 'x'.repeat(2500) }, true);
    const small = peer.call({}, true);
    rig.settle();
    assert.equal(large.status, '8');
    assert.match(large.message ?? '', /2000 bytes/);
    assert.equal(small.status, '0');
    assertNothingHeld(rig);
  });
});
