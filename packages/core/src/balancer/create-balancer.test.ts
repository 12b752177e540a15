import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '../random.js';
import { type BalancerPolicy, createBalancer, defaultBalancerPolicy } from './create-balancer.js';

describe('createBalancer', () => {
  it('makes the balancer that the policy names', () => {
    const policies: BalancerPolicy[] = [{ name: 'round_robin' }, { name: 'random' }, defaultBalancerPolicy];
    for (const policy of policies) {
      assert.equal(createBalancer(policy, seededRandom(1)).name, policy.name);
    }
  });

  it('refuses settings that are out of their range', () => {
    const policy: BalancerPolicy = { name: 'least_request', choiceCount: 1, activeRequestBias: 1 };
    assert.throws(() => createBalancer(policy, seededRandom(1)), RangeError);
  });
});
