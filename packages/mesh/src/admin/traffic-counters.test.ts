import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrometheusText } from './prometheus-text.js';
import { formatTraffic, TrafficCounters } from './traffic-counters.js';

test('every counter has a sample of its own', () => {
  const counters = new TrafficCounters();
  const fields = Object.keys(counters) as (keyof TrafficCounters)[];
  fields.forEach((field, index) => {
    counters[field] = index + 1;
  });
  const text = new PrometheusText();
  formatTraffic(counters, text);
  const values = text
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => Number(line.split(' ').at(-1)));
  const expected = fields.map((_field, index) => index + 1);
  assert.deepEqual(
    values.sort((a, b) => a - b),
    expected,
  );
});
