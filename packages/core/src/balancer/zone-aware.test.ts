import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { EndpointStats } from '../endpoint/endpoint-stats.js';
import type { Endpoint } from '../endpoint/endpoint.js';
import { seededRandom } from '../random.js';
import { FakeClock, fakeEndpoint } from '../testing/index.js';
import { countPicks, excluding } from './balancer.compliance.js';
import { ClusterBalancer } from './cluster-balancer.js';
import type { ZoneAwareSettings } from './zone-aware.js';

/** So many hosts in each zone `r/<name>`, in two subzones. */
function inZones(counts: Readonly<Record<string, number>>, over: Partial<Endpoint> = {}): EndpointState[] {
  let number = 0;
  return Object.entries(counts).flatMap(([zone, count]) =>
    Array.from({ length: count }, (_, index) => {
      const endpoint = fakeEndpoint(++number, { locality: `r/${zone}/s${index % 2}`, ...over });
      return { endpoint, stats: new EndpointStats() };
    }),
  );
}

function create(
  hosts: readonly EndpointState[],
  zoneAware: Partial<ZoneAwareSettings> = {},
): ClusterBalancer {
  const balancer = new ClusterBalancer(
    {
      policy: { name: 'round_robin' },
      overprovisioningPercent: 140,
      panicThresholdPercent: 0,
      localityWeighted: false,
      zoneAware: { locality: 'r/a/s0', ...zoneAware },
    },
    seededRandom(1),
    new FakeClock(),
  );
  balancer.update(hosts);
  return balancer;
}

/** Percent of the picks in each zone. */
function sharesOf(balancer: ClusterBalancer): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [{ endpoint }, count] of countPicks(balancer, 20_000)) {
    const zone = endpoint.locality.split('/')[1]!;
    counts[zone] = (counts[zone] ?? 0) + count;
  }
  return Object.fromEntries(
    Object.entries(counts)
      .sort()
      .map(([zone, count]) => [zone, Math.round(count / 200)]),
  );
}

function assertShares(balancer: ClusterBalancer, due: Readonly<Record<string, number>>): void {
  const shares = sharesOf(balancer);
  assert.deepEqual(Object.keys(shares), Object.keys(due));
  for (const [zone, share] of Object.entries(due)) {
    assert.ok(Math.abs(shares[zone]! - share) <= 1, JSON.stringify(shares));
  }
}

describe('zone-aware balancing', () => {
  it('stays in the zone of the caller when that has its share of the hosts', () => {
    assertShares(create(inZones({ a: 4, b: 4, c: 4 })), { a: 100 });
    assertShares(create(inZones({ a: 8, b: 2, c: 2 })), { a: 100 });
  });

  it('sends what the zone cannot bear to those that have more hosts than they need', () => {
    // A third of the callers and a sixth of the hosts: half stays; c has twice as much to spare as b.
    const callers = new Map([
      ['r/a', 4],
      ['r/b', 4],
      ['r/c', 4],
    ]);
    // Of 24 hosts 8 are due to each zone.
    assertShares(create(inZones({ a: 4, b: 9, c: 11 }), { callers }), { a: 50, b: 13, c: 38 });
    assertShares(create(inZones({ a: 4, b: 8, c: 12 }), { callers }), { a: 50, c: 50 });
  });

  it('takes callers to be everywhere the same when it is not told', () => {
    assertShares(create(inZones({ a: 4, b: 8, c: 12 })), { a: 50, c: 50 });
  });

  it('reckons with hosts that are out of order', () => {
    const hosts = inZones({ a: 4, b: 4, c: 4 });
    const balancer = create(hosts);
    for (const host of hosts.slice(0, 2)) host.stats.ejected = true;
    balancer.update(hosts);
    // 2 of 10 hosts for a third of the callers.
    assertShares(balancer, { a: 60, b: 20, c: 20 });
    for (const host of hosts.slice(0, 4)) host.stats.ejected = true;
    balancer.update(hosts);
    assertShares(balancer, { b: 50, c: 50 });
  });

  it('takes all zones for one with few hosts or none of its own', () => {
    assertShares(create(inZones({ a: 2, b: 3 })), { a: 40, b: 60 });
    assertShares(create(inZones({ a: 2, b: 3 }), { minClusterSize: 5 }), { a: 80, b: 20 });
    assertShares(create(inZones({ b: 4, c: 4 })), { b: 50, c: 50 });
  });

  it('goes to other zones when all hosts of its own were tried', () => {
    const hosts = inZones({ a: 3, b: 3 });
    const balancer = create(hosts);
    const picked = balancer.pick(excluding(...hosts.slice(0, 3)));
    assert.ok(hosts.indexOf(picked!) >= 3);
    assert.equal(balancer.pick(excluding(...hosts)), undefined);
  });

  it('uses only hosts that are hinted for the zone, when every host has a hint', () => {
    const hosts = [
      ...inZones({ a: 1 }, { forZones: ['a'] }),
      ...inZones({ b: 2 }, { forZones: ['a', 'b'], host: '10.1.0.1' }),
      ...inZones({ c: 4 }, { forZones: ['c'], host: '10.2.0.1' }),
    ];
    assertShares(create(hosts), { a: 33, b: 67 });
    hosts[3]!.endpoint = { ...hosts[3]!.endpoint, forZones: undefined };
    assertShares(create(hosts), { a: 43, c: 57 });
  });

  it('ignores hints that leave the zone nobody', () => {
    const hosts = inZones({ b: 3, c: 3 }, { forZones: ['b', 'c'] });
    assertShares(create(hosts), { b: 50, c: 50 });
  });
});
