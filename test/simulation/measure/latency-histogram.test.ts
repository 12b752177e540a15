import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '@weir/core';
import { LatencyHistogram } from './latency-histogram.js';

describe('LatencyHistogram', () => {
  it('gives quantiles that are exact to half a percent', () => {
    const random = seededRandom(4);
    const latencies = Array.from({ length: 20_000 }, () => 0.1 * 50_000 ** random.next());
    const histogram = new LatencyHistogram();
    for (const latencyMs of latencies) histogram.add(latencyMs);
    const sorted = latencies.sort((a, b) => a - b);
    for (const q of [0.001, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exact = sorted[Math.ceil(q * sorted.length) - 1]!;
      assert.ok(
        Math.abs(histogram.quantile(q) / exact - 1) < 0.005,
        `${q}: ${histogram.quantile(q)}, not ${exact}`,
      );
    }
  });

  it('holds after a merge what both held', () => {
    const one = new LatencyHistogram();
    const other = new LatencyHistogram();
    for (let count = 0; count < 99; count++) one.add(10);
    other.add(1000);
    one.merge(other);
    assert.equal(one.total, 100);
    assert.ok(Math.abs(one.quantile(0.99) / 10 - 1) < 0.005);
    assert.ok(Math.abs(one.quantile(1) / 1000 - 1) < 0.005);
  });

  it('knows no quantile of nothing', () => {
    assert.ok(Number.isNaN(new LatencyHistogram().quantile(0.5)));
  });
});
