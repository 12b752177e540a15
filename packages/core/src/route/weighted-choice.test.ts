import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Random, seededRandom } from '../random.js';
import { WeightedChoice } from './weighted-choice.js';

describe('WeightedChoice', () => {
  it('gives each item exactly as many of the possible draws as its weight', () => {
    const choice = new WeightedChoice([
      { item: 'a', weight: 1 },
      { item: 'never', weight: 0 },
      { item: 'b', weight: 2 },
    ]);
    const drawn = [0, 1, 2].map((point) => {
      const fixed: Random = { next: () => 0, int: (bound) => (assert.equal(bound, 3), point) };
      return choice.draw(fixed);
    });
    assert.deepEqual(drawn, ['a', 'b', 'b']);
  });

  it('converges to its weights, whatever they are', () => {
    const weights = fc
      .array(fc.oneof(fc.nat(20), fc.nat(1_000_000)), { minLength: 1, maxLength: 10 })
      .filter((given) => given.some((weight) => weight > 0));
    fc.assert(
      fc.property(weights, fc.integer(), (given, seed) => {
        const draws = 5_000;
        const random = seededRandom(seed);
        const choice = new WeightedChoice(given.map((weight, item) => ({ item, weight })));
        const counts = given.map(() => 0);
        for (let draw = 0; draw < draws; draw++) counts[choice.draw(random)]! += 1;
        const total = given.reduce((sum, weight) => sum + weight, 0);
        for (const [item, weight] of given.entries()) {
          const share = weight / total;
          // Five standard deviations of a fair draw, and what a very small share may get by luck.
          const allowance = 5 * Math.sqrt(draws * share * (1 - share)) + 3;
          assert.ok(
            Math.abs(counts[item]! - draws * share) <= allowance,
            `${counts[item]} for ${weight}/${total}`,
          );
        }
      }),
      { seed: 17, numRuns: 100 },
    );
  });
});
