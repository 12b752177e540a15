import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrometheusText } from './prometheus-text.js';
import { formatTraffic, TrafficCounters } from './traffic-counters.js';

test('every counter of either direction has a sample of its own', () => {
  const all = { outbound: new TrafficCounters(), inbound: new TrafficCounters() };
  const fields = Object.keys(all.outbound) as (keyof TrafficCounters)[];
  fields.forEach((field, index) => {
    all.outbound[field] = index + 1;
    all.inbound[field] = index + 1 + fields.length;
  });
  const text = new PrometheusText();
  formatTraffic(all, text);
  const values = text
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => Number(line.split(' ').at(-1)));
  const expected = [...fields, ...fields].map((_field, index) => index + 1);
  assert.deepEqual(
    values.sort((a, b) => a - b),
    expected,
  );
});
