import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ResultWindow } from './result-window.js';

function record(window: ResultWindow, failed: boolean, nowMs: number): void {
  window.latestMs = nowMs;
  window.count(failed);
}

describe('ResultWindow', () => {
  it('counts what ended in the ten seconds up to the latest result', () => {
    const results = fc.array(fc.record({ afterMs: fc.nat(4_000), failed: fc.boolean() }), { minLength: 1 });
    fc.assert(
      fc.property(fc.nat(1e9), results, (startMs, given) => {
        const window = new ResultWindow();
        const all: { second: number; failed: boolean }[] = [];
        let nowMs = startMs;
        for (const { afterMs, failed } of given) {
          nowMs += afterMs;
          record(window, failed, nowMs);
          all.push({ second: Math.floor(nowMs / 1_000), failed });
        }
        const latest = all.at(-1)!.second;
        const within = all.filter(({ second }) => second > latest - 10);
        assert.equal(window.total, within.length);
        assert.equal(window.failed, within.filter(({ failed }) => failed).length);
        assert.equal(window.latestMs, nowMs);
      }),
      { seed: 10, numRuns: 300 },
    );
  });

  it('notices within five results that everything fails', () => {
    const window = new ResultWindow();
    for (let result = 0; result < 1_000; result++) record(window, false, result * 3);
    assert.equal(window.failureShare, 0);
    for (let result = 0; result < 5; result++) record(window, true, 5_000 + result);
    assert.equal(window.failureShare, 1);
  });

  it('does not make much of one failure', () => {
    const window = new ResultWindow();
    for (let result = 0; result < 999; result++) record(window, false, result);
    record(window, true, 1_000);
    assert.ok(window.failureShare <= 0.002);
  });
});
