import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FaultPolicy, LocalRateLimitPolicy, RouteDescription } from '@weir/core';
import { CANCEL } from '../../http2/error-code.js';
import { callOnce, forwardRoute, rigWithRoutes } from './policy-rig.test.support.js';
import { RateLimits } from './rate-limits.js';
import { assertNothingHeld } from './relay-rig.test.support.js';
import { FakeClock } from '@weir/core/testing';

const ALL = { numerator: 100, denominator: 100 };
const PLAIN = { 'content-type': undefined, ':method': 'GET' };

describe('a fault', () => {
  const rigWith = (fault: FaultPolicy, more: Partial<RouteDescription['action']> = {}) =>
    rigWithRoutes([forwardRoute({ fault }, more)]);

  it('delays a request, body and all, before its timeout begins', () => {
    const rig = rigWith({ delay: { delayMs: 500, fraction: ALL } }, { timeoutMs: 200 });
    const call = rig.connect().peer.call();
    call.send('hello', true);
    rig.settle();
    rig.advance(499);
    assert.equal(rig.endpoints[0]!.calls.length, 0);
    assert.ok(!call.over);
    rig.advance(1);
    const [request] = rig.endpoints[0]!.calls;
    assert.equal(request?.body.toString(), 'hello');
    rig.advance(199);
    assert.ok(!call.over);
    rig.advance(1);
    assert.equal(call.status, '4');
    assertNothingHeld(rig);
  });

  it('leaves nothing behind when the caller gives up meanwhile', () => {
    const rig = rigWith({ delay: { delayMs: 500, fraction: ALL } });
    const call = rig.connect().peer.call();
    call.send('hello');
    rig.settle();
    call.reset(CANCEL);
    rig.settle();
    rig.advance(1_000);
    assert.equal(rig.endpoints[0]!.calls.length, 0);
    assertNothingHeld(rig);
  });

  it('ends a gRPC call with the code, which is not retried', () => {
    const rig = rigWith({ abort: { status: { kind: 'grpc', code: 14 }, fraction: ALL } });
    const { call, request } = callOnce(rig);
    assert.equal(call.status, '14');
    assert.match(decodeURIComponent(call.message ?? ''), /aborted by the fault of route "all"/);
    assert.equal(request, undefined);
    assert.equal(rig.counters.repliesFault, 1);
    assertNothingHeld(rig);
  });

  it('says in HTTP what it says in gRPC, and the other way round', () => {
    const status = { kind: 'http', status: 503 } as const;
    const ofHttp = { abort: { status, fraction: ALL } };
    assert.equal(callOnce(rigWith(ofHttp)).call.status, '14');
    assert.equal(callOnce(rigWith(ofHttp), PLAIN).call.headers?.[':status'], '503');
    const ofGrpc = { abort: { status: { kind: 'grpc', code: 7 }, fraction: ALL } } as const;
    assert.equal(callOnce(rigWith(ofGrpc), PLAIN).call.headers?.[':status'], '403');
  });

  it('meets its share of the requests', () => {
    const rig = rigWith({
      abort: { status: { kind: 'grpc', code: 14 }, fraction: { numerator: 30, denominator: 100 } },
    });
    const { peer } = rig.connect();
    rig.endpoints[0]!.onCall = (request) => void request.respond();
    let aborted = 0;
    for (let at = 0; at < 1_000; at++) {
      const call = peer.call({}, true);
      rig.settle();
      if (call.status === '14') aborted++;
    }
    assert.ok(aborted > 240 && aborted < 360, `${aborted} of 1000`);
  });
});

describe('a rate limit', () => {
  const rateLimit: LocalRateLimitPolicy = { maxTokens: 2, tokensPerFill: 1, fillIntervalMs: 1_000 };

  it('lets through what it has tokens for and tells gRPC when to come back', () => {
    const rig = rigWithRoutes([forwardRoute({ rateLimit })]);
    rig.advance(200);
    assert.equal(callOnce(rig).call.status, '0');
    rig.advance(300);
    assert.equal(callOnce(rig).call.status, '0');
    const { call, request } = callOnce(rig);
    assert.equal(call.status, '8');
    assert.equal(
      call.headers?.['grpc-retry-pushback-ms'],
      '700',
      'the bucket is as old as its first request',
    );
    assert.equal(request, undefined);
    assert.equal(rig.counters.repliesRateLimit, 1);
    rig.advance(700);
    assert.equal(callOnce(rig).call.status, '0');
    assertNothingHeld(rig);
  });

  it('is 429 to others', () => {
    const rig = rigWithRoutes([forwardRoute({ rateLimit: { ...rateLimit, maxTokens: 1 } })]);
    assert.equal(callOnce(rig, PLAIN).call.headers?.[':status'], '200');
    assert.equal(callOnce(rig, PLAIN).call.headers?.[':status'], '429');
  });

  it('counts before a direct response', () => {
    const action = { kind: 'direct-response', status: 200, body: 'ok' } as const;
    const rig = rigWithRoutes([forwardRoute({ action, rateLimit: { ...rateLimit, maxTokens: 1 } })]);
    assert.equal(callOnce(rig, PLAIN).call.body.toString(), 'ok');
    assert.equal(callOnce(rig, PLAIN).call.headers?.[':status'], '429');
  });

  it('of a service is one bucket for all of its routes', () => {
    const match = { path: { kind: 'exact', value: '/a.B/C' }, headers: [] } as const;
    const rig = rigWithRoutes([forwardRoute({ name: 'c', match }), forwardRoute()], {}, { rateLimit });
    assert.equal(callOnce(rig, { ':path': '/a.B/C' }).call.status, '0');
    assert.equal(callOnce(rig).call.status, '0');
    assert.equal(callOnce(rig).call.status, '8');
    assert.equal(callOnce(rig, { ':path': '/a.B/C' }).call.status, '8');
  });
});

describe('the buckets of rate limits', () => {
  const policy: LocalRateLimitPolicy = { maxTokens: 2, tokensPerFill: 1, fillIntervalMs: 1_000 };

  it('keep what was spent when the configuration changes', () => {
    const limits = new RateLimits(new FakeClock());
    const random = { next: () => 0, int: () => 0 };
    const bucket = limits.bucketOf({ key: 'a', policy });
    assert.ok(bucket.admit(0, random));
    assert.ok(bucket.admit(0, random));
    const after = limits.bucketOf({ key: 'a', policy: { ...policy, maxTokens: 3 } });
    assert.equal(after, bucket);
    assert.ok(after.admit(0, random));
    assert.ok(!after.admit(0, random));
  });

  it('are forgotten once they have filled up unused, and not before', () => {
    const clock = new FakeClock();
    const limits = new RateLimits(clock);
    for (let at = 0; at < 256; at++) limits.bucketOf({ key: `${at}`, policy });
    clock.advance(3_001);
    limits.bucketOf({ key: '0', policy });
    limits.bucketOf({ key: 'new', policy });
    assert.equal(limits.size, 2);
  });
});

describe('a hash policy', () => {
  const clusters = [{ cluster: 'echo', weight: 1 }];

  it('gives a caller without the cookie one that binds it, and none to a caller that has it', () => {
    const hash = [{ kind: 'cookie', name: 'user', ttlMs: 60_000 }] as const;
    const rig = rigWithRoutes([forwardRoute({}, { clusters, hash })]);
    const { call } = callOnce(rig);
    assert.match(call.headers?.['set-cookie'] ?? '', /^user="[0-9a-f]{16}"; Max-Age=60; HttpOnly$/);
    assert.equal(callOnce(rig, { cookie: 'user=me' }).call.headers?.['set-cookie'], undefined);
  });

  it('binds requests to an endpoint by what they carry', () => {
    const hash = [{ kind: 'header', name: 'x-user' }] as const;
    const policy = { name: 'ring_hash', minimumRingSize: 1024, maximumRingSize: 8192 } as const;
    const balancing = { policy, localityWeighted: false, panicThresholdPercent: 50 };
    const rig = rigWithRoutes([forwardRoute({}, { clusters, hash })], {
      endpoints: 4,
      cluster: { balancing },
    });
    const { peer } = rig.connect();
    for (const endpoint of rig.endpoints) endpoint.onCall = (request) => void request.respond();
    for (let user = 0; user < 20; user++) {
      const before = rig.endpoints.map(({ calls }) => calls.length);
      for (let at = 0; at < 5; at++) {
        peer.call({ 'x-user': `user-${user}` }, true);
        rig.settle();
      }
      const got = rig.endpoints.map(({ calls }, index) => calls.length - before[index]!);
      assert.deepEqual(got.toSorted(), [0, 0, 0, 5]);
    }
    assert.ok(rig.endpoints.filter(({ calls }) => calls.length > 0).length > 1);
  });
});
