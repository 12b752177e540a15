import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addLimitHits,
  DOWNSTREAM_LIMITS,
  formatLimitHits,
  noLimitHits,
  UPSTREAM_LIMITS,
} from './limit-hits.js';
import { PrometheusText } from './prometheus-text.js';

test('every limit of either side has a sample from the start', () => {
  const text = new PrometheusText();
  formatLimitHits(noLimitHits(), text);
  const samples = text
    .toString()
    .split('\n')
    .filter((line) => line.endsWith(' 0'));
  assert.deepEqual(samples, [
    ...DOWNSTREAM_LIMITS.map((limit) => `weir_downstream_limit_hits_total{limit="${limit}"} 0`),
    ...UPSTREAM_LIMITS.map((limit) => `weir_upstream_limit_hits_total{limit="${limit}"} 0`),
  ]);
});

test('the hits of several processes add up', () => {
  const sum = noLimitHits();
  const other = noLimitHits();
  other.downstream.resetBurst = 2;
  other.upstream.keepaliveTimeoutMs = 3;
  addLimitHits(sum, structuredClone(other));
  addLimitHits(sum, other);
  assert.equal(sum.downstream.resetBurst, 4);
  assert.equal(sum.upstream.keepaliveTimeoutMs, 6);
  assert.equal(sum.downstream.glitchBurst, 0);
});
