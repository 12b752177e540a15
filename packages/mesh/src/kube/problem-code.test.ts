import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROBLEM_CODES } from './problem-code.js';

test('codes are four digits, in order, and each says what was found and what to do in whole sentences', () => {
  const codes = Object.keys(PROBLEM_CODES);
  assert.deepEqual(codes, [...codes].sort());
  for (const [code, { finding, remedy }] of Object.entries(PROBLEM_CODES)) {
    assert.match(code, /^WEIR\d{4}$/);
    assert.match(finding, /^[A-Z].*\.$/, code);
    assert.match(remedy, /^[A-Z].*\.$/, code);
  }
});
