import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from './random.js';

describe('seededRandom', () => {
  it('gives the same sequence for the same seed and another one for another', () => {
    const sequence = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 20 }, () => random.next());
    };
    assert.deepEqual(sequence(7), sequence(7));
    assert.notDeepEqual(sequence(7), sequence(8));
  });

  it('is uniform in [0, 1)', () => {
    const random = seededRandom(1);
    const tenths = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 100_000; draw++) {
      const value = random.next();
      assert.ok(value >= 0 && value < 1);
      tenths[Math.floor(value * 10)]! += 1;
    }
    for (const count of tenths) assert.ok(Math.abs(count - 10_000) < 500, `${count} in one tenth`);
  });

  it('draws every integer below the bound equally often', () => {
    for (const bound of [1, 2, 3, 7, 10]) {
      const random = seededRandom(bound);
      const counts = new Array<number>(bound).fill(0);
      for (let draw = 0; draw < 10_000 * bound; draw++) counts[random.int(bound)]! += 1;
      for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `${count} of ${bound} x 10000`);
    }
  });

  it('favours no part of a bound that does not divide 2^32', () => {
    const random = seededRandom(3);
    const bound = 3 * 2 ** 30;
    let inFirstThird = 0;
    for (let draw = 0; draw < 30_000; draw++) {
      const value = random.int(bound);
      assert.ok(Number.isInteger(value) && value >= 0 && value < bound);
      if (value < 2 ** 30) inFirstThird += 1;
    }
    assert.ok(Math.abs(inFirstThird - 10_000) < 500, `${inFirstThird} of 30000`);
  });

  it('reaches the whole of 32 bits', () => {
    const random = seededRandom(4);
    const values = Array.from({ length: 1_000 }, () => random.int(2 ** 32));
    assert.ok(values.some((value) => value > 2 ** 31));
    assert.ok(values.every((value) => value >= 0 && value < 2 ** 32));
  });

  it('draws numbers that say nothing about their neighbours', () => {
    const random = seededRandom(5);
    const pairs = new Array<number>(16).fill(0);
    for (let draw = 0; draw < 160_000; draw++) pairs[random.int(4) * 4 + random.int(4)]! += 1;
    for (const count of pairs) assert.ok(Math.abs(count - 10_000) < 500, `${count} of 160000`);
  });
});
