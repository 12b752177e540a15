import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { seededRandom } from '../random.js';
import { FakeClock, fakeHosts } from '../testing/index.js';
import { countPicks } from './balancer.compliance.js';
import { createBalancer } from './create-balancer.js';

function subsetOf(hosts: readonly EndpointState[], clientId: string, size: number): Set<EndpointState> {
  const policy = { name: 'round_robin', subset: { clientId, size } } as const;
  const balancer = createBalancer(policy, seededRandom(1), new FakeClock());
  balancer.update(hosts);
  return new Set(countPicks(balancer, 2 * size).keys());
}

function manyHosts(count: number): EndpointState[] {
  return fakeHosts(...Array.from({ length: count }, () => 1));
}

describe('subset', () => {
  it('leaves a client so many hosts, always the same', () => {
    const hosts = manyHosts(100);
    const first = subsetOf(hosts, 'client-7', 20);
    assert.equal(first.size, 20);
    assert.deepEqual(subsetOf(hosts.toReversed(), 'client-7', 20), first);
    assert.equal(subsetOf(hosts.slice(0, 8), 'client-7', 20).size, 8);
  });

  it('changes by at most one host when one comes, goes, fails or mends', () => {
    const all = manyHosts(40);
    const change = fc.record({ index: fc.nat(39), leaves: fc.boolean() });
    fc.assert(
      fc.property(fc.string(), fc.array(change, { maxLength: 30 }), (clientId, changes) => {
        const hosts = new Set(all.slice(0, 30));
        for (const { stats } of all) stats.ejected = false;
        let before = subsetOf([...hosts], clientId, 10);
        for (const { index, leaves } of changes) {
          const host = all[index]!;
          if (!leaves) host.stats.ejected = !host.stats.ejected;
          else if (!hosts.delete(host)) hosts.add(host);
          const after = subsetOf([...hosts], clientId, 10);
          const isGone = [...before].filter((one) => !after.has(one)).length;
          assert.ok(isGone <= 1, `${isGone} hosts are others`);
          before = after;
        }
      }),
      { seed: 11, numRuns: 60 },
    );
  });

  it('spreads the clients over all hosts', () => {
    const hosts = manyHosts(50);
    const clients = new Map<EndpointState, number>();
    for (let client = 0; client < 500; client++) {
      for (const host of subsetOf(hosts, `client-${client}`, 10)) {
        clients.set(host, (clients.get(host) ?? 0) + 1);
      }
    }
    // 100 clients of a host on average, with a deviation of about 9.
    for (const count of clients.values()) assert.ok(count > 60 && count < 140, `${count} clients`);
    assert.equal(clients.size, 50);
  });

  it('refuses a size that is none', () => {
    for (const size of [0, 1.5, NaN]) assert.throws(() => subsetOf([], 'a', size), /size must be an integer/);
  });
});
