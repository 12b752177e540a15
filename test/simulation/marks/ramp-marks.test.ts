import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertFalls, p99, p999, quantile, run } from './measure.js';

/** How Prequal's paper says that policies stand to each other: shapes, not absolute values. */
describe('the marks of Prequal, under load', () => {
  it('1: is equal to weighted round robin as long as everybody has what was asked for', () => {
    for (const level of [0.75, 0.83]) {
      const weighted = run('weighted_round_robin', level, 'testbed-wide');
      const prequal = run('prequal', level, 'testbed-wide');
      for (const q of [0.5, 0.9, 0.99, 0.999]) {
        const ratio = quantile(weighted, q) / quantile(prequal, q);
        assert.ok(ratio > 0.95 && ratio < 1.05, `p${100 * q} at ${level}: ${ratio}`);
      }
    }
  });

  it('2: weighted round robin is at the deadline from 1.14 on, Prequal below a second without errors at 1.74', () => {
    const before = run('weighted_round_robin', 0.93);
    assert.ok(p999(before) < 2_500, `${p999(before)} ms at 0.93`);
    const weighted = run('weighted_round_robin', 1.14);
    assert.ok(p999(weighted) > 4_900, `${p999(weighted)} ms at 1.14`);
    const prequal = run('prequal', 1.74);
    assert.ok(p999(prequal) < 1_000, `${p999(prequal)} ms at 1.74`);
    assert.equal(prequal.errors, 0);
  });

  it('3: at 90 % round robin > least loaded > two choices by polled requests > C3 >= Prequal', () => {
    const policies = ['round_robin', 'least_loaded', 'polled_choice', 'c3'];
    const points = policies.map((policy) => [policy, p99(run(policy, 0.9, 'testbed', [1, 2]))] as const);
    const prequal = p99(run('prequal', 0.9, 'testbed', [1, 2]));
    assertFalls(points);
    assert.ok(prequal <= points.at(-1)![1], `C3 ${points.at(-1)![1]}, Prequal ${prequal}`);
  });
});
