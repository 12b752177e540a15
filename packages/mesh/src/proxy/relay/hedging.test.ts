import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type HedgingPolicy, noCircuitLimits, parseRetryOn } from '@weir/core';
import { CANCEL, INTERNAL_ERROR, REFUSED_STREAM } from '../../http2/error-code.js';
import type { Fields, PeerCall } from './peer.test.support.js';
import { assertNothingHeld, RelayRig, type RigOptions } from './relay-rig.test.support.js';

const OK_HEADERS = { ':status': '200', 'content-type': 'application/grpc' };
const UNAVAILABLE = { 'grpc-status': '14', 'grpc-message': 'try again' };
const POLICY: HedgingPolicy = { maxAttempts: 3, delayMs: 50, nonFatalCodes: new Set([14]) };

type Treatment = (call: PeerCall) => void;
const never: Treatment = () => {};
const respond: Treatment = (call) => void call.respond('fine');
const failInTrailers: Treatment = (call) => void call.sendHeaders(OK_HEADERS).sendTrailers(UNAVAILABLE);
const failWith =
  (fields: Fields): Treatment =>
  (call) =>
    void call.sendHeaders({ ...OK_HEADERS, ...fields }, true);

function hedged(
  treatments: Treatment[],
  options: RigOptions & { policy?: Partial<HedgingPolicy>; fields?: Fields; open?: boolean } = {},
) {
  const { policy, fields = {}, open = false, ...rest } = options;
  const rig = new RelayRig({
    endpoints: 4,
    ...rest,
    route: { hedging: { ...POLICY, ...policy }, ...rest.route },
  });
  const attempts: PeerCall[] = [];
  for (const endpoint of rig.endpoints) {
    endpoint.onCall = (call) => {
      attempts.push(call);
      treatments[Math.min(attempts.length, treatments.length) - 1]!(call);
    };
  }
  const call = rig.connect().peer.call(fields, !open);
  rig.settle();
  return { rig, attempts, call };
}

describe('a hedged call', () => {
  it('is answered by the first good answer, and ends the attempts that are slower', () => {
    const { rig, attempts, call } = hedged([never, never, respond]);
    rig.advance(49);
    assert.equal(attempts.length, 1);
    rig.advance(1);
    assert.equal(attempts.length, 2);
    rig.advance(50);
    assert.equal(attempts.length, 3);
    assert.equal(call.status, '0');
    assert.equal(call.body.toString(), 'fine');
    assert.deepEqual(
      attempts.map(({ resetCode }) => resetCode),
      [CANCEL, CANCEL, undefined],
    );
    assert.equal(new Set(attempts.map(({ peer }) => peer)).size, 3, 'at different hosts');
    assert.deepEqual(
      attempts.map(({ headers }) => headers?.['grpc-previous-rpc-attempts']),
      [undefined, '1', '2'],
    );
    assert.deepEqual([rig.counters.hedgesSent, rig.counters.hedgesWon], [2, 1]);
    assertNothingHeld(rig);
  });

  it('costs nothing more when the first attempt answers in time', () => {
    const { rig, attempts, call } = hedged([respond]);
    rig.advance(500);
    assert.equal(call.status, '0');
    assert.equal(attempts.length, 1);
    assert.deepEqual([rig.counters.hedgesSent, rig.counters.hedgesWon], [0, 0]);
    assertNothingHeld(rig);
  });

  it('sends the next attempt at once after a failure that is not fatal, in headers or trailers', () => {
    for (const fail of [failInTrailers, failWith(UNAVAILABLE)]) {
      const { rig, attempts, call } = hedged([fail, respond]);
      assert.equal(attempts.length, 2);
      assert.equal(call.body.toString(), 'fine');
      assertNothingHeld(rig);
    }
  });

  it('ends with a fatal status, and the other attempts with it', () => {
    const { rig, attempts, call } = hedged([never, failWith({ 'grpc-status': '5', 'x-why': 'gone' })]);
    rig.advance(50);
    assert.equal(call.status, '5');
    assert.equal(call.headers?.['x-why'], 'gone');
    assert.equal(attempts[0]!.resetCode, CANCEL);
    assert.equal(attempts.length, 2);
    assertNothingHeld(rig);
  });

  it('fails with the last failure when all attempts have failed', () => {
    const { rig, attempts, call } = hedged([failWith(UNAVAILABLE), failWith(UNAVAILABLE), failInTrailers]);
    assert.equal(attempts.length, 3);
    assert.equal(call.status, '14');
    assert.equal(call.message, 'try again');
    assert.ok(call.trailers !== undefined);
    assertNothingHeld(rig);
  });

  it('waits for attempts under way when another has failed and no more are to be sent', () => {
    const { rig, attempts, call } = hedged([never, failWith(UNAVAILABLE)], { policy: { maxAttempts: 2 } });
    rig.advance(50);
    assert.ok(!call.over);
    attempts[0]!.respond('late');
    rig.settle();
    assert.equal(call.body.toString(), 'late');
    assert.equal(rig.counters.hedgesWon, 0);
    assertNothingHeld(rig);
  });

  it('takes a lost connection and a reset for failures', () => {
    const { rig, attempts, call } = hedged([(request) => request.reset(INTERNAL_ERROR), respond]);
    assert.equal(attempts.length, 2);
    assert.equal(call.status, '0');
    assertNothingHeld(rig);
  });

  it('sends what was not processed elsewhere without counting it as an attempt', () => {
    const { rig, attempts, call } = hedged([(request) => request.leaveOut(), never, respond]);
    assert.equal(attempts.length, 2);
    assert.equal(attempts[1]!.headers?.['grpc-previous-rpc-attempts'], undefined);
    rig.advance(50);
    assert.equal(call.status, '0');
    assert.equal(attempts[2]!.headers?.['grpc-previous-rpc-attempts'], '1');
    assert.equal(rig.counters.retriesGoaway, 1);
    assertNothingHeld(rig);
  });

  it('sends what was refused again after a pause, while the other attempts go on', () => {
    const { rig, attempts, call } = hedged([(request) => request.reset(REFUSED_STREAM), never, never], {
      policy: { maxAttempts: 2 },
    });
    rig.advance(50);
    assert.equal(attempts.length, 3);
    attempts.at(-1)!.respond();
    rig.settle();
    assert.equal(call.status, '0');
    assertNothingHeld(rig);
  });

  it('heeds a server that says when to come back, or not to', () => {
    const pushback = (ms: string) => failWith({ ...UNAVAILABLE, 'grpc-retry-pushback-ms': ms });
    const later = hedged([pushback('200'), respond]);
    later.rig.advance(199);
    assert.equal(later.attempts.length, 1);
    later.rig.advance(1);
    assert.equal(later.call.status, '0');
    const notAtAll = hedged([pushback('-1'), respond]);
    assert.equal(notAtAll.call.status, '14');
    assert.equal(notAtAll.rig.counters.hedgesSkippedPushback, 1);
    const inVain = hedged([pushback('200'), respond], { fields: { 'grpc-timeout': '100m' } });
    assert.equal(inVain.call.status, '14');
    assert.equal(inVain.rig.counters.hedgesSkippedDeadline, 1);
    for (const { rig } of [later, notAtAll, inVain]) assertNothingHeld(rig);
  });

  it('tells each attempt what is left of the call, and ends all when it is over', () => {
    const { rig, attempts, call } = hedged([never], { route: { timeoutMs: 120 } });
    rig.advance(50);
    rig.advance(50);
    assert.deepEqual(
      attempts.map(({ headers }) => headers?.['grpc-timeout']),
      ['120m', '70m', '20m'],
    );
    rig.advance(20);
    assert.equal(call.status, '4');
    assert.deepEqual(
      attempts.map(({ resetCode }) => resetCode),
      [CANCEL, CANCEL, CANCEL],
    );
    assertNothingHeld(rig);
  });

  it('ends every attempt when the caller cancels', () => {
    const { rig, attempts, call } = hedged([never]);
    rig.advance(50);
    call.reset(CANCEL);
    rig.settle();
    assert.deepEqual(
      attempts.map(({ resetCode }) => resetCode),
      [CANCEL, CANCEL],
    );
    rig.advance(500);
    assert.equal(attempts.length, 2);
    assertNothingHeld(rig);
  });

  it('takes the time of an attempt from the retry policy, and sends the next when it is over', () => {
    const retry = {
      on: parseRetryOn('internal').on,
      maxRetries: 1,
      perTryTimeoutMs: 20,
      backoff: { baseMs: 10, capMs: 10 },
      avoidPreviousHosts: false,
    };
    const { rig, attempts, call } = hedged([never, never, respond], { route: { retry } });
    rig.advance(20);
    assert.equal(attempts[0]!.resetCode, CANCEL);
    rig.advance(20);
    assert.equal(attempts.length, 3);
    assert.equal(call.status, '0');
    assertNothingHeld(rig);
  });
});

describe('what a hedged call may cost', () => {
  it('sends no attempt that the budget, the limit of retries or of requests forbids', () => {
    const limits: [string, RigOptions['cluster'], string][] = [
      ['budget', { retryBudget: { budgetPercent: 0, minRetryConcurrency: 0 } }, 'hedgesSkippedBudget'],
      ['retries', { limits: { ...noCircuitLimits, maxRetries: 0 } }, 'hedgesSkippedMaxRetries'],
      ['requests', { limits: { ...noCircuitLimits, maxRequests: 1 } }, 'hedgesSkippedMaxRequests'],
    ];
    for (const [what, cluster, counter] of limits) {
      const { rig, attempts, call } = hedged([never], { cluster: cluster! });
      rig.advance(200);
      assert.equal(attempts.length, 1, what);
      assert.equal({ ...rig.counters }[counter as 'hedgesSent'], 1, what);
      attempts[0]!.respond();
      rig.settle();
      assert.equal(call.status, '0', what);
      assertNothingHeld(rig);
    }
  });

  it('answers with the failure it has when no further attempt can be made', () => {
    const { rig, call } = hedged([failInTrailers], {
      cluster: { limits: { ...noCircuitLimits, maxRetries: 0 } },
    });
    assert.equal(call.status, '14');
    assert.equal(call.message, 'try again');
    assertNothingHeld(rig);
  });

  it('sends no second attempt to a host that has one', () => {
    const { rig, attempts } = hedged([never], { endpoints: 1 });
    rig.advance(200);
    assert.equal(attempts.length, 1);
    assert.equal(rig.counters.hedgesSkippedNoHost, 1);
    attempts[0]!.respond();
    rig.settle();
    assertNothingHeld(rig);
  });

  it('gives a place among the retries back only when the attempt that won it has ended', () => {
    const { rig, attempts, call } = hedged([
      never,
      (request) => void request.sendHeaders(OK_HEADERS).send('a'),
    ]);
    rig.advance(50);
    assert.equal(call.body.toString(), 'a');
    assert.equal(rig.cluster.retryBudget.activeRetries, 1);
    attempts[1]!.sendTrailers({ 'grpc-status': '0' });
    rig.settle();
    assertNothingHeld(rig);
  });
});

describe('the body of a hedged request', () => {
  const bodies = (attempts: readonly PeerCall[]): string[] => attempts.map(({ body }) => body.toString());

  it('is sent to every attempt, however late, and on to the one that wins', () => {
    const { rig, attempts, call } = hedged([never], { open: true });
    call.send('one ');
    rig.settle();
    rig.advance(50);
    call.send('two ');
    rig.settle();
    assert.deepEqual(bodies(attempts), ['one two ', 'one two ']);
    attempts[1]!.sendHeaders(OK_HEADERS).send('hello');
    rig.settle();
    call.send('three', true);
    rig.settle();
    assert.deepEqual(bodies(attempts), ['one two ', 'one two three']);
    assert.ok(attempts[1]!.ended);
    attempts[1]!.sendTrailers({ 'grpc-status': '0' });
    rig.settle();
    assert.equal(call.status, '0');
    assertNothingHeld(rig);
  });

  it('commits the call to the attempt that has most of it when it is longer than what is kept', () => {
    const { rig, attempts, call } = hedged([never], { open: true, relay: { replayBytes: 1000 } });
    call.send('a'.repeat(900));
    rig.settle();
    rig.advance(50);
    assert.equal(attempts.length, 2);
    call.send('b'.repeat(900), true);
    rig.settle();
    rig.advance(100);
    assert.equal(attempts.length, 2);
    assert.equal(rig.counters.hedgesSkippedBufferFull, 1);
    assert.deepEqual(
      attempts.map(({ resetCode, body }) => [resetCode, body.length]),
      [
        [undefined, 1800],
        [CANCEL, 900],
      ],
    );
    attempts[0]!.respond();
    rig.settle();
    assert.equal(call.status, '0');
    assertNothingHeld(rig);
  });

  it('goes to each at its own pace, and the caller goes on as soon as one has taken it', () => {
    const rig = new RelayRig({ endpoints: 2, route: { hedging: { ...POLICY, delayMs: 0, maxAttempts: 2 } } });
    const attempts: PeerCall[] = [];
    for (const endpoint of rig.endpoints) {
      endpoint.options = { streamWindowBytes: 65_535, connectionWindowBytes: 65_535 };
      endpoint.onCall = (call) => {
        call.stalled = attempts.push(call) === 1;
      };
    }
    const call = rig.connect().peer.call({});
    rig.settle();
    const sent = Buffer.alloc(200_000, 'body');
    call.send(sent, true);
    rig.settle();
    // What is kept for both is at its limit: one of them goes on alone.
    assert.equal(attempts.length, 2);
    const winner = attempts.find(({ resetCode }) => resetCode === undefined)!;
    if (winner.stalled) winner.readOn();
    rig.settle();
    assert.ok(winner.body.equals(sent));
    winner.respond();
    rig.settle();
    assert.equal(call.status, '0');
    assertNothingHeld(rig);
  });

  it('ends with trailers that reach every attempt', () => {
    const { rig, attempts, call } = hedged([never], { open: true, policy: { delayMs: 0 } });
    call.send('body').sendTrailers({ 'x-end': 'yes' });
    rig.settle();
    assert.deepEqual(
      attempts.map(({ trailers }) => trailers?.['x-end']),
      ['yes', 'yes', 'yes'],
    );
    attempts[2]!.respond();
    rig.settle();
    assertNothingHeld(rig);
    assert.equal(call.status, '0');
  });
});

describe('headers of hedged responses', () => {
  it('are held back until the first message, and let through when it is late', () => {
    const { rig, attempts, call } = hedged([(request) => void request.sendHeaders(OK_HEADERS)], {
      policy: { maxAttempts: 2 },
    });
    rig.advance(50);
    assert.equal(attempts.length, 2);
    assert.equal(call.headers, undefined);
    rig.advance(950);
    assert.equal(call.headers?.[':status'], '200');
    assert.deepEqual(
      attempts.map(({ resetCode }) => resetCode),
      [undefined, CANCEL],
    );
    attempts[0]!.send('late').sendTrailers({ 'grpc-status': '0' });
    rig.settle();
    assert.equal(call.body.toString(), 'late');
    assertNothingHeld(rig);
  });

  it('do not reach the caller from an attempt that fails in its trailers', () => {
    const { rig, call } = hedged([
      (request) => void request.sendHeaders({ ...OK_HEADERS, 'x-attempt': '1' }).sendTrailers(UNAVAILABLE),
      respond,
    ]);
    assert.equal(call.headers?.['x-attempt'], undefined);
    assert.equal(call.status, '0');
    assertNothingHeld(rig);
  });

  it('with an HTTP error stand for the status that gRPC gives it', () => {
    const failing: Treatment = (request) => void request.sendHeaders({ ':status': '503' }).send('no');
    const { rig, attempts, call } = hedged([failing, respond]);
    assert.equal(call.status, '0');
    assert.equal(attempts[0]!.resetCode, CANCEL);
    const all = hedged([failing]);
    assert.equal(all.call.status, '14');
    assert.match(all.call.message!, /HTTP status 503/);
    for (const one of [rig, all.rig]) assertNothingHeld(one);
  });
});
