import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '../random.js';
import { drawFault, type FaultPolicy } from './fault.js';

const always = { numerator: 100, denominator: 100 };
const policy: FaultPolicy = {
  delay: { delayMs: 50, fraction: always },
  abort: { status: { kind: 'grpc', code: 14 }, fraction: always },
};

describe('drawFault', () => {
  it('does no harm without a policy, or when nobody is meant', () => {
    const random = seededRandom(1);
    const never = { numerator: 0, denominator: 100 };
    for (const none of [undefined, {}, { delay: { delayMs: 5, fraction: never } }]) {
      assert.deepEqual(drawFault(none, random), { delayMs: 0, abort: undefined });
    }
  });

  it('delays and aborts when everybody is meant', () => {
    assert.deepEqual(drawFault(policy, seededRandom(1)), { delayMs: 50, abort: { kind: 'grpc', code: 14 } });
  });

  it('draws the one independently of the other, in the share that is asked for', () => {
    const random = seededRandom(2);
    const rare: FaultPolicy = {
      delay: { delayMs: 50, fraction: { numerator: 20, denominator: 100 } },
      abort: {
        status: { kind: 'http', status: 503 },
        fraction: { numerator: 100_000, denominator: 1_000_000 },
      },
    };
    const counts = { delayed: 0, aborted: 0, both: 0 };
    for (let request = 0; request < 20_000; request++) {
      const { delayMs, abort } = drawFault(rare, random);
      if (delayMs > 0) counts.delayed += 1;
      if (abort !== undefined) counts.aborted += 1;
      if (delayMs > 0 && abort !== undefined) counts.both += 1;
    }
    assert.ok(Math.abs(counts.delayed - 4_000) < 300, `${counts.delayed} delayed`);
    assert.ok(Math.abs(counts.aborted - 2_000) < 220, `${counts.aborted} aborted`);
    assert.ok(Math.abs(counts.both - 400) < 110, `${counts.both} both`);
  });
});
