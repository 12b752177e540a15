import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultOutlierSettings, parseRetryOn, type RetryPolicy } from '@weir/core';
import { CANCEL, INTERNAL_ERROR } from '../../http2/error-code.js';
import type { Fields, PeerCall } from './peer.test.support.js';
import { assertNothingHeld, RelayRig, type RigOptions } from './relay-rig.test.support.js';

const OK_HEADERS = { ':status': '200', 'content-type': 'application/grpc' };
const FAILED = { 'grpc-status': '14', 'grpc-message': 'try again' };

function policy(change: Partial<RetryPolicy> = {}, on = 'unavailable'): RetryPolicy {
  return {
    on: parseRetryOn(on).on,
    maxRetries: 2,
    perTryTimeoutMs: 0,
    backoff: { baseMs: 10, capMs: 10 },
    avoidPreviousHosts: true,
    ...change,
  };
}

/** Each attempt in turn is treated by the next of these, the last of them treats all further ones. */
function treatInTurn(rig: RelayRig, ...treatments: ((call: PeerCall) => void)[]): PeerCall[] {
  const seen: PeerCall[] = [];
  for (const endpoint of rig.endpoints) {
    endpoint.onCall = (call) => {
      seen.push(call);
      treatments[Math.min(seen.length, treatments.length) - 1]!(call);
    };
  }
  return seen;
}

function called(
  retry: RetryPolicy,
  treatments: ((call: PeerCall) => void)[],
  { fields = {}, route = {}, ...options }: RigOptions & { readonly fields?: Fields } = {},
) {
  const rig = new RelayRig({ endpoints: 2, ...options, route: { retry, ...route } });
  const attempts = treatInTurn(rig, ...treatments);
  const caller = rig.connect();
  const call = caller.peer.call(fields, true);
  rig.settle();
  return { rig, attempts, call, caller };
}

const respond = (call: PeerCall): void => void call.respond('fine');
const failInTrailers = (call: PeerCall): void =>
  void call.sendHeaders({ ...OK_HEADERS, 'x-attempt': 'failed' }).sendTrailers(FAILED);
const failAtOnce = (call: PeerCall): void => void call.sendHeaders({ ...OK_HEADERS, ...FAILED }, true);
const ejecting = { ...defaultOutlierSettings, maxEjectionPercent: 100 };
const never = (): void => {};

describe('a retry policy', () => {
  const failures: Record<string, [(call: PeerCall) => void, string]> = {
    'in trailers after initial metadata': [failInTrailers, 'unavailable'],
    'in Trailers-Only': [failAtOnce, 'unavailable'],
    'by a reset': [(call) => call.reset(INTERNAL_ERROR), 'reset'],
    'by a reset after initial metadata': [
      (call) => void call.sendHeaders(OK_HEADERS).reset(INTERNAL_ERROR),
      'reset',
    ],
    'by HTTP 503 with a body': [
      (call) => void call.sendHeaders({ ':status': '503' }).send('no'),
      'gateway-error',
    ],
    'by HTTP 503 with an empty body': [
      (call) => void call.sendHeaders({ ':status': '503' }).send('', true),
      'gateway-error',
    ],
  };
  for (const [what, [fail, on]] of Object.entries(failures)) {
    it(`masks a call that fails ${what}`, () => {
      const { rig, attempts, call } = called(policy({}, on), [fail, respond]);
      assert.ok(!call.over, 'there is a pause');
      assert.equal(call.headers, undefined, 'the caller has seen nothing');
      rig.advance(10);
      assert.equal(call.status, '0');
      assert.equal(call.body.toString(), 'fine');
      assert.equal(call.headers?.['x-attempt'], undefined);
      assert.equal(attempts.length, 2);
      assert.notEqual(attempts[0]!.peer, attempts[1]!.peer);
      assert.equal(rig.counters.retriesStatus + rig.counters.retriesReset, 1);
      assertNothingHeld(rig);
    });
  }

  it('leaves other statuses alone, with their headers', () => {
    const { rig, attempts, call } = called(policy({}, 'internal'), [failInTrailers]);
    assert.equal(call.headers?.['x-attempt'], 'failed');
    assert.equal(call.status, '14');
    assert.equal(attempts.length, 1);
    assert.equal(rig.counters.skippedAttempts, 0);
    assertNothingHeld(rig);
  });

  it('gives up after so many retries, with the last answer', () => {
    const { rig, attempts, call } = called(policy(), [failInTrailers]);
    rig.advance(10);
    rig.advance(10);
    assert.equal(call.status, '14');
    assert.equal(call.message, 'try again');
    assert.equal(attempts.length, 3);
    assert.equal(rig.counters.skippedAttempts, 1);
    assert.deepEqual(
      attempts.map(({ headers }) => headers?.['grpc-previous-rpc-attempts']),
      [undefined, '1', '2'],
    );
    assertNothingHeld(rig);
  });

  it('makes no retry once the caller has a byte', () => {
    const { rig, attempts, call } = called(policy(), [
      (request) => void request.sendHeaders(OK_HEADERS).send('part').sendTrailers(FAILED),
    ]);
    rig.advance(100);
    assert.equal(call.body.toString(), 'part');
    assert.equal(call.status, '14');
    assert.equal(attempts.length, 1);
    assert.equal(rig.counters.skippedHeadersCommitted, 1);
    assertNothingHeld(rig);
  });

  it('holds headers back for so long, and then lets the caller have them', () => {
    const { rig, attempts, call } = called(policy(), [(request) => void request.sendHeaders(OK_HEADERS)]);
    rig.advance(999);
    assert.equal(call.headers, undefined);
    rig.advance(1);
    assert.equal(call.headers?.[':status'], '200');
    attempts[0]!.sendTrailers(FAILED);
    rig.settle();
    assert.equal(call.status, '14');
    assert.equal(rig.counters.skippedHeadersCommitted, 1);
    assertNothingHeld(rig);
  });

  it('holds no headers back that are larger than its limit', () => {
    const { call } = called(
      policy(),
      [(request) => void request.sendHeaders({ ...OK_HEADERS, 'x-long': 'x'.repeat(200) })],
      { relay: { maxHeldHeaderBytes: 200 } },
    );
    assert.equal(call.headers?.['x-long']?.length, 200);
  });

  it('heeds what the server says about coming back', () => {
    const pushback = (ms: string) => (call: PeerCall) =>
      void call.sendHeaders(OK_HEADERS).sendTrailers({ ...FAILED, 'grpc-retry-pushback-ms': ms });
    const later = called(policy(), [pushback('500'), respond]);
    later.rig.advance(499);
    assert.ok(!later.call.over);
    later.rig.advance(1);
    assert.equal(later.call.status, '0');

    const stop = called(policy(), [pushback('-1'), respond]);
    assert.equal(stop.call.status, '14');
    assert.equal(stop.rig.counters.skippedPushback, 1);
  });

  it('makes no retry that the deadline leaves no time for', () => {
    const { rig, attempts, call } = called(
      policy({ backoff: { baseMs: 1000, capMs: 1000 } }),
      [failInTrailers],
      { fields: { 'grpc-timeout': '1m' } },
    );
    assert.equal(call.status, '14');
    assert.equal(attempts.length, 1);
    assert.equal(rig.counters.skippedDeadline, 1);
    assertNothingHeld(rig);
  });

  it('makes no retry of a request that is longer than what is kept of it', () => {
    const rig = new RelayRig({ route: { retry: policy() }, relay: { replayBytes: 10 } });
    const attempts = treatInTurn(rig, never);
    const call = rig.connect().peer.call().send('more than ten bytes', true);
    rig.settle();
    failInTrailers(attempts[0]!);
    rig.settle();
    assert.equal(call.status, '14');
    assert.equal(rig.counters.skippedBufferFull, 1);
    assertNothingHeld(rig);
  });

  it('sends the body again, also what came during the pause', () => {
    const rig = new RelayRig({ endpoints: 2, route: { retry: policy() } });
    const attempts = treatInTurn(rig, failInTrailers, (request) => void request.sendHeaders(OK_HEADERS));
    const call = rig.connect().peer.call().send('one ');
    rig.settle();
    call.send('two', true);
    rig.settle();
    rig.advance(10);
    assert.equal(attempts[1]!.body.toString(), 'one two');
    assert.ok(attempts[1]!.ended);
    attempts[1]!.send('fine').sendTrailers({ 'grpc-status': '0' });
    rig.settle();
    assert.equal(call.status, '0');
    assertNothingHeld(rig);
  });

  it('makes another attempt when one takes longer than it may, and cancels that one', () => {
    const { rig, attempts, call } = called(
      policy({ perTryTimeoutMs: 50 }, 'deadline-exceeded'),
      [never, respond],
      { route: { timeoutMs: 300 } },
    );
    assert.equal(attempts[0]!.headers?.['grpc-timeout'], '50m');
    rig.advance(50);
    assert.equal(attempts[0]!.resetCode, CANCEL);
    rig.advance(10);
    assert.equal(call.status, '0');
    assert.equal(rig.counters.retriesTimeout, 1);
    assertNothingHeld(rig);
  });

  it('says which time was up when the last attempt takes too long', () => {
    const { rig, call } = called(policy({ perTryTimeoutMs: 50 }, 'unavailable'), [never]);
    rig.advance(50);
    assert.equal(call.status, '4');
    assert.match(call.message ?? '', /50 ms, the time of each attempt of route "default"/);
    assertNothingHeld(rig);
  });

  it('leaves an attempt alone that answers in time, however long it goes on', () => {
    const { rig, call, attempts } = called(policy({ perTryTimeoutMs: 50 }), [
      (request) => void request.sendHeaders(OK_HEADERS).send('first'),
    ]);
    rig.advance(500);
    assert.ok(!call.over);
    attempts[0]!.sendTrailers({ 'grpc-status': '0' });
    rig.settle();
    assert.equal(call.status, '0');
    assertNothingHeld(rig);
  });

  it('is told off by the budget, and takes its place there anew for each retry', () => {
    const { rig, attempts, call } = called(policy(), [failInTrailers], {
      cluster: { retryBudget: { budgetPercent: 0, minRetryConcurrency: 1 } },
    });
    rig.advance(10);
    assert.equal(attempts.length, 2);
    rig.advance(10);
    assert.equal(attempts.length, 3, 'its own place is free again');
    assert.equal(call.status, '14');

    const none = called(policy(), [failInTrailers], {
      cluster: { retryBudget: { budgetPercent: 0, minRetryConcurrency: 0 } },
    });
    assert.equal(none.call.status, '14');
    assert.equal(none.rig.counters.skippedBudget, 1);
    assertNothingHeld(none.rig);
  });

  it('is forgotten when the caller gives up while headers are held, or during the pause', () => {
    for (const treat of [(request: PeerCall) => void request.sendHeaders(OK_HEADERS), failInTrailers]) {
      const { rig, attempts, call } = called(policy(), [treat]);
      call.reset();
      rig.settle();
      rig.advance(2000);
      assert.equal(attempts.length, 1);
      assertNothingHeld(rig);
    }
  });
});

describe('the limits of a cluster', () => {
  const limits = {
    maxConnections: Infinity,
    maxPendingRequests: Infinity,
    maxRequests: Infinity,
    maxRetries: Infinity,
  };

  it('answer a request at once that is one too many', () => {
    const rig = new RelayRig({ cluster: { limits: { ...limits, maxRequests: 2 } } });
    const attempts = treatInTurn(rig, never);
    const { peer } = rig.connect();
    const calls = [peer.call({}, true), peer.call({}, true), peer.call({}, true)];
    rig.settle();
    assert.deepEqual(
      calls.map(({ status }) => status),
      [undefined, undefined, '14'],
    );
    assert.match(calls[2]!.message ?? '', /2 requests, the most for echo/);
    assert.equal(rig.counters.repliesOverflow, 1);
    for (const attempt of attempts) attempt.respond();
    rig.settle();
    assert.equal(rig.cluster.limits.requests.active, 0);
    assertNothingHeld(rig);
  });

  it('let so many requests wait for a connection', () => {
    const rig = new RelayRig({ cluster: { limits: { ...limits, maxPendingRequests: 2 } } });
    rig.endpoints[0]!.mode = 'silent';
    const { peer } = rig.connect();
    const calls = [peer.call({}, true), peer.call({}, true), peer.call({}, true)];
    rig.settle();
    assert.match(calls[2]!.message ?? '', /2 requests, the most for echo, wait for a connection/);
    assert.ok(!calls[0]!.over && !calls[1]!.over);
    calls[0]!.reset();
    rig.settle();
    assert.equal(rig.cluster.limits.pendingRequests.active, 1);
    rig.advance(5_000);
    assert.equal(calls[1]!.status, '14');
    assert.equal(rig.cluster.limits.pendingRequests.active, 0);
    assertNothingHeld(rig);
  });

  it('keep the number of connections down, but leave each endpoint one', () => {
    const rig = new RelayRig({
      endpoints: 2,
      relay: { assumedConcurrentStreams: 1 },
      cluster: { limits: { ...limits, maxConnections: 1 } },
    });
    for (const endpoint of rig.endpoints) endpoint.options = { maxConcurrentStreams: 1 };
    const attempts = treatInTurn(rig, never);
    const { peer } = rig.connect();
    const calls = Array.from({ length: 6 }, () => peer.call({}, true));
    rig.settle();
    assert.deepEqual(
      rig.endpoints.map(({ connections }) => connections.length),
      [1, 1],
    );
    assert.equal(attempts.length, 2);
    for (let at = 0; at < 6; at++) {
      attempts[at]!.respond();
      rig.settle();
    }
    assert.ok(calls.every(({ status }) => status === '0'));
    assertNothingHeld(rig);
  });

  it('keep the number of retries down', () => {
    const { rig, call } = called(policy(), [failInTrailers], {
      cluster: { limits: { ...limits, maxRetries: 0 } },
    });
    assert.equal(call.status, '14');
    assert.equal(rig.counters.skippedMaxRetries, 1);
    assertNothingHeld(rig);
  });
});

describe('outlier detection', () => {
  it('ejects an endpoint that fails by gRPC status, so that the others get its calls', () => {
    const rig = new RelayRig({ endpoints: 2, cluster: { outlier: ejecting } });
    rig.endpoints[0]!.onCall = failInTrailers;
    rig.endpoints[1]!.onCall = respond;
    const { peer } = rig.connect();
    for (let at = 0; at < 20; at++) {
      peer.call({}, true);
      rig.settle();
    }
    assert.equal(rig.endpoints[0]!.calls.length, 5);
    assert.equal(rig.cluster.outlier!.ejected, 1);
  });

  it('ejects an endpoint that does not answer in time', () => {
    const rig = new RelayRig({
      endpoints: 2,
      route: { timeoutMs: 100 },
      cluster: { outlier: ejecting },
    });
    rig.endpoints[0]!.onCall = never;
    rig.endpoints[1]!.onCall = respond;
    const { peer } = rig.connect();
    for (let at = 0; at < 20; at++) {
      peer.call({}, true);
      rig.settle();
      rig.advance(100);
    }
    assert.equal(rig.endpoints[0]!.calls.length, 5);
  });
});
