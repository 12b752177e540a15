import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/**
 * Whether there comes a time when calling it leaves nothing on the heap.
 *
 * @param toleratedBytes per call, for what the engine does on its own: boxing a number takes 16
 */
export function assertAllocatesNothing(act: () => unknown, toleratedBytes = 0.5): void {
  const times = 50_000;
  let leastBytes = Infinity;
  // Code not optimised yet boxes numbers, and the runtime allocates for itself at times: what counts is
  // whether there comes a round without.
  for (let round = 0; round < 30 && leastBytes / times >= toleratedBytes; round++) {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let time = 0; time < times; time++) act();
    leastBytes = Math.min(leastBytes, process.memoryUsage().heapUsed - before);
  }
  assert.ok(leastBytes / times < toleratedBytes, `${(leastBytes / times).toFixed(1)} bytes per call`);
}
