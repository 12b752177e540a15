import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarize } from './rolling-update.js';
import type { CallRecord } from './steady-load.js';

function record(startMs: number, answer: CallRecord['answer']): CallRecord {
  return { startMs, endMs: startMs + 5, answer };
}
const times = { durationMs: 90, endMs: 100, firstAnswerMs: 12 };

test('calls and failures are counted, and the first failure is kept', () => {
  const records = [record(1, { pod: 'a' }), record(2, { error: 'first' }), record(3, { error: 'second' })];
  const { calls, failed, firstError } = summarize(records, new Map(), times);
  assert.deepEqual({ calls, failed, firstError }, { calls: 3, failed: 2, firstError: 'first' });
});

test('the last call of a leaving pod counts from its mark to the start of the call, not to its answer', () => {
  const records = [record(40, { pod: 'old' }), record(57, { pod: 'old' }), record(90, { pod: 'new' })];
  assert.equal(summarize(records, new Map([['old', 50]]), times).lastCallMs, 7);
});

test('a pod that got nothing after its mark has a last call of 0', () => {
  assert.equal(summarize([record(49, { pod: 'old' })], new Map([['old', 50]]), times).lastCallMs, 0);
});

test('the spread after the update counts only calls that began after it', () => {
  const records = [record(99, { pod: 'a' }), record(100, { pod: 'b' }), record(130, { pod: 'b' })];
  assert.deepEqual([...summarize(records, new Map(), times).after], [['b', 2]]);
});
