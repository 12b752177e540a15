import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diffLines, formatDiff } from './diff-lines.js';

test('what stays, goes and comes is marked', () => {
  const lines = diffLines(['a', 'b', 'c'], ['a', 'x', 'c', 'd']);
  assert.deepEqual(
    lines.map(({ mark, text }) => mark + text),
    [' a', '-b', '+x', ' c', '+d'],
  );
});

test('far from a change lines are left out', () => {
  const before = Array.from({ length: 9 }, (_, index) => String(index));
  const after = before.map((line) => (line === '4' ? 'four' : line));
  assert.deepEqual(formatDiff(diffLines(before, after), 1), ['  …', '  3', '- 4', '+ four', '  5', '  …']);
});

test('the old lines are those that stay or go, the new ones those that stay or come', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c'));
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const diff = diffLines(before, after);
      const without = (mark: string) => diff.filter((line) => line.mark !== mark).map(({ text }) => text);
      assert.deepEqual(without('+'), before);
      assert.deepEqual(without('-'), after);
    }),
    { seed: 7 },
  );
});
