import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDurationMs } from './parse-duration.js';

const lengths: readonly (readonly [string, number])[] = [
  ['0', 0],
  ['0s', 0],
  ['250ms', 250],
  ['30s', 30_000],
  ['1.5m', 90_000],
  ['1h30m', 5_400_000],
  ['1m500ms', 60_500],
];
for (const [text, ms] of lengths) {
  test(`'${text}' is ${ms} ms`, () => {
    assert.equal(parseDurationMs(text), ms);
  });
}

for (const bad of ['', '30', 's', '-1s', '1 s', '30sec', '1e3s', '.5s', '1d']) {
  test(`'${bad}' is refused with examples`, () => {
    assert.throws(() => parseDurationMs(bad), /is not a duration, such as 250ms, 30s or 5m/);
  });
}

test('a length no timer can hold is refused', () => {
  assert.throws(() => parseDurationMs('1000h'), /longer than 24 days/);
});
