import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressLine } from './progress-line.js';

test('on a terminal each step replaces the line before, and the last one is cleared once', () => {
  const written: string[] = [];
  const line = new ProgressLine({ isTTY: true, write: (text) => written.push(text) });
  line.show('one');
  line.show('two');
  line.clear();
  line.clear();
  assert.deepEqual(written, ['\r\x1b[2Kone …', '\r\x1b[2Ktwo …', '\r\x1b[2K']);
});

test('nothing is written to anything but a terminal', () => {
  const line = new ProgressLine({ write: () => assert.fail('written') });
  line.show('one');
  line.clear();
});
