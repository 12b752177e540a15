import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { seededRandom } from '../random.js';
import { fakeHosts } from '../testing/index.js';
import { anyHost, countPicks, describeCompliance, excluding } from './balancer.compliance.js';
import { RoundRobinBalancer } from './round-robin.js';

describeCompliance('round_robin', (random) => new RoundRobinBalancer(random));

describe('round_robin', () => {
  const createWith = (hosts: readonly EndpointState[], seed = 1): RoundRobinBalancer<EndpointState> => {
    const balancer = new RoundRobinBalancer(seededRandom(seed));
    balancer.update(hosts);
    return balancer;
  };

  it('takes hosts of equal weight strictly in turn', () => {
    const hosts = fakeHosts(3, 3, 3);
    const balancer = createWith(hosts);
    const first = hosts.indexOf(balancer.pick(anyHost)!);
    for (let turn = 1; turn < 30; turn++) {
      assert.equal(balancer.pick(anyHost), hosts[(first + turn) % 3]);
    }
  });

  it('gives every host exactly its weight in as many picks as the weights add up to', () => {
    const hosts = fakeHosts(1, 2, 4);
    const counts = countPicks(createWith(hosts), 7_000);
    for (const host of hosts) {
      assert.ok(Math.abs(counts.get(host)! - host.endpoint.weight * 1_000) <= 1);
    }
  });

  it('does not bunch the turns of a heavy host when others are due', () => {
    const hosts = fakeHosts(2, 1, 1);
    const balancer = createWith(hosts);
    let run = 0;
    for (let pick = 0; pick < 400; pick++) {
      run = balancer.pick(anyHost) === hosts[0] ? run + 1 : 0;
      assert.ok(run <= 2, `${run} picks of the heavy host in a row`);
    }
  });

  it('goes on where it was when the hosts are updated', () => {
    const hosts = fakeHosts(1, 1, 1, 1, 1);
    const balancer = createWith(hosts);
    const last = hosts.indexOf(balancer.pick(anyHost)!);
    const next = hosts[(last + 1) % 5]!;
    balancer.update([...hosts].reverse());
    assert.equal(balancer.pick(anyHost), next);
  });

  it('goes on with the one after when the host whose turn it is has left', () => {
    const hosts = fakeHosts(1, 1, 1, 1, 1);
    const balancer = createWith(hosts);
    const last = hosts.indexOf(balancer.pick(anyHost)!);
    const leaver = hosts[(last + 1) % 5]!;
    balancer.update(hosts.filter((host) => host !== leaver));
    assert.equal(balancer.pick(anyHost), hosts[(last + 2) % 5]);
  });

  it('does not use up a turn for a further attempt', () => {
    const hosts = fakeHosts(1, 1, 1);
    const balancer = createWith(hosts);
    const first = hosts.indexOf(balancer.pick(anyHost)!);
    balancer.pick(excluding(hosts[first]!));
    assert.equal(balancer.pick(anyHost), hosts[(first + 1) % 3]);
  });
});
