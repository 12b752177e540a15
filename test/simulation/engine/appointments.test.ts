import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Appointments } from './appointments.js';

describe('Appointments', () => {
  it('knows whose turn is next, however often appointments are moved', () => {
    const moves = fc.array(fc.tuple(fc.nat(14), fc.oneof(fc.nat(30), fc.constant(Infinity))), {
      maxLength: 400,
    });
    fc.assert(
      fc.property(moves, (all) => {
        const appointments = new Appointments();
        const expected = Array.from({ length: 15 }, () => {
          appointments.add();
          return Infinity;
        });
        for (const [number, atMs] of all) {
          appointments.move(number, atMs);
          expected[number] = atMs;
          const nextMs = Math.min(...expected);
          assert.equal(appointments.nextMs, nextMs);
          if (nextMs < Infinity) assert.equal(appointments.next, expected.indexOf(nextMs));
        }
      }),
      { seed: 6, numRuns: 200 },
    );
  });
});
