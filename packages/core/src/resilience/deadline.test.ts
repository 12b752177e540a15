import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attemptDeadline, callDeadline, type CallLimits, remainingMs } from './deadline.js';

const none: CallLimits = { timeoutMs: 0, maxGrpcTimeoutMs: 0, maxStreamDurationMs: 0 };

describe('callDeadline', () => {
  const cases: [string, Partial<CallLimits>, number | undefined, string | undefined][] = [
    ['nobody asks for one', {}, Infinity, undefined],
    ['a call that is not gRPC asks for none', {}, undefined, undefined],
    ['the route alone', { timeoutMs: 300 }, Infinity, 'timeout 300'],
    ['the caller alone', {}, 200, 'grpc-timeout 200'],
    ['the caller, being in more of a hurry', { timeoutMs: 300 }, 200, 'grpc-timeout 200'],
    ['the route, being in more of a hurry', { timeoutMs: 300 }, 400, 'timeout 300'],
    ['both the same: the route is named', { timeoutMs: 300 }, 300, 'timeout 300'],
    ['the stream', { timeoutMs: 300, maxStreamDurationMs: 100 }, Infinity, 'max-stream-duration 100'],
    ['a caller that asks for too much', { maxGrpcTimeoutMs: 500 }, 900, 'max-grpc-timeout 500'],
    ['a gRPC caller that asks for no end', { maxGrpcTimeoutMs: 500 }, Infinity, 'max-grpc-timeout 500'],
    ['no gRPC, no bound on it', { maxGrpcTimeoutMs: 500 }, undefined, undefined],
    ['a caller within its bound', { maxGrpcTimeoutMs: 500 }, 400, 'grpc-timeout 400'],
  ];
  for (const [who, limits, grpcTimeoutMs, expected] of cases) {
    it(`is set by: ${who}`, () => {
      const deadline = callDeadline(1_000, { ...none, ...limits }, grpcTimeoutMs);
      assert.equal(deadline && `${deadline.timer} ${deadline.timeoutMs}`, expected);
      if (deadline !== undefined) assert.equal(deadline.atMs, 1_000 + deadline.timeoutMs);
    });
  }
});

describe('attemptDeadline', () => {
  const call = callDeadline(0, { ...none, timeoutMs: 300 }, undefined)!;

  it("is the call's when an attempt has no time of its own or more than is left", () => {
    assert.equal(attemptDeadline(call, 100, 0), call);
    assert.equal(attemptDeadline(call, 100, 200), call);
    assert.equal(attemptDeadline(undefined, 100, 0), undefined);
  });

  it("is the attempt's own when that comes first, counted from the attempt's beginning", () => {
    const own = attemptDeadline(call, 100, 150);
    assert.deepEqual(own, { atMs: 250, timer: 'per-try-timeout', timeoutMs: 150 });
    assert.equal(attemptDeadline(undefined, 100, 150)?.atMs, 250);
  });
});

describe('remainingMs', () => {
  it('counts down to nothing and no further', () => {
    const deadline = callDeadline(0, { ...none, timeoutMs: 300 }, undefined);
    assert.deepEqual(
      [0, 100, 300, 400].map((nowMs) => remainingMs(deadline, nowMs)),
      [300, 200, 0, 0],
    );
    assert.equal(remainingMs(undefined, 400), Infinity);
  });
});
