import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { seededRandom } from '../random.js';
import { fakeHosts } from '../testing/index.js';
import { anyHost, countPicks, describeCompliance, excluding } from './balancer.compliance.js';
import { LeastRequestBalancer } from './least-request.js';

describeCompliance(
  'least_request',
  (random) => new LeastRequestBalancer({ choiceCount: 2, activeRequestBias: 1 }, random),
);

function createWith(
  hosts: readonly EndpointState[],
  settings: { choiceCount?: number; activeRequestBias?: number; seed?: number } = {},
): LeastRequestBalancer<EndpointState> {
  const { choiceCount = 2, activeRequestBias = 1, seed = 1 } = settings;
  const balancer = new LeastRequestBalancer({ choiceCount, activeRequestBias }, seededRandom(seed));
  balancer.update(hosts);
  return balancer;
}

describe('least_request among hosts of equal weight', () => {
  it('never picks the busier one of two', () => {
    const [busy, idle] = fakeHosts(1, 1) as [EndpointState, EndpointState];
    busy.stats.inFlight = 1;
    assert.deepEqual([...countPicks(createWith([busy, idle]), 1_000).keys()], [idle]);
  });

  it('never picks the busiest of many, since it compares different hosts', () => {
    const hosts = fakeHosts(1, 1, 1, 1, 1);
    hosts[3]!.stats.inFlight = 9;
    assert.equal(countPicks(createWith(hosts), 1_000).has(hosts[3]!), false);
  });

  it('picks the least busy one of all when it compares as many as there are', () => {
    const hosts = fakeHosts(1, 1, 1, 1, 1);
    hosts.forEach(({ stats }, index) => (stats.inFlight = 5 - index));
    assert.deepEqual([...countPicks(createWith(hosts, { choiceCount: 5 }), 1_000).keys()], [hosts[4]]);
  });

  it('compares no more hosts than choiceCount says', () => {
    const hosts = fakeHosts(1, 1, 1, 1);
    hosts[0]!.stats.inFlight = 0;
    for (const host of hosts.slice(1)) host.stats.inFlight = 1;
    const counts = countPicks(createWith(hosts), 10_000);
    // The idle one is among two of four every other time.
    assert.ok(Math.abs(counts.get(hosts[0]!)! - 5_000) < 250, `${counts.get(hosts[0]!)} of 10000`);
  });

  it('compares as many as it can when some were tried already', () => {
    const hosts = fakeHosts(1, 1, 1, 1);
    hosts[3]!.stats.inFlight = 1;
    const counts = countPicks(createWith(hosts), 1_000, excluding(hosts[0]!, hosts[1]!));
    assert.deepEqual([...counts.keys()], [hosts[2]]);
  });

  it('spreads calls that follow one another over three hosts almost evenly', () => {
    for (let seed = 0; seed < 200; seed++) {
      const hosts = fakeHosts(1, 1, 1);
      const counts = countPicks(createWith(hosts, { seed }), 30);
      for (const host of hosts) {
        const count = counts.get(host) ?? 0;
        assert.ok(count >= 6 && count <= 14, `${count} of 30 picks with seed ${seed}`);
      }
    }
  });

  it('never picks one idle host twice in a row while there is another', () => {
    const balancer = createWith(fakeHosts(1, 1, 1, 1));
    let last: EndpointState | undefined;
    for (let pick = 0; pick < 1_000; pick++) {
      const picked = balancer.pick(anyHost);
      assert.notEqual(picked, last);
      last = picked;
    }
  });

  it('spreads evenly from its first pick when it takes over from another balancer', () => {
    const hosts = fakeHosts(1, 1);
    const [first, second] = hosts as [EndpointState, EndpointState];
    countPicks(createWith(hosts), 1_000);
    const counts = countPicks(createWith(hosts, { seed: 2 }), 100);
    assert.deepEqual([counts.get(first), counts.get(second)], [50, 50]);
  });

  it('keeps the busiest host close to the average when calls overlap', () => {
    const hosts = fakeHosts(...Array.from({ length: 20 }, () => 1));
    const balancer = createWith(hosts);
    for (let call = 0; call < 2_000; call++) balancer.pick(anyHost)!.stats.begin();
    const most = Math.max(...hosts.map(({ stats }) => stats.inFlight));
    assert.ok(most <= 103, `the busiest of 20 has ${most} of 2000 calls`);
  });
});

describe('least_request among hosts of unequal weight', () => {
  it('follows weight / (inFlight + 1) ^ bias', () => {
    for (const activeRequestBias of [0, 0.5, 1, 2]) {
      const hosts = fakeHosts(8, 4, 2);
      const inFlight = [3, 0, 1];
      hosts.forEach(({ stats }, index) => (stats.inFlight = inFlight[index]!));
      const counts = countPicks(createWith(hosts, { activeRequestBias }), 10_000);
      const due = hosts.map(
        ({ endpoint, stats }) => endpoint.weight / (stats.inFlight + 1) ** activeRequestBias,
      );
      const total = due.reduce((sum, share) => sum + share, 0);
      hosts.forEach((host, index) => {
        const expected = (10_000 * due[index]!) / total;
        assert.ok(Math.abs(counts.get(host)! - expected) <= 3, `bias ${activeRequestBias}, host ${index}`);
      });
    }
  });

  it('gives a host that was busy its full share as soon as it is idle', () => {
    const hosts = fakeHosts(2, 1);
    const balancer = createWith(hosts);
    hosts[0]!.stats.inFlight = 1_000;
    countPicks(balancer, 500);
    hosts[0]!.stats.inFlight = 0;
    assert.ok(Math.abs(countPicks(balancer, 30).get(hosts[0]!)! - 20) <= 1);
  });

  it('prefers the less busy host even with a bias beyond reason', () => {
    const hosts = fakeHosts(2, 1);
    const balancer = createWith(hosts, { activeRequestBias: 10_000 });
    for (const { stats } of hosts) stats.inFlight = 50;
    assert.equal(countPicks(balancer, 100).size, 2);
    hosts[1]!.stats.inFlight = 0;
    assert.ok(countPicks(balancer, 100).get(hosts[1]!)! >= 99);
  });

  it('spreads calls that follow one another smoothly', () => {
    const hosts = fakeHosts(3, 2, 1);
    const balancer = createWith(hosts);
    for (let round = 0; round < 50; round++) {
      const counts = countPicks(balancer, 6);
      hosts.forEach((host) => assert.ok(Math.abs(counts.get(host)! - host.endpoint.weight) <= 1));
    }
  });
});

describe('least_request settings', () => {
  it('are refused when fewer than two hosts would be compared', () => {
    for (const choiceCount of [1, 0, -2, 2.5, NaN]) {
      assert.throws(() => createWith([], { choiceCount }), /choice_count must be an integer of at least 2/);
    }
  });

  it('are refused when the bias is negative or no number', () => {
    for (const activeRequestBias of [-1, NaN, Infinity]) {
      assert.throws(() => createWith([], { activeRequestBias }), /active_request_bias must be a number/);
    }
  });
});
