import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeCompleteness } from './half-written.js';

test('with nothing to compare to every text counts as complete', () => {
  assert.equal(judgeCompleteness('', undefined), 'complete');
  assert.equal(judgeCompleteness('a: 1', undefined), 'complete');
});

test('an emptied file is incomplete, unless it was empty before', () => {
  assert.equal(judgeCompleteness('', 'a: 1\n'), 'incomplete');
  assert.equal(judgeCompleteness(' \n', 'a: 1\n'), 'incomplete');
  assert.equal(judgeCompleteness('', '\n'), 'complete');
  assert.equal(judgeCompleteness('# nothing here\n', 'a: 1\n'), 'complete');
});

test('a text cut in the middle of a line is incomplete, one cut at a line end is doubtful', () => {
  assert.equal(judgeCompleteness('a: 1\nb: ', 'a: 1\nb: 2\n'), 'incomplete');
  assert.equal(judgeCompleteness('a: 1\n', 'a: 1\nb: 2\n'), 'doubtful');
});

test('another text without the final line break is doubtful, and complete where there was none before', () => {
  assert.equal(judgeCompleteness('a: 10', 'a: 1\nb: 2\n'), 'doubtful');
  assert.equal(judgeCompleteness('a: 10', 'a: 1'), 'complete');
});

test('a JSON object that is closed is complete', () => {
  assert.equal(judgeCompleteness('{"a": 1}', '{"a": 1}\n'), 'complete');
});
