import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Random, seededRandom } from '../random.js';
import { backoffDelayMs, defaultBackoff } from './backoff.js';

const nearlyOne: Random = { next: () => 1 - 2 ** -53, int: () => 0 };

describe('backoffDelayMs', () => {
  it('doubles its bound with every retry up to the cap', () => {
    const bounds = [1, 2, 3, 4, 5, 60].map((retry) => backoffDelayMs(retry, defaultBackoff, nearlyOne));
    assert.deepEqual(
      bounds.map((bound) => Math.round(bound)),
      [25, 75, 175, 250, 250, 250],
    );
  });

  it('stays at the cap when the bound is past what a number holds', () => {
    assert.equal(Math.round(backoffDelayMs(5_000, defaultBackoff, nearlyOne)), 250);
  });

  it('is uniform between nothing and the bound', () => {
    const random = seededRandom(1);
    const quarters = [0, 0, 0, 0];
    for (let draw = 0; draw < 10_000; draw++) {
      const delayMs = backoffDelayMs(2, { baseMs: 100, capMs: 1_000 }, random);
      assert.ok(delayMs >= 0 && delayMs < 300);
      quarters[Math.floor(delayMs / 75)]! += 1;
    }
    for (const count of quarters) assert.ok(Math.abs(count - 2_500) < 200, `${count} in one quarter`);
  });
});
