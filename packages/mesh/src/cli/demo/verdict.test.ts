import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeStory } from './fake-story.js';
import { findFaults } from './verdict.js';

test('a story that went as told has no faults', () => {
  assert.deepEqual(findFaults(fakeStory({})), []);
});

const wrong: readonly (readonly [string, Parameters<typeof fakeStory>[0], RegExp])[] = [
  ['two pods before', { before: [1, 29, 0] }, /without weir 2 pods answered/],
  ['a pod left out after', { after: [15, 15, 0] }, /with weir 2 of 3 pods answered/],
  [
    'a call that failed',
    { rollout: { failed: 2, firstError: 'HTTP 502, UNAVAILABLE' } },
    /^2 of 612 .*UNAVAILABLE$/,
  ],
  ['a new pod that waited', { rollout: { firstAnswerMs: 1001 } }, /too late: 1001 ms/],
  ['a new pod without calls', { rollout: { firstAnswerMs: Infinity } }, /too late: never/],
  ['a leaving pod that went on getting calls', { rollout: { lastCallMs: 640 } }, /a call 640 ms after/],
];
for (const [what, over, sentence] of wrong) {
  test(`${what} is a fault, and the only one`, () => {
    const faults = findFaults(fakeStory(over));
    assert.equal(faults.length, 1);
    assert.match(faults[0] ?? '', sentence);
  });
}

test('with few calls a pod may be left out by chance', () => {
  assert.deepEqual(findFaults(fakeStory({ calls: 3, before: [0, 3, 0], after: [1, 2, 0] })), []);
});
