import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Random } from '../random.js';
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
});
