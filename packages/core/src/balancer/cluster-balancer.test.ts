import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint } from '../endpoint/endpoint.js';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { EndpointStats } from '../endpoint/endpoint-stats.js';
import { xxHash64 } from '../hash/xxhash64.js';
import { seededRandom } from '../random.js';
import { FakeClock, fakeEndpoint } from '../testing/index.js';
import type { PickContext } from './balancer.js';
import { anyHost, countPicks, describeCompliance, excluding } from './balancer.compliance.js';
import { ClusterBalancer, type ClusterBalancing } from './cluster-balancer.js';
import { type BalancerPolicy, defaultBalancerPolicy } from './create-balancer.js';

const ring: BalancerPolicy = { name: 'ring_hash', minimumRingSize: 1_024, maximumRingSize: 2_048 };
const balancing: ClusterBalancing = {
  policy: { name: 'round_robin' },
  overprovisioningPercent: 140,
  panicThresholdPercent: 0,
  localityWeighted: false,
};

for (const policy of [{ name: 'round_robin' }, defaultBalancerPolicy, ring] as const) {
  describeCompliance(
    policy.name,
    (random) => new ClusterBalancer({ ...balancing, policy }, random, new FakeClock()),
  );
}

function host(number: number, over: Partial<Endpoint> = {}): EndpointState {
  return { endpoint: fakeEndpoint(number, over), stats: new EndpointStats() };
}

function createWith(
  hosts: readonly EndpointState[],
  over: Partial<ClusterBalancing> = {},
): ClusterBalancer<EndpointState> {
  const balancer = new ClusterBalancer<EndpointState>(
    { ...balancing, ...over },
    seededRandom(1),
    new FakeClock(),
  );
  balancer.update(hosts);
  return balancer;
}

/** How the picks divide by what the endpoints say of themselves. */
function shares(
  balancer: ClusterBalancer,
  by: (endpoint: Endpoint) => string | number,
  picks = 10_000,
): string {
  const counts = new Map<string | number, number>();
  for (const [picked, count] of countPicks(balancer, picks)) {
    const key = by(picked.endpoint);
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  const keys = [...counts.keys()].sort();
  return keys.map((key) => `${key}: ${Math.round((20 * counts.get(key)!) / picks) * 5} %`).join(', ');
}

const byPriority = (endpoint: Endpoint): number => endpoint.priority ?? 0;
const byLocality = (endpoint: Endpoint): string => endpoint.locality;

describe('priorities', () => {
  const twoOf = (perPriority: number): EndpointState[] =>
    Array.from({ length: 2 * perPriority }, (_, index) =>
      host(index + 1, { priority: index < perPriority ? 0 : 1 }),
    );

  it('use the first as long as it is well, and the next one more and more', () => {
    const hosts = twoOf(4);
    const balancer = createWith(hosts);
    const seen = [shares(balancer, byPriority)];
    for (const failing of [0, 1, 2, 3]) {
      hosts[failing]!.stats.ejected = true;
      balancer.update(hosts);
      seen.push(shares(balancer, byPriority));
    }
    assert.deepEqual(seen, ['0: 100 %', '0: 100 %', '0: 70 %, 1: 30 %', '0: 35 %, 1: 65 %', '1: 100 %']);
    assert.deepEqual(
      [...balancer.loads],
      [
        [0, 0],
        [1, 100],
      ],
    );
    hosts[0]!.stats.ejected = false;
    hosts[1]!.stats.ejected = false;
    hosts[2]!.stats.ejected = false;
    balancer.update(hosts);
    assert.equal(shares(balancer, byPriority), '0: 100 %');
  });

  it('may begin anywhere and have gaps', () => {
    const hosts = [host(1, { priority: 7 }), host(2, { priority: 3 })];
    assert.equal(shares(createWith(hosts), byPriority), '3: 100 %');
  });

  it('do not take hosts that are about to go for failures', () => {
    const hosts = twoOf(4);
    for (const leaving of [0, 1, 2])
      hosts[leaving]!.endpoint = { ...hosts[leaving]!.endpoint, health: 'draining' };
    assert.equal(shares(createWith(hosts), byPriority), '0: 100 %');
  });

  it('let a further attempt go to another one when all hosts of the first were tried', () => {
    const hosts = twoOf(2);
    const balancer = createWith(hosts);
    const third = balancer.pick(excluding(hosts[0]!, hosts[1]!));
    assert.equal(byPriority(third!.endpoint), 1);
    assert.equal(balancer.pick(excluding(...hosts)), undefined);
  });

  it('let a further attempt avoid those that were tried, unless there is no other', () => {
    const hosts = twoOf(2);
    const balancer = createWith(hosts);
    const avoiding = (...priorities: number[]): PickContext => ({
      ...anyHost,
      avoidedPriorities: new Set(priorities),
    });
    assert.equal(byPriority(balancer.pick(avoiding(0))!.endpoint), 1);
    assert.equal(byPriority(balancer.pick(avoiding(0, 1))!.endpoint), 0);
  });

  it('send what is bound to something to the same one each time', () => {
    const hosts = twoOf(4);
    hosts[0]!.stats.ejected = true;
    hosts[1]!.stats.ejected = true;
    const balancer = createWith(hosts, { policy: ring });
    const counts = [0, 0];
    for (let key = 0; key < 2_000; key++) {
      const context: PickContext = { excluded: undefined, hash: xxHash64(`key ${key}`) };
      const picked = balancer.pick(context)!;
      assert.equal(balancer.pick(context), picked);
      counts[byPriority(picked.endpoint)]! += 1;
    }
    assert.ok(Math.abs(counts[0]! - 1_400) < 120, String(counts));
  });
});

describe('panic', () => {
  it('uses all hosts but those that are about to go when too few are available', () => {
    const hosts = [1, 2, 3, 4].map((number) => host(number));
    hosts[0]!.endpoint = { ...hosts[0]!.endpoint, health: 'draining' };
    hosts[1]!.endpoint = { ...hosts[1]!.endpoint, health: 'unhealthy' };
    hosts[2]!.stats.ejected = true;
    const balancer = createWith(hosts, { panicThresholdPercent: 50 });
    assert.deepEqual([...countPicks(balancer, 300).values()], [100, 100, 100]);
    assert.equal(balancer.panicking, 1);
    hosts[2]!.stats.ejected = false;
    balancer.update(hosts);
    assert.equal(countPicks(balancer, 300).size, 2);
    assert.equal(balancer.panicking, 0);
  });

  it('does not happen unless it is asked for', () => {
    const hosts = [host(1)];
    hosts[0]!.stats.ejected = true;
    assert.equal(createWith(hosts).pick(anyHost), undefined);
  });
});

describe('localities', () => {
  const inZone = (number: number, locality: string, localityWeight: number, weight = 1): EndpointState =>
    host(number, { locality, localityWeight, weight });
  const zones = (): EndpointState[] => [
    inZone(1, 'a', 80),
    inZone(2, 'a', 80),
    inZone(3, 'a', 80),
    inZone(4, 'a', 80),
    inZone(5, 'b', 20, 3),
    inZone(6, 'b', 20, 1),
    inZone(7, 'c', 0),
  ];

  for (const policy of [{ name: 'round_robin' }, { name: 'random' }, defaultBalancerPolicy, ring] as const) {
    it(`have their shares however many hosts they have, with ${policy.name}`, () => {
      const hosts = zones();
      const balancer = createWith(hosts, { policy, localityWeighted: true });
      assert.equal(shares(balancer, byLocality), 'a: 80 %, b: 20 %');
      const counts = countPicks(balancer, 10_000);
      assert.ok(Math.abs(counts.get(hosts[4]!)! / counts.get(hosts[5]!)! - 3) < 0.6);
      assert.ok(Math.abs(counts.get(hosts[0]!)! - 2_000) < 250);
    });
  }

  it('have less when they have lost more than they had to spare', () => {
    const hosts = zones();
    const balancer = createWith(hosts, { localityWeighted: true });
    hosts[0]!.stats.ejected = true;
    balancer.update(hosts);
    assert.equal(shares(balancer, byLocality), 'a: 80 %, b: 20 %');
    hosts[1]!.stats.ejected = true;
    hosts[2]!.stats.ejected = true;
    balancer.update(hosts);
    // 80 * 0.35 = 28 against 20.
    assert.equal(shares(balancer, byLocality), 'a: 60 %, b: 40 %');
    hosts[3]!.stats.ejected = true;
    balancer.update(hosts);
    assert.equal(shares(balancer, byLocality), 'b: 100 %');
  });

  it('let a further attempt go to another one when all hosts of the drawn one were tried', () => {
    const hosts = zones();
    const balancer = createWith(hosts, { localityWeighted: true });
    for (let attempt = 0; attempt < 50; attempt++) {
      assert.equal(byLocality(balancer.pick(excluding(...hosts.slice(0, 4)))!.endpoint), 'b');
    }
  });

  it('leave it to the hosts where none has a weight', () => {
    for (const policy of [{ name: 'round_robin' }, ring] as const) {
      const hosts = [inZone(1, 'a', 0, 3), inZone(2, 'b', 0), inZone(3, 'b', 0, 1)];
      const counts = countPicks(createWith(hosts, { policy, localityWeighted: true }), 10_000);
      assert.ok(Math.abs(counts.get(hosts[0]!)! - 6_000) < 250, policy.name);
    }
  });

  it('do not count unless they are meant to', () => {
    const counts = countPicks(createWith(zones()), 900);
    assert.equal(counts.size, 7);
  });
});
