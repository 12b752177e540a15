import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '../random.js';
import { FakeClock } from '../testing/index.js';
import { type BalancerPolicy, createBalancer, defaultBalancerPolicy } from './create-balancer.js';

describe('createBalancer', () => {
  it('makes the balancer that the policy names', () => {
    const policies: BalancerPolicy[] = [
      { name: 'round_robin' },
      { name: 'random' },
      defaultBalancerPolicy,
      { name: 'least_request', choiceCount: 2, activeRequestBias: 1 },
      { name: 'ring_hash', minimumRingSize: 1_024, maximumRingSize: 4_096 },
      { name: 'maglev', tableSize: 65_537 },
    ];
    for (const policy of policies) {
      assert.equal(createBalancer(policy, seededRandom(1), new FakeClock()).name, policy.name);
    }
  });

  it('refuses settings that are out of their range', () => {
    const slow = { windowMs: 1, minWeightPercent: 10, aggression: 1 };
    const wrong: [BalancerPolicy, RegExp][] = [
      [{ name: 'p2c_ewma', decayMs: 0 }, /decayMs must be from/],
      [{ name: 'p2c_ewma', seedMs: NaN }, /seedMs/],
      [{ name: 'least_request', choiceCount: 1, activeRequestBias: 1 }, /choice_count/],
      [{ name: 'ring_hash', minimumRingSize: 0, maximumRingSize: 1 }, /minimum_ring_size/],
      [{ name: 'ring_hash', minimumRingSize: 2, maximumRingSize: 1 }, /maximum_ring_size/],
      [{ name: 'ring_hash', minimumRingSize: 2, maximumRingSize: 8_388_609 }, /maximum_ring_size/],
      [{ name: 'maglev', tableSize: 65_536 }, /table_size must be a prime/],
      [{ name: 'maglev', tableSize: 5_000_077 }, /table_size must be a prime/],
      [{ name: 'round_robin', slowStart: { ...slow, windowMs: 0 } }, /slow_start_window/],
      [{ name: 'round_robin', slowStart: { ...slow, minWeightPercent: 101 } }, /min_weight_percent/],
      [{ name: 'round_robin', slowStart: { ...slow, aggression: 0 } }, /aggression/],
    ];
    for (const [policy, message] of wrong) {
      const create = (): unknown => createBalancer(policy, seededRandom(1), new FakeClock());
      assert.throws(create, { name: 'RangeError', message });
    }
  });
});
