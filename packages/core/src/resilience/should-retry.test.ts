import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Random, seededRandom } from '../random.js';
import type { AnsweredAttempt, AttemptOutcome, FailedAttempt } from './attempt-outcome.js';
import { parseRetryOn } from './retry-on.js';
import type { RetryPolicy } from './retry-policy.js';
import { afterRetry, noRetriesYet, type RetryState, shouldRetry } from './should-retry.js';

const halfway: Random = { next: () => 0.5, int: () => 0 };
const fresh: RetryState = { ...noRetriesYet, nowMs: 1_000, deadlineMs: Infinity };

function policyOn(retryOn: string, over: Partial<RetryPolicy> = {}): RetryPolicy {
  return {
    on: parseRetryOn(retryOn).on,
    maxRetries: 2,
    perTryTimeoutMs: 0,
    backoff: { baseMs: 25, capMs: 250 },
    avoidPreviousHosts: true,
    ...over,
  };
}

function answer(
  httpStatus: number,
  grpcStatus?: number,
  headers: Readonly<Record<string, string>> = {},
): AnsweredAttempt {
  return { kind: 'answered', httpStatus, grpcStatus, header: (name) => headers[name] };
}

function failure(kind: FailedAttempt['kind'], grpcStatus?: number): FailedAttempt {
  return { kind, grpcStatus };
}

/** What the policy alone decides: attempts that are made again without one are not among these. */
function wanted(outcome: AttemptOutcome, retryOn: string, over: Partial<RetryPolicy> = {}): boolean {
  const used = { ...fresh, transparentRetries: 99, refusalRetries: 99 };
  return shouldRetry(outcome, policyOn(retryOn, over), used, halfway).retry;
}

describe('shouldRetry', () => {
  it('goes by the HTTP status', () => {
    const matching: [string, number[], number[]][] = [
      ['5xx', [500, 503, 599], [200, 404, 409, 429, 499]],
      ['gateway-error', [502, 503, 504], [500, 501, 505]],
      ['retriable-4xx', [409], [404, 429, 503]],
      ['418,503', [418, 503], [500, 504]],
      ['connect-failure,reset,refused-stream', [], [200, 409, 503]],
    ];
    for (const [retryOn, yes, no] of matching) {
      for (const status of yes) assert.equal(wanted(answer(status), retryOn), true, `${status} ${retryOn}`);
      for (const status of no) assert.equal(wanted(answer(status), retryOn), false, `${status} ${retryOn}`);
    }
  });

  it('goes by the gRPC status, wherever the response had it', () => {
    const codes: [string, number][] = [
      ['cancelled', 1],
      ['deadline-exceeded', 4],
      ['resource-exhausted', 8],
      ['internal', 13],
      ['unavailable', 14],
    ];
    for (const [name, code] of codes) {
      assert.equal(wanted(answer(200, code), name), true, name);
      assert.equal(wanted(answer(200, 5), name), false, name);
      assert.equal(wanted(answer(200), name), false, name);
    }
    assert.equal(wanted(answer(200, 14), '5xx'), false);
    assert.equal(wanted(answer(200, 0), 'unavailable,cancelled'), false);
  });

  it('goes by the headers of the response', () => {
    const retriableHeaders = [
      { kind: 'exact', name: 'X-Retry', value: 'yes', invert: false },
      { kind: 'present', name: 'x-lost', invert: false },
    ] as const;
    const asked = (headers: Record<string, string>, retryOn = 'retriable-headers'): boolean =>
      wanted(answer(200, undefined, headers), retryOn, { retriableHeaders });
    assert.equal(asked({ 'x-retry': 'yes' }), true);
    assert.equal(asked({ 'x-lost': '' }), true);
    assert.equal(asked({ 'x-retry': 'no' }), false);
    assert.equal(asked({ 'x-retry': 'yes' }, '5xx'), false);
  });

  it('does not come back to a rate limit unless told so', () => {
    const limited = answer(503, undefined, { 'x-envoy-ratelimited': 'true' });
    assert.equal(wanted(limited, '5xx,gateway-error,503'), false);
    assert.equal(wanted(limited, 'envoy-ratelimited'), true);
    assert.equal(wanted(answer(429), 'envoy-ratelimited'), false);
  });

  it('goes by how an attempt without an answer ended', () => {
    const matching: [FailedAttempt['kind'], string[], string[]][] = [
      [
        'reset',
        ['reset', '5xx', 'gateway-error'],
        ['connect-failure', 'refused-stream', 'reset-before-request'],
      ],
      ['connect-failure', ['reset', '5xx', 'connect-failure', 'reset-before-request'], ['refused-stream']],
      ['unsent', ['reset', '5xx', 'reset-before-request'], ['refused-stream', 'connect-failure']],
      ['refused-stream', ['reset', '5xx', 'refused-stream'], ['connect-failure']],
      ['goaway', ['reset', 'refused-stream'], ['connect-failure']],
      ['per-try-timeout', ['reset', '5xx', 'gateway-error'], ['connect-failure', 'deadline-exceeded']],
      ['overflow', [], ['reset,5xx,gateway-error,connect-failure,refused-stream']],
    ];
    for (const [kind, yes, no] of matching) {
      for (const retryOn of yes) assert.equal(wanted(failure(kind), retryOn), true, `${kind} ${retryOn}`);
      for (const retryOn of no) assert.equal(wanted(failure(kind), retryOn), false, `${kind} ${retryOn}`);
    }
  });

  it('takes a failure of a gRPC call for the status that the caller would see', () => {
    assert.equal(wanted(failure('reset', 14), 'unavailable'), true);
    assert.equal(wanted(failure('reset', 13), 'unavailable'), false);
    assert.equal(wanted(failure('per-try-timeout', 4), 'deadline-exceeded'), true);
    assert.equal(wanted(failure('per-try-timeout', 14), 'unavailable'), false);
    assert.equal(wanted(failure('overflow', 14), 'unavailable'), false);
  });

  it('sends again at once, without a policy, what no endpoint has seen', () => {
    for (const kind of ['connect-failure', 'unsent', 'goaway'] as const) {
      let state = fresh;
      for (let retry = 0; retry < 5; retry++) {
        const decision = shouldRetry(failure(kind, 14), undefined, state, halfway);
        assert.ok(decision.retry, kind);
        assert.deepEqual([decision.afterMs, decision.countsAs], [0, 'transparent']);
        state = afterRetry(state, decision);
      }
      assert.deepEqual(shouldRetry(failure(kind, 14), undefined, state, halfway), {
        retry: false,
        reason: 'attempts',
      });
    }
  });

  it('sends again after a pause, twice and without a policy, what was refused', () => {
    let state = fresh;
    for (const pauseMs of [12.5, 37.5]) {
      const decision = shouldRetry(failure('refused-stream'), undefined, state, halfway);
      assert.ok(decision.retry);
      assert.deepEqual([decision.afterMs, decision.countsAs], [pauseMs, 'refusal']);
      state = afterRetry(state, decision);
    }
    const third = shouldRetry(failure('refused-stream'), undefined, state, halfway);
    assert.deepEqual(third, { retry: false, reason: 'attempts' });
  });

  it('wants nothing more without a policy', () => {
    for (const outcome of [answer(503, 14), failure('reset', 14), failure('per-try-timeout')]) {
      const decision = shouldRetry(outcome, undefined, fresh, halfway);
      assert.deepEqual(decision, { retry: false, reason: 'not_retriable' });
    }
    const disabled = policyOn('unavailable', { maxRetries: 0 });
    const decision = shouldRetry(answer(200, 14), disabled, fresh, halfway);
    assert.deepEqual(decision, { retry: false, reason: 'not_retriable' });
  });

  it('makes as many attempts as the policy allows, with growing pauses', () => {
    const policy = policyOn('unavailable', { maxRetries: 5 });
    let state = fresh;
    const pauses: number[] = [];
    for (;;) {
      const decision = shouldRetry(answer(200, 14), policy, state, halfway);
      if (!decision.retry) {
        assert.equal(decision.reason, 'attempts');
        break;
      }
      pauses.push(decision.afterMs);
      state = afterRetry(state, decision);
    }
    assert.deepEqual(pauses, [12.5, 37.5, 87.5, 125, 125]);
    assert.equal(state.retries, 5);
  });

  it('does as the server says with grpc-retry-pushback-ms, and starts the backoff over', () => {
    const policy = policyOn('unavailable', { maxRetries: 3 });
    const pushed = (value: string): AnsweredAttempt => answer(200, 14, { 'grpc-retry-pushback-ms': value });
    const state = { ...fresh, retries: 1, retriesSincePushback: 1 };
    const decision = shouldRetry(pushed('700'), policy, state, halfway);
    assert.deepEqual(decision, { retry: true, afterMs: 700, countsAs: 'policy', pushedBack: true });
    assert.ok(decision.retry);
    const next = shouldRetry(answer(200, 14), policy, afterRetry(state, decision), halfway);
    assert.ok(next.retry);
    assert.equal(next.afterMs, 12.5);
    assert.ok(shouldRetry(pushed('0'), policy, state, halfway).retry);
    for (const value of ['-1', '', 'soon', '2147483648', '1.5', ' 5']) {
      const stopped = shouldRetry(pushed(value), policy, state, halfway);
      assert.deepEqual(stopped, { retry: false, reason: 'pushback' }, JSON.stringify(value));
    }
  });

  it('does not begin a pause that the call would not outlast', () => {
    const policy = policyOn('unavailable');
    const at = (deadlineMs: number): unknown =>
      shouldRetry(answer(200, 14), policy, { ...fresh, deadlineMs }, halfway);
    assert.deepEqual(at(1_012.5), { retry: false, reason: 'deadline' });
    assert.deepEqual(at(1_012.6), { retry: true, afterMs: 12.5, countsAs: 'policy', pushedBack: false });
    const late = shouldRetry(failure('goaway'), undefined, { ...fresh, deadlineMs: 1_000 }, halfway);
    assert.deepEqual(late, { retry: false, reason: 'deadline' });
  });

  it('says what stands in the way only of a retry that was wanted', () => {
    for (const obstacle of ['headers_committed', 'buffer_full'] as const) {
      const state = { ...fresh, obstacle };
      const policy = policyOn('unavailable');
      assert.deepEqual(shouldRetry(answer(200, 14), policy, state, halfway), {
        retry: false,
        reason: obstacle,
      });
      assert.deepEqual(shouldRetry(failure('goaway'), undefined, state, halfway), {
        retry: false,
        reason: obstacle,
      });
      const unwanted = shouldRetry(answer(200, 5), policy, state, halfway);
      assert.deepEqual(unwanted, { retry: false, reason: 'not_retriable' });
    }
  });

  it('asks twice what must not be asked twice only when it was not asked at all', () => {
    const policy = policyOn('unavailable,refused-stream', { idempotent: false });
    const decision = shouldRetry(answer(200, 14), policy, fresh, halfway);
    assert.deepEqual(decision, { retry: false, reason: 'not_idempotent' });
    assert.ok(shouldRetry(failure('refused-stream'), policy, fresh, halfway).retry);
    assert.ok(shouldRetry(failure('connect-failure'), policy, fresh, halfway).retry);
  });

  it('never retries past a byte that the caller has seen, its attempts, or its deadline', () => {
    const outcomes = fc.oneof(
      fc
        .tuple(fc.constantFrom(200, 409, 429, 500, 503), fc.option(fc.nat(16), { nil: undefined }))
        .map(([status, code]) => answer(status, code)),
      fc
        .constantFrom<FailedAttempt['kind']>('connect-failure', 'unsent', 'goaway', 'refused-stream', 'reset')
        .map((kind) => failure(kind, 14)),
    );
    const run = fc.record({
      seed: fc.integer(),
      maxRetries: fc.nat(4),
      lengthMs: fc.integer({ min: 1, max: 2_000 }),
      outcomes: fc.array(outcomes, { minLength: 1, maxLength: 40 }),
      committedAt: fc.nat(10),
    });
    fc.assert(
      fc.property(run, ({ seed, maxRetries, lengthMs, outcomes: sequence, committedAt }) => {
        const random = seededRandom(seed);
        const policy = policyOn('5xx,unavailable,refused-stream', { maxRetries });
        let state: RetryState = { ...noRetriesYet, nowMs: 0, deadlineMs: lengthMs };
        for (const [attempt, outcome] of sequence.entries()) {
          const obstacle = attempt >= committedAt ? 'headers_committed' : undefined;
          const decision = shouldRetry(outcome, policy, Object.assign(state, { obstacle }), random);
          if (!decision.retry) return;
          assert.ok(attempt < committedAt);
          assert.ok(state.nowMs + decision.afterMs < lengthMs);
          state = afterRetry({ ...state, nowMs: state.nowMs + decision.afterMs }, decision);
          assert.ok(
            state.retries <= maxRetries && state.transparentRetries <= 5 && state.refusalRetries <= 2,
          );
        }
      }),
      { seed: 12, numRuns: 500 },
    );
  });
});
