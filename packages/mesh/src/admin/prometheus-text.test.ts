import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrometheusText } from './prometheus-text.js';

test('each metric has its help, its type and its samples', () => {
  const text = new PrometheusText();
  const metric = text.metric('weir_x_total', 'counter', 'Things.\nOf the \\ kind.');
  metric.sample(3);
  metric.sample(1.5, { method: '/a.B/"C"\\\n', pod: '' });
  assert.equal(
    text.toString(),
    '# HELP weir_x_total Things.\\nOf the \\\\ kind.\n' +
      '# TYPE weir_x_total counter\n' +
      'weir_x_total 3\n' +
      'weir_x_total{method="/a.B/\\"C\\"\\\\\\n",pod=""} 1.5\n',
  );
});

test('a histogram has running totals up to +Inf, a sum and a count', () => {
  const text = new PrometheusText();
  text.metric('t_seconds', 'histogram', 'Times.').histogram([0.5, 1], [2, 0, 3], 9.25, { m: 'x' });
  assert.deepEqual(text.toString().split('\n').slice(2, -1), [
    't_seconds_bucket{m="x",le="0.5"} 2',
    't_seconds_bucket{m="x",le="1"} 2',
    't_seconds_bucket{m="x",le="+Inf"} 5',
    't_seconds_sum{m="x"} 9.25',
    't_seconds_count{m="x"} 5',
  ]);
});
