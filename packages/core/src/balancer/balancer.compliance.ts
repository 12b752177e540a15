import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { EndpointHealth } from '../endpoint/endpoint.js';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { EndpointStats } from '../endpoint/endpoint-stats.js';
import { type Random, seededRandom } from '../random.js';
import { assertAllocatesNothing } from '../testing/allocation.compliance.js';
import { emptyLoadReport } from '../load/load-report.js';
import { FakeClock, fakeEndpoint, fakeHosts } from '../testing/index.js';
import type { AttemptFeedback } from './attempt-feedback.js';
import type { Balancer, PickContext } from './balancer.js';

/** A first attempt, bound to nothing. */
export const anyHost: PickContext = { excluded: undefined, hash: undefined };

export function excluding(...hosts: EndpointState[]): PickContext {
  return { excluded: new Set(hosts), hash: undefined };
}

/** How often each host is picked; a call that finds nobody fails the test. */
export function countPicks(
  balancer: Balancer,
  picks: number,
  context: PickContext = anyHost,
): Map<EndpointState, number> {
  const counts = new Map<EndpointState, number>();
  for (let pick = 0; pick < picks; pick++) {
    const host = balancer.pick(context);
    assert.ok(host, 'a host was expected');
    counts.set(host, (counts.get(host) ?? 0) + 1);
  }
  return counts;
}

/** Half a millisecond later at every look, and no timers: a look leaves nothing on the heap. */
export class RunningClock extends FakeClock {
  #runningMs = 0.5;

  override nowMs(): number {
    this.#runningMs += 0.5;
    return this.#runningMs;
  }
}

/** What became of an attempt, with the load report that came with it. */
export function feedbackOf(latencyMs: number, over: Partial<AttemptFeedback> = {}): AttemptFeedback {
  const load = { ...emptyLoadReport, requestsInFlight: 1, latencyMs, cpuUtilization: 0.5, qps: 100 };
  return { latencyMs, failed: false, grpcCode: 0, pushbackMs: undefined, load, ...over };
}

export interface ComplianceOptions {
  /** What the balancer is wrapped by, for the name of the suite. */
  readonly under?: string;
  /** A tenth of the runs and no look at the heap: for the many combinations of what is tested alone. */
  readonly brief?: boolean;
}

/** What every balancer promises, whatever its algorithm. Each balancer's own test calls this. */
export function describeCompliance(
  name: string,
  create: (random: Random, clock: FakeClock) => Balancer,
  { under, brief = false }: ComplianceOptions = {},
): void {
  const runs = (count: number): number => (brief ? Math.ceil(count / 10) : count);
  const createWith = (hosts: readonly EndpointState[], seed = 1, clock = new FakeClock()): Balancer => {
    const balancer = create(seededRandom(seed), clock);
    balancer.update(hosts);
    return balancer;
  };

  describe(`${name}${under === undefined ? '' : ` under ${under}`}, as any balancer`, () => {
    it('bears the name of its policy', () => {
      assert.equal(create(seededRandom(1), new FakeClock()).name, name);
    });

    it('picks nothing before it has hosts and after it has lost them', () => {
      const balancer = create(seededRandom(1), new FakeClock());
      assert.equal(balancer.pick(anyHost), undefined);
      balancer.update(fakeHosts(1, 2));
      balancer.update([]);
      assert.equal(balancer.pick(anyHost), undefined);
    });

    it('picks a healthy host that was not tried, and nothing only when there is none', () => {
      fc.assert(
        fc.property(someHosts, fc.integer(), (described, seed) => {
          const hosts = described.map((one, index) => stateOf(index + 1, one));
          const tried = new Set(hosts.filter((_, index) => described[index]!.tried));
          const allowed = hosts.filter((host) => host.endpoint.health === 'healthy' && !tried.has(host));
          const balancer = createWith(hosts, seed);
          for (let pick = 0; pick < 20; pick++) {
            const picked = balancer.pick({ excluded: tried, hash: { high: pick, low: seed >>> 0 } });
            if (allowed.length === 0) assert.equal(picked, undefined);
            else assert.ok(picked !== undefined && allowed.includes(picked));
          }
        }),
        { seed: 2, numRuns: runs(300) },
      );
    });

    it('goes by health as it is at the last update', () => {
      const [first, second] = fakeHosts(1, 1) as [EndpointState, EndpointState];
      const balancer = createWith([first, second]);
      first.endpoint = { ...first.endpoint, health: 'draining' };
      balancer.update([first, second]);
      assert.deepEqual([...countPicks(balancer, 50).keys()], [second]);
      first.endpoint = { ...first.endpoint, health: 'healthy' };
      balancer.update([first, second]);
      assert.equal(countPicks(balancer, 50).size, 2);
    });

    it('passes over hosts that are ejected, until they are back', () => {
      const [first, second] = fakeHosts(1, 1) as [EndpointState, EndpointState];
      first.stats.ejected = true;
      const balancer = createWith([first, second]);
      assert.deepEqual([...countPicks(balancer, 50).keys()], [second]);
      assert.equal(balancer.pick({ excluded: new Set([second]), hash: { high: 1, low: 1 } }), undefined);
      first.stats.ejected = false;
      balancer.update([first, second]);
      assert.equal(countPicks(balancer, 50).size, 2);
    });

    it('sees hosts as the view does', () => {
      const hosts = fakeHosts(1, 1, 1);
      const shares = [3, 1, 7];
      const balancer = createWith(hosts);
      balancer.update(hosts, {
        isAvailable: (host) => host !== hosts[2],
        weightOf: (host) => shares[hosts.indexOf(host as EndpointState)]!,
      });
      const counts = countPicks(balancer, 10_000);
      assert.ok(Math.abs(counts.get(hosts[0]!)! - 7_500) < 220, `${counts.get(hosts[0]!)} of 10000`);
      assert.equal(counts.has(hosts[2]!), false);
      assert.equal(balancer.pick(excluding(hosts[0]!, hosts[1]!)), undefined);
    });

    it('gives idle hosts shares that converge to their weights', () => {
      fc.assert(
        fc.property(weights, fc.integer(), (given, seed) => {
          const hosts = fakeHosts(...given);
          assertShares(countPicks(createWith(hosts, seed), 10_000), hosts);
        }),
        { seed: 3, numRuns: runs(40) },
      );
    });

    it('divides further attempts among the hosts left by their weights', () => {
      const hosts = fakeHosts(5, 1, 3, 1);
      const [heavy, ...left] = hosts as [EndpointState, ...EndpointState[]];
      assertShares(countPicks(createWith(hosts), 10_000, excluding(heavy)), left);
    });

    it('gives a newcomer its share at once and a leaver nothing', () => {
      fc.assert(
        fc.property(weights, weights, fc.integer(), (before, after, seed) => {
          const staying = fakeHosts(...before);
          const balancer = createWith([...fakeHosts(9, 9), ...staying], seed);
          countPicks(balancer, 1_000);
          const hosts = [...fakeHosts(...after), ...staying];
          balancer.update(hosts);
          assertShares(countPicks(balancer, 10_000), hosts);
        }),
        { seed: 4, numRuns: runs(20) },
      );
    });

    it('keeps the shares however often it is updated', () => {
      const hosts = fakeHosts(1, 2, 3);
      const balancer = createWith(hosts);
      const counts = new Map<EndpointState, number>();
      for (let round = 0; round < runs(6_000); round++) {
        balancer.update(hosts);
        const host = balancer.pick(anyHost)!;
        counts.set(host, (counts.get(host) ?? 0) + 1);
      }
      assertShares(counts, hosts);
    });

    it('does not start every client at the same host', () => {
      for (const given of [
        [1, 1, 1, 1],
        [4, 3, 2, 1],
      ]) {
        const hosts = fakeHosts(...given);
        const first = new Set(
          Array.from({ length: 100 }, (_, seed) => createWith(hosts, seed).pick(anyHost)),
        );
        assert.ok(first.size >= 3, `100 clients began with ${first.size} of 4 hosts`);
      }
    });

    it('leaves the statistics that live outside it alone when it is updated or replaced', () => {
      const hosts = fakeHosts(1, 1, 2);
      const balancer = createWith(hosts);
      for (const host of countPicks(balancer, 100).keys()) {
        host.stats.begin();
        host.stats.begin();
        host.stats.end(true);
        balancer.onAttemptEnd?.(host, feedbackOf(7, { failed: true, grpcCode: 14 }));
      }
      const learnt = hosts.map(snapshot);
      balancer.update(hosts.slice(1));
      for (const host of hosts) host.endpoint = { ...host.endpoint, weight: 7 };
      balancer.update(hosts);
      createWith(hosts);
      balancer.close?.();
      assert.deepEqual(hosts.map(snapshot), learnt);
    });

    it('never picks who is out of order while another is left, whatever it has learnt', () => {
      fc.assert(
        fc.property(fc.integer(), fc.array(someEvent, { minLength: 40, maxLength: 80 }), (seed, events) => {
          const clock = new FakeClock();
          const hosts = fakeHosts(1, 1, 1, 2, 3, 5);
          const balancer = createWith(hosts, seed, clock);
          const open: EndpointState[] = [];
          for (const { passMs, ejected, tried, latencyMs, failed, ends } of events) {
            clock.advance(passMs);
            if (ejected !== undefined) {
              const { stats } = hosts[ejected]!;
              stats.ejected = !stats.ejected;
              balancer.update(hosts);
            }
            const excluded = new Set(tried.map((index) => hosts[index]!));
            const allowed = hosts.filter((host) => !host.stats.ejected && !excluded.has(host));
            const picked = balancer.pick({ excluded, hash: { high: passMs, low: latencyMs } });
            if (allowed.length === 0) assert.equal(picked, undefined);
            else assert.ok(picked !== undefined && allowed.includes(picked));
            if (picked !== undefined) {
              picked.stats.begin();
              open.push(picked);
            }
            for (let end = 0; end < ends && open.length > 0; end++) {
              const host = open.shift()!;
              host.stats.end(failed);
              balancer.onAttemptEnd?.(host, feedbackOf(latencyMs, { failed, grpcCode: failed ? 14 : 0 }));
            }
          }
          balancer.close?.();
          clock.advance(10);
          assert.equal(clock.pendingTimers, 0);
        }),
        { seed: 9, numRuns: runs(100) },
      );
    });

    it('looks at each host a few times in an update, however many there are', () => {
      const hosts = fakeHosts(...Array.from({ length: 2_000 }, (_, index) => 1 + (index % 5)));
      let looks = 0;
      createWith([]).update(hosts, {
        isAvailable: () => (looks += 1) > 0,
        weightOf: ({ endpoint }) => ((looks += 1) > 0 ? endpoint.weight : 1),
      });
      assert.ok(looks < 20 * hosts.length, `${looks} looks at ${hosts.length} hosts`);
    });

    it('neither keeps nor reorders the array it is given', () => {
      const given = fakeHosts(1, 1, 1, 1);
      const copy = [...given];
      const balancer = createWith(given);
      countPicks(balancer, 50);
      assert.deepEqual(given, copy);
      given.length = 0;
      assert.equal(countPicks(balancer, 50).size, 4);
    });

    it('picks the same hosts for the same seed', () => {
      const sequence = (): (string | undefined)[] => {
        const balancer = createWith(fakeHosts(3, 1, 2), 9);
        return Array.from({ length: 100 }, () => balancer.pick(anyHost)?.endpoint.address);
      };
      assert.deepEqual(sequence(), sequence());
    });

    for (const [kind, given] of brief
      ? []
      : ([
          ['equal', [1, 1, 1, 1, 1]],
          ['unequal', [5, 4, 3, 2, 1]],
        ] as const)) {
      it(`allocates nothing to pick among hosts of ${kind} weight`, () => {
        const hosts = fakeHosts(...given);
        const balancer = createWith(hosts);
        assertAllocatesNothing(() => balancer.pick(anyHost));
        const retry = excluding(hosts[0]!);
        assertAllocatesNothing(() => balancer.pick(retry));
      });

      it(`allocates nothing to learn from hosts of ${kind} weight`, () => {
        const hosts = fakeHosts(...given);
        const balancer = createWith(hosts, 1, new RunningClock());
        const ended = feedbackOf(12.5);
        const failed = feedbackOf(1.5, { failed: true, grpcCode: 14 });
        let turn = 0;
        assertAllocatesNothing(() => {
          turn = (turn + 1) % 16;
          const host = hosts[turn % hosts.length]!;
          balancer.onAttemptEnd?.(host, turn === 0 ? failed : ended);
        });
      });
    }
  });
}

/** All that the statistics hold, records included. */
function snapshot({ stats }: EndpointState): unknown {
  const entries = Object.entries(stats).map(([name, value]) => [
    name,
    typeof value === 'object' && value !== null ? { ...value } : value,
  ]);
  return Object.fromEntries(entries);
}

const someEvent = fc.record({
  passMs: fc.constantFrom(0, 1, 5, 40, 700, 3_000),
  ejected: fc.option(fc.nat(5), { nil: undefined, freq: 3 }),
  tried: fc.oneof(fc.constant<number[]>([]), fc.array(fc.nat(5), { maxLength: 6 })),
  latencyMs: fc.integer({ min: 1, max: 500 }),
  failed: fc.boolean(),
  ends: fc.nat(2),
});

interface DescribedHost {
  readonly health: EndpointHealth;
  readonly weight: number;
  readonly inFlight: number;
  readonly tried: boolean;
}

const someHosts = fc.array(
  fc.record({
    health: fc.constantFrom<EndpointHealth>('healthy', 'healthy', 'unhealthy', 'draining'),
    weight: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 1_000_000 })),
    inFlight: fc.nat(1_000),
    tried: fc.boolean(),
  }),
  { maxLength: 12 },
);

const weights = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }),
  fc.array(fc.constant(1), { minLength: 1, maxLength: 8 }),
);

function stateOf(number: number, described: DescribedHost): EndpointState {
  const stats = new EndpointStats();
  stats.inFlight = described.inFlight;
  const { health, weight } = described;
  return { endpoint: fakeEndpoint(number, { health, weight }), stats };
}

/**
 * Five standard deviations of a purely random draw: a fair balancer fails this less than once in a million.
 */
function assertShares(counts: ReadonlyMap<EndpointState, number>, hosts: readonly EndpointState[]): void {
  const picks = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const weight = hosts.reduce((sum, host) => sum + host.endpoint.weight, 0);
  let expectedPicks = 0;
  for (const host of hosts) {
    const share = host.endpoint.weight / weight;
    const count = counts.get(host) ?? 0;
    const allowance = 5 * Math.sqrt(picks * share * (1 - share)) + 1;
    assert.ok(
      Math.abs(count - picks * share) <= allowance,
      `${host.endpoint.address} of weight ${host.endpoint.weight}/${weight} got ${count} of ${picks} picks`,
    );
    expectedPicks += count;
  }
  assert.equal(expectedPicks, picks, 'a host that is not in the set was picked');
}
