import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { loadOfPriorities, type PriorityHealth } from './priority-load.js';

const settings = { overprovisioningPercent: 140, panicThresholdPercent: 50 };

/** Priorities of 100 hosts, of which so many are available. */
function priorities(...available: number[]): PriorityHealth[] {
  return available.map((count) => ({ available: count, total: 100 }));
}

describe('loadOfPriorities', () => {
  const percents = (health: readonly PriorityHealth[], panicThresholdPercent = 50): string =>
    loadOfPriorities(health, { ...settings, panicThresholdPercent })
      .map(({ percent, panic }) => `${percent}${panic ? ' panic' : ''}`)
      .join(', ');

  it('spills over as Envoy documents it', () => {
    assert.equal(percents(priorities(100, 100)), '100, 0');
    assert.equal(percents(priorities(72, 72)), '100, 0');
    assert.equal(percents(priorities(71, 71)), '99, 1');
    assert.equal(percents(priorities(50, 50)), '70, 30');
    assert.equal(percents(priorities(25, 100)), '35, 65');
    assert.equal(percents(priorities(0, 100)), '0, 100');
    assert.equal(percents(priorities(25, 25, 100)), '35, 35, 30');
  });

  it('divides in proportion what all together cannot bear, those with too few hosts panicking', () => {
    assert.equal(percents(priorities(25, 65, 0), 0), '35, 65, 0');
    // 28 and 56 percent of strength are 84 in all.
    assert.equal(percents(priorities(20, 40), 0), '34, 66');
    assert.equal(percents(priorities(5, 60), 50), '8 panic, 92');
  });

  it('divides by the number of hosts when everybody panics', () => {
    assert.equal(percents(priorities(20, 20)), '50 panic, 50 panic');
    assert.equal(
      percents([
        { available: 0, total: 1 },
        { available: 0, total: 3 },
      ]),
      '25 panic, 75 panic',
    );
    assert.equal(
      percents([
        { available: 0, total: 0 },
        { available: 0, total: 3 },
      ]),
      '0 panic, 100 panic',
    );
  });

  it('does not panic as long as the others bear all', () => {
    assert.equal(percents(priorities(5, 100)), '7, 93');
  });

  it('sends nothing where nobody is and panic is forbidden', () => {
    assert.equal(percents(priorities(0, 0), 0), '0, 0');
    assert.equal(percents([]), '');
    assert.equal(percents([{ available: 0, total: 0 }]), '0 panic');
  });

  it('panics alone as soon as fewer than the threshold are available', () => {
    assert.equal(percents(priorities(50)), '100');
    assert.equal(percents(priorities(49)), '100 panic');
    assert.equal(percents(priorities(49), 0), '100');
  });

  it('always divides all of the requests or none of them', () => {
    const health = fc.record({ total: fc.nat(20), lost: fc.nat(20) }).map(({ total, lost }) => ({
      total,
      available: Math.max(0, total - lost),
    }));
    fc.assert(
      fc.property(
        fc.array(health, { maxLength: 5 }),
        fc.integer({ min: 0, max: 100 }),
        (given, threshold) => {
          const loads = loadOfPriorities(given, { ...settings, panicThresholdPercent: threshold });
          const sum = loads.reduce((all, { percent }) => all + percent, 0);
          const anybody = given.some(({ available, total }) => available > 0 || (threshold > 0 && total > 0));
          assert.equal(sum, anybody ? 100 : 0);
          for (const [index, { percent, panic }] of loads.entries()) {
            assert.ok(percent >= 0);
            if (percent > 0) assert.ok(given[index]!.available > 0 || (panic && given[index]!.total > 0));
          }
        },
      ),
      { seed: 21, numRuns: 2_000 },
    );
  });
});
