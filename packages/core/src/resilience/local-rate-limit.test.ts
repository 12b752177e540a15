import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../random.js';
import { LocalRateLimit, type LocalRateLimitPolicy } from './local-rate-limit.js';

const random = seededRandom(1);
const policy: LocalRateLimitPolicy = { maxTokens: 3, tokensPerFill: 2, fillIntervalMs: 100 };

function admitted(limit: LocalRateLimit, nowMs: number, requests: number): number {
  let count = 0;
  for (let request = 0; request < requests; request++) if (limit.admit(nowMs, random)) count += 1;
  return count;
}

describe('LocalRateLimit', () => {
  it('lets a full bucket through at once and then as many as each fill brings', () => {
    const limit = new LocalRateLimit(policy, 1_000);
    const counts = [1_000, 1_099, 1_100, 1_250, 2_000].map((nowMs) => admitted(limit, nowMs, 10));
    assert.deepEqual(counts, [3, 0, 2, 2, 3]);
    assert.deepEqual([limit.admitted, limit.refused], [10, 40]);
  });

  it('counts a part of an interval for the next fill', () => {
    const limit = new LocalRateLimit(policy, 0);
    assert.equal(admitted(limit, 0, 3), 3);
    assert.equal(admitted(limit, 150, 3), 2);
    assert.equal(admitted(limit, 199, 1), 0);
    assert.equal(admitted(limit, 200, 1), 1);
  });

  it('says how long it is to the next token', () => {
    const limit = new LocalRateLimit(policy, 0);
    assert.equal(limit.msUntilToken(0), 0);
    admitted(limit, 0, 3);
    assert.equal(limit.msUntilToken(0), 100);
    assert.equal(limit.msUntilToken(30.5), 70);
    assert.equal(limit.msUntilToken(99.9), 1);
    assert.equal(limit.msUntilToken(100), 0);
  });

  it('leaves those alone for whom it is not meant', () => {
    const half = { numerator: 50, denominator: 100 };
    const enabled = new LocalRateLimit({ ...policy, enabled: half }, 0);
    const passed = admitted(enabled, 0, 1_000);
    assert.ok(passed > 430 && passed < 570, `${passed} of 1000`);
    const shadow = new LocalRateLimit({ ...policy, enforced: { numerator: 0, denominator: 100 } }, 0);
    assert.equal(admitted(shadow, 0, 10), 10);
    assert.deepEqual([shadow.admitted, shadow.notEnforced, shadow.refused], [3, 7, 0]);
  });

  it('does not fill up because it is configured anew', () => {
    const limit = new LocalRateLimit(policy, 0);
    admitted(limit, 0, 2);
    limit.configure({ ...policy, maxTokens: 10 }, 50);
    assert.equal(admitted(limit, 50, 20), 8);
    limit.configure({ ...policy, maxTokens: 1 }, 60);
    assert.equal(admitted(limit, 60, 20), 0);
    assert.equal(admitted(limit, 100, 20), 1);
  });

  it('never lets more through than a full bucket and its fills', () => {
    const runs = fc.record({
      maxTokens: fc.integer({ min: 1, max: 20 }),
      tokensPerFill: fc.integer({ min: 1, max: 5 }),
      fillIntervalMs: fc.integer({ min: 1, max: 50 }),
      steps: fc.array(fc.nat(40), { maxLength: 200 }),
    });
    fc.assert(
      fc.property(runs, ({ steps, ...settings }) => {
        const limit = new LocalRateLimit(settings, 0);
        let nowMs = 0;
        for (const stepMs of steps) {
          nowMs += stepMs;
          const waitMs = limit.msUntilToken(nowMs);
          assert.equal(limit.admit(nowMs, random), waitMs === 0);
          const most =
            settings.maxTokens + settings.tokensPerFill * Math.floor(nowMs / settings.fillIntervalMs);
          assert.ok(limit.admitted <= most);
        }
      }),
      { seed: 13, numRuns: 200 },
    );
  });

  it('refuses settings that are out of their range', () => {
    const wrong: [Partial<LocalRateLimitPolicy>, RegExp][] = [
      [{ maxTokens: 0 }, /max_tokens must be an integer of at least 1/],
      [{ tokensPerFill: 0.5 }, /tokens_per_fill must be an integer/],
      [{ fillIntervalMs: 0 }, /fill_interval must be longer than 0/],
      [{ enabled: { numerator: 1, denominator: 0 } }, /filter_enabled: must be a share/],
    ];
    for (const [over, message] of wrong) {
      assert.throws(() => new LocalRateLimit({ ...policy, ...over }, 0), { name: 'RangeError', message });
    }
  });
});
