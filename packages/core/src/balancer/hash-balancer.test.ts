import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { xxHash64 } from '../hash/xxhash64.js';
import { type Random, seededRandom } from '../random.js';
import { fakeHosts } from '../testing/index.js';
import { assertAllocatesNothing } from '../testing/allocation.compliance.js';
import type { Balancer, PickContext } from './balancer.js';
import { describeCompliance } from './balancer.compliance.js';
import { createMaglevBalancer, createRingHashBalancer } from './hash-balancer.js';

const ringSettings = { minimumRingSize: 1_024, maximumRingSize: 8_388_608 };
const kinds: [string, (random: Random) => Balancer][] = [
  ['ring_hash', (random) => createRingHashBalancer(ringSettings, random)],
  ['maglev', (random) => createMaglevBalancer(65_537, random)],
];

function boundTo(key: number | string, ...excluded: EndpointState[]): PickContext {
  return { hash: xxHash64(`key ${key}`), excluded: excluded.length === 0 ? undefined : new Set(excluded) };
}

const keys = 4_000;

function ownersOf(balancer: Balancer): EndpointState[] {
  return Array.from({ length: keys }, (_, key) => balancer.pick(boundTo(key))!);
}

// Small ones: the suite builds them by the hundred, for weights from 1 to a million.
const smallRing = { minimumRingSize: 256, maximumRingSize: 1_024 };
describeCompliance('ring_hash', (random) => createRingHashBalancer(smallRing, random));
describeCompliance('maglev', (random) => createMaglevBalancer(1_021, random));

for (const [name, create] of kinds) {
  const createWith = (hosts: readonly EndpointState[], seed = 1): Balancer => {
    const balancer = create(seededRandom(seed));
    balancer.update(hosts);
    return balancer;
  };

  describe(`${name}, of bound requests`, () => {
    it('sends the same hash to the same host, whoever asks and in whatever order the hosts come', () => {
      const hosts = fakeHosts(1, 2, 3, 1, 1);
      const owners = ownersOf(createWith(hosts));
      assert.deepEqual(ownersOf(createWith([...hosts].reverse(), 2)), owners);
    });

    it('gives each host about its share of the hashes', () => {
      const hosts = fakeHosts(1, 2, 5);
      const owners = ownersOf(createWith(hosts));
      for (const host of hosts) {
        const due = (keys * host.endpoint.weight) / 8;
        const count = owners.filter((owner) => owner === host).length;
        // The places of a ring lie at random: with 128 of them a share is out by a tenth at times.
        assert.ok(Math.abs(count - due) < due * 0.25, `${count} of ${due} due`);
      }
    });

    it('moves only the hashes of a host that is out of order, and moves them back', () => {
      fc.assert(
        fc.property(fc.integer({ min: 2, max: 8 }), fc.nat(7), fc.boolean(), (count, which, byEjection) => {
          const hosts = fakeHosts(...Array.from({ length: count }, () => 1));
          const out = hosts[which % count]!;
          const balancer = createWith(hosts);
          const before = ownersOf(balancer);
          if (byEjection) out.stats.ejected = true;
          else out.endpoint = { ...out.endpoint, health: 'unhealthy' };
          balancer.update(hosts);
          const during = ownersOf(balancer);
          for (const [key, owner] of before.entries()) {
            if (owner === out) assert.notEqual(during[key], out);
            else assert.equal(during[key], owner);
          }
          const heirs = new Set(during.filter((_, key) => before[key] === out));
          assert.equal(heirs.size, count - 1, 'the hashes of one host are divided among all others');
          out.stats.ejected = false;
          out.endpoint = { ...out.endpoint, health: 'healthy' };
          balancer.update(hosts);
          assert.deepEqual(ownersOf(balancer), before);
        }),
        { seed: 19, numRuns: 10 },
      );
    });

    it('moves few hashes but those of a host that leaves', () => {
      for (const count of [2, 3, 5, 10, 20]) {
        const hosts = fakeHosts(...Array.from({ length: count }, () => 1));
        const leaver = hosts[1]!;
        const balancer = createWith(hosts);
        const before = ownersOf(balancer);
        balancer.update(hosts.filter((host) => host !== leaver));
        const after = ownersOf(balancer);
        const moved = before.filter((owner, key) => owner !== leaver && owner !== after[key]).length;
        // A ring gives those who stay more places, up to one part in `count`; Maglev's table is about as good.
        assert.ok(moved / keys <= 1.35 / count, `${moved} of ${keys} hashes moved with ${count} hosts`);
        assert.ok(after.every((owner) => owner !== leaver));
      }
    });

    it('sends a further attempt to another host, always the same one', () => {
      const hosts = fakeHosts(1, 1, 1, 1);
      const balancer = createWith(hosts);
      for (let key = 0; key < 200; key++) {
        const first = balancer.pick(boundTo(key))!;
        const second = balancer.pick(boundTo(key, first))!;
        assert.notEqual(second, first);
        assert.equal(balancer.pick(boundTo(key, first)), second);
      }
    });

    it('finds whoever is left, and nobody when all were tried', () => {
      const hosts = fakeHosts(1, 1_000, 1_000);
      const balancer = createWith(hosts);
      assert.equal(balancer.pick(boundTo('x', hosts[1]!, hosts[2]!)), hosts[0]);
      assert.equal(balancer.pick(boundTo('x', ...hosts)), undefined);
    });

    it('allocates nothing', () => {
      const hosts = fakeHosts(1, 2, 3, 4);
      const balancer = createWith(hosts);
      const context = boundTo('x');
      assertAllocatesNothing(() => balancer.pick(context));
      const retry = boundTo('x', balancer.pick(context)!);
      assertAllocatesNothing(() => balancer.pick(retry));
    });
  });
}

describe('ring_hash', () => {
  it('moves a hash of those who stay only to a place that was not there before', () => {
    const hosts = fakeHosts(1, 1, 1, 1, 1, 1);
    // A size that five share as evenly as six: nobody's number of places changes.
    const balancer = createRingHashBalancer<EndpointState>(
      { minimumRingSize: 1, maximumRingSize: 600 },
      seededRandom(1),
    );
    balancer.update(hosts);
    const before = ownersOf(balancer);
    balancer.update(hosts.slice(0, 5));
    const after = ownersOf(balancer);
    for (const [key, owner] of before.entries()) if (owner !== hosts[5]) assert.equal(after[key], owner);
  });

  it('gives the lightest host its turn even where the table has no place for it', () => {
    const hosts = fakeHosts(1, 1_000_000);
    const balancer = createRingHashBalancer<EndpointState>(
      { minimumRingSize: 1, maximumRingSize: 8 },
      seededRandom(1),
    );
    balancer.update(hosts);
    assert.equal(balancer.pick(boundTo('x', hosts[1]!)), hosts[0]);
  });
});
