import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Outcome, rifQuantile } from '../run/outcome.js';
import { assertFalls, p99, p999, quantile, run } from './measure.js';

describe('the marks of Prequal, of its settings', () => {
  it('4: going by latency alone is worse, and by requests in flight alone worse at p90', () => {
    const [byRequests, both, byLatency] = [0, 0.84, 1].map((value) =>
      run(`prequal:hotQuantile=${value}`, 1, 'mixed'),
    ) as [Outcome, Outcome, Outcome];
    assertFalls([
      ['p99 by latency', p99(byLatency)],
      ['p99 by both', p99(both)],
    ]);
    assertFalls([
      ['p99.9 by latency', p999(byLatency)],
      ['p99.9 by both', p999(both)],
    ]);
    assertFalls([
      ['p90 by requests', quantile(byRequests, 0.9)],
      ['p90 by both', quantile(both, 0.9)],
    ]);
  });

  it('5: has a knee at one probe per call: below it the tail of requests in flight grows', () => {
    const rifWith = (probes: number): number =>
      rifQuantile(run(`prequal:probesPerRequest=${probes}`, 1.27).rif, 0.999);
    const [quarter, half, one, three] = [0.25, 0.5, 1, 3].map(rifWith) as [number, number, number, number];
    const words = `0.25: ${quarter}, 0.5: ${half}, 1: ${one}, 3: ${three}`;
    assert.ok(quarter > half && half > one && one >= three, words);
    // Per probe, at least three times as steep below one as above.
    assert.ok((quarter - one) / 0.75 > (3 * (one - three)) / 2, words);
  });

  // At λ = 1 it is some percent higher again: requests in flight alone do not tell how fast a machine is, and
  // what little latency there is before breaks ties. See docs/balancing.
  it('6: with a linear rule p99 falls as it goes more by requests in flight, and is level up to a λ of 0.99', () => {
    const [none, little, more, nearlyAll] = [0, 0.1, 0.25, 0.99].map((lambda) =>
      p99(run(`linear:${lambda}`, 0.9, 'testbed', [1, 2])),
    ) as [number, number, number, number];
    assertFalls([
      ['λ 0', none],
      ['λ 0.1', little],
      ['λ 0.25', more],
    ]);
    assert.ok(nearlyAll < 1.03 * more, `λ 0.25: ${more}, λ 0.99: ${nearlyAll}`);
  });
});
