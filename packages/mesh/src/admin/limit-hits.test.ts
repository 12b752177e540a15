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

test('every limit of either side and direction has a sample from the start', () => {
  const text = new PrometheusText();
  formatLimitHits({ outbound: noLimitHits(), inbound: noLimitHits() }, text);
  const samples = text
    .toString()
    .split('\n')
    .filter((line) => line.endsWith(' 0'));
  assert.deepEqual(samples, [
    ...samplesOf('weir_downstream_limit_hits_total', DOWNSTREAM_LIMITS),
    ...samplesOf('weir_upstream_limit_hits_total', UPSTREAM_LIMITS),
  ]);
});

function samplesOf(name: string, limits: readonly string[]): string[] {
  return ['outbound', 'inbound'].flatMap((direction) =>
    limits.map((limit) => `${name}{limit="${limit}",direction="${direction}"} 0`),
  );
}

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
