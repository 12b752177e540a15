import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '../random.js';
import { fakeHosts } from '../testing/index.js';
import { anyHost, describeCompliance } from './balancer.compliance.js';
import { RandomBalancer } from './random-balancer.js';

describeCompliance('random', (random) => new RandomBalancer(random));

describe('random', () => {
  it('picks independently of what it picked before', () => {
    const hosts = fakeHosts(1, 1, 1, 1);
    const balancer = new RandomBalancer(seededRandom(1));
    balancer.update(hosts);
    let repeated = 0;
    let last = balancer.pick(anyHost);
    for (let pick = 0; pick < 10_000; pick++) {
      const picked = balancer.pick(anyHost);
      if (picked === last) repeated += 1;
      last = picked;
    }
    assert.ok(repeated > 2_300 && repeated < 2_700, `${repeated} of 10000 picks repeated the one before`);
  });
});
