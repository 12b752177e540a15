import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertFalls, markedShare, p99, run } from './measure.js';

/** The scenario begins after 10 s and ends after 40. */
const sinkholeShare = (policy: string): number => markedShare('sinkhole', policy, 11, 40);
const FAIR = 1 / 20;

describe('the marks of Prequal, of a sinkhole', () => {
  it('7: gives it no more than its fair share, and more than half of all calls without error aversion', () => {
    const averse = sinkholeShare('prequal');
    assert.ok(averse <= FAIR, `${averse} with error aversion`);
    const published = sinkholeShare('prequal_published');
    assert.ok(published > 0.5, `${published} as published`);
  });
});

describe('peak EWMA', () => {
  it('has a lower tail than least request under every load, and half of round robin’s above what was asked for', () => {
    for (const level of [0.75, 1.03, 1.41]) {
      const [peak, least] = [p99(run('p2c_ewma', level)), p99(run('least_request', level))];
      assert.ok(peak < least, `${peak}, least request ${least}, at ${level}`);
    }
    assertFalls([
      ['half of round robin', 0.5 * p99(run('round_robin', 1.03))],
      ['peak EWMA', p99(run('p2c_ewma', 1.03))],
    ]);
  });

  it('gives a sinkhole no more than its fair share', () => {
    const share = sinkholeShare('p2c_ewma');
    assert.ok(share <= FAIR, `${share}`);
  });
});
