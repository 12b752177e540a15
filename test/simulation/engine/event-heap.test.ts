import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EventHeap } from './event-heap.js';

describe('EventHeap', () => {
  it('gives events in the order of their instants, and of equal ones in the order they were put in', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(20), { freq: 3 }), { maxLength: 800 }), (steps) => {
        const heap = new EventHeap();
        const expected: { atMs: number; payload: number }[] = [];
        for (const [payload, atMs] of steps.entries()) {
          if (atMs !== null) {
            heap.push(atMs, payload);
            expected.push({ atMs, payload });
            expected.sort((a, b) => a.atMs - b.atMs || a.payload - b.payload);
          } else if (expected.length > 0) {
            const { atMs: dueMs, payload: due } = expected.shift()!;
            assert.equal(heap.nextMs, dueMs);
            assert.equal(heap.pop(), due);
          }
          assert.equal(heap.size, expected.length);
        }
        assert.equal(heap.nextMs, expected[0]?.atMs ?? Infinity);
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});
