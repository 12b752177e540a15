import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRetryOn } from '@weir/core';
import type { PeerCall } from './peer.test.support.js';
import { forwardRoute, rigWithRoutes } from './policy-rig.test.support.js';
import { assertNothingHeld, RelayRig, type RigOptions } from './relay-rig.test.support.js';

const OK_HEADERS = { ':status': '200', 'content-type': 'application/grpc' };
const retry = {
  on: parseRetryOn('unavailable').on,
  maxRetries: 2,
  perTryTimeoutMs: 0,
  backoff: { baseMs: 10, capMs: 10 },
  avoidPreviousHosts: true,
};

interface Said {
  readonly rule: Readonly<Record<string, string>>;
  readonly cluster?: string;
  readonly passedOver?: readonly { readonly route: string; readonly because: string }[];
  readonly inForce?: readonly { readonly setting: string; readonly value: string }[];
  readonly attempts?: readonly { readonly endpoint: string; readonly outcome: string }[];
  readonly leftOut?: readonly string[];
}

function asked(options: RigOptions = {}, answer = (call: PeerCall): void => void call.respond()) {
  const rig = new RelayRig({ ...options, relay: { explainBytes: 4096, ...options.relay } });
  for (const endpoint of rig.endpoints) endpoint.onCall = answer;
  const call = rig.connect().peer.call({ 'x-weir-explain': '1' }, true);
  rig.settle();
  return { rig, call };
}

function said({ headers, trailers }: PeerCall): Said {
  return JSON.parse((trailers ?? headers)!['x-weir-explain']!) as Said;
}

describe('x-weir-explain', () => {
  it('has the caller told in the trailers which rule took the call and where it went', () => {
    const { rig, call } = asked({ route: { timeoutMs: 500 } });
    assert.equal(call.status, '0');
    const { rule, cluster, inForce, attempts } = said(call);
    assert.deepEqual([rule['virtualHost'], rule['route'], cluster], ['echo:50051', 'default', 'echo']);
    assert.deepEqual(inForce?.map(({ setting, value }) => [setting, value]).slice(0, 1), [
      ['timeout', '500 ms'],
    ]);
    assert.deepEqual(attempts, [
      { endpoint: '10.0.0.1:50051', afterMs: 0, headersAfterMs: 0, outcome: 'OK' },
    ]);
    assertNothingHeld(rig);
  });

  it('does not reach the endpoint', () => {
    const { rig } = asked();
    assert.equal(rig.endpoints[0]!.calls[0]!.headers?.['x-weir-explain'], undefined);
  });

  it('means nothing where the proxy does not allow it, and to other values than 1', () => {
    const off = asked({ relay: { explainBytes: 0 } });
    assert.equal(off.call.trailers?.['x-weir-explain'], undefined);
    const rig = new RelayRig({ relay: { explainBytes: 4096 } });
    rig.endpoints[0]!.onCall = (request) => request.respond();
    const call = rig.connect().peer.call({ 'x-weir-explain': '0' }, true);
    rig.settle();
    assert.equal(call.trailers?.['x-weir-explain'], undefined);
  });

  it('tells of every attempt and how it went', () => {
    let attempts = 0;
    const { rig, call } = asked({ endpoints: 2, route: { retry } }, (request) => {
      if (++attempts === 1) request.sendHeaders({ ...OK_HEADERS, 'grpc-status': '14' }, true);
      else request.respond();
    });
    rig.advance(10);
    assert.deepEqual(
      said(call).attempts?.map(({ outcome }) => outcome),
      ['UNAVAILABLE', 'OK'],
    );
    assertNothingHeld(rig);
  });

  it('tells of hedged attempts that were given up', () => {
    let attempts = 0;
    const hedging = { maxAttempts: 2, delayMs: 30, nonFatalCodes: new Set([14]) };
    const { rig, call } = asked({ endpoints: 2, route: { hedging } }, (request) => {
      if (++attempts === 2) request.respond();
    });
    rig.advance(30);
    assert.deepEqual(
      said(call).attempts?.map(({ outcome }) => outcome),
      ['given up', 'OK'],
    );
    assertNothingHeld(rig);
  });

  it('comes with answers of the proxy itself', () => {
    const { rig, call } = asked({ route: { timeoutMs: 100 } }, () => {});
    rig.advance(100);
    assert.equal(call.status, '4');
    assert.deepEqual(
      said(call).attempts?.map(({ outcome }) => outcome),
      ['out of time'],
    );
    const gone = new RelayRig({ relay: { explainBytes: 4096 } });
    gone.applyEndpoints([]);
    const failed = gone.connect().peer.call({ 'x-weir-explain': '1' }, true);
    gone.settle();
    assert.equal(failed.status, '14');
    assert.deepEqual(said(failed).attempts, []);
    assertNothingHeld(rig);
  });

  it('says why other rules did not match, and which takes nobody', () => {
    const early = forwardRoute({
      name: 'early',
      match: {
        path: { kind: 'prefix', value: '/' },
        headers: [{ name: 'tenant', kind: 'exact', value: 'früh', invert: false }],
      },
    });
    const rig = rigWithRoutes([early], { relay: { explainBytes: 4096 } });
    const call = rig.connect().peer.call({ 'x-weir-explain': '1' }, true);
    rig.settle();
    assert.equal(call.status, '12');
    const { rule, passedOver } = said(call);
    assert.equal(rule['because'], 'no route matches');
    assert.match(passedOver?.[0]?.because ?? '', /header tenant is missing/);
  });

  it('is cut down to what the proxy allows', () => {
    const { call } = asked({ route: { timeoutMs: 500 }, relay: { explainBytes: 210 } });
    assert.ok(call.trailers!['x-weir-explain']!.length <= 210);
    assert.deepEqual(said(call).leftOut, ['passedOver', 'inForce']);
    assert.equal(said(asked({ relay: { explainBytes: 40 } }).call).leftOut?.[0], 'everything');
  });
});
