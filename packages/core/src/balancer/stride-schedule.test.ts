import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Random } from '../random.js';
import { fakeHosts } from '../testing/index.js';
import { StrideSchedule } from './stride-schedule.js';

/** Starts every schedule at round 0 with host 0. */
const zero: Random = { next: () => 0, int: () => 0 };

/** grpc-go's `staticStrideScheduler.nextIndex`, as gRFC A58 prints it. */
function* referenceSequence(weights: readonly number[]): Generator<number> {
  const full = 65_535n;
  const heaviest = Math.max(...weights);
  const scaled = weights.map((weight) => BigInt(Math.max(1, Math.round((weight * 65_535) / heaviest))));
  for (let sequence = 0n; ; sequence++) {
    const count = BigInt(scaled.length);
    const index = sequence % count;
    const generation = sequence / count;
    const weight = scaled[Number(index)]!;
    const mod = (weight * generation + index * (full / 2n)) % full;
    if (mod >= full - weight) yield Number(index);
  }
}

describe('the stride schedule', () => {
  it('takes turns in the order of the gRPC formula', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, (given) => {
        const schedule = new StrideSchedule(fakeHosts(...given), given, zero);
        const reference = referenceSequence(given);
        for (let turn = 0; turn < 300; turn++) assert.equal(schedule.next(), reference.next().value);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it('has a turn even for a host that another one outweighs a million times', () => {
    const schedule = new StrideSchedule(fakeHosts(1, 1), [1_000_000, 1], zero);
    let turns = 0;
    for (let turn = 0; turn < 2 * 65_535; turn++) turns += schedule.next();
    assert.equal(turns, 2);
  });
});
