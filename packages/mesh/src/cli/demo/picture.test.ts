import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { fakeStory } from './fake-story.js';
import { bar, drawStory, storyJson } from './picture.js';

test('a bar is as long as its part of all calls', () => {
  assert.equal(bar(30, 30).length, 36);
  assert.equal(bar(10, 30).length, 12);
  assert.equal(bar(0, 30), '');
});

test('a single call among many is still visible', () => {
  assert.equal(bar(1, 10_000), '█');
});

test('every pod has a line before and after, with its count, also one without calls', () => {
  const lines = drawStory(fakeStory({}), { colours: false }).split('\n');
  const of = (pod: string): string[] =>
    lines.filter((line) => line.includes(pod)).map((line) => line.slice(-4).trim());
  assert.deepEqual(of('x2x4z'), ['0', '8']);
  assert.deepEqual(of('8kq7n'), ['30', '10']);
  assert.deepEqual(of('tvl5m'), ['0', '12']);
});

test('the picture tells how even the spread is and what the rolling update did', () => {
  const picture = drawStory(fakeStory({}), { colours: false });
  assert.match(picture, /30 calls, 3 of 3 pods, 83 % even/);
  assert.match(picture, /612 calls, 0 failed/);
  assert.match(picture, / 41 ms after it is ready/);
  assert.match(picture, / 3 ms after it is terminating/);
  assert.match(picture, /w6jzk 33 %/);
});

test('no line is wider than 80 columns, with the largest counts as well', () => {
  const large = fakeStory({ calls: 10_000, before: [10_000, 0, 0], after: [3333, 3333, 3334] });
  for (const line of drawStory(large, { colours: false }).split('\n')) assert.ok(line.length <= 80, line);
});

test('colours change nothing but colours', () => {
  const plain = drawStory(fakeStory({}), { colours: false });
  const coloured = drawStory(fakeStory({}), { colours: true });
  assert.equal(stripVTControlCharacters(plain), plain);
  assert.notEqual(coloured, plain);
  assert.equal(stripVTControlCharacters(coloured), plain);
});

test('the JSON holds only pods that answered, and of the rollout its calls and failures', () => {
  assert.deepEqual(storyJson(fakeStory({ rollout: { failed: 1 } })), {
    before: { 'native-tools-2-6c9f8d7b5-8kq7n': 30 },
    after: {
      'native-tools-2-6c9f8d7b5-x2x4z': 8,
      'native-tools-2-6c9f8d7b5-8kq7n': 10,
      'native-tools-2-6c9f8d7b5-tvl5m': 12,
    },
    rollout: { calls: 612, failed: 1 },
  });
});
