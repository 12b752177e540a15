import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { type Random, seededRandom } from '../random.js';
import { FakeClock, fakeHosts } from '../testing/index.js';
import { anyHost, countPicks, describeCompliance } from './balancer.compliance.js';
import { GoZeroP2cBalancer } from './go-zero-p2c.js';

describeCompliance('go_zero_p2c', (random) => new GoZeroP2cBalancer(random, new FakeClock()));

const ended = { latencyMs: 10, failed: false, grpcCode: 0, pushbackMs: undefined, load: undefined };

/** A straight transcription of `p2c.go`: times in ns as there, one object per connection. */
class Transcription {
  readonly conns: { lag: number; inflight: number; success: number; last: number; pick: number }[];
  readonly #random: Random;

  constructor(count: number, random: Random) {
    this.conns = Array.from({ length: count }, () => {
      return { lag: 0, inflight: 0, success: 1_000, last: 0, pick: 0 };
    });
    this.#random = random;
  }

  pick(now: number): number {
    const count = this.conns.length;
    let chosen = -1;
    for (let time = 0; time < 3; time++) {
      const a = this.#random.int(count);
      let b = this.#random.int(count - 1);
      if (b >= a) b++;
      chosen = this.choose(a, b, now, time === 2);
      if (chosen >= 0) break;
    }
    this.conns[chosen]!.inflight++;
    return chosen;
  }

  choose(a: number, b: number, now: number, isLast: boolean): number {
    const healthy = this.conns[a]!.success > 500 && this.conns[b]!.success > 500;
    if (!healthy && !isLast) return -1;
    let [c1, c2] = [a, b];
    if (this.load(c1) > this.load(c2)) [c1, c2] = [c2, c1];
    if (now - this.conns[c2]!.pick > 1e9) {
      this.conns[c2]!.pick = now;
      return c2;
    }
    this.conns[c1]!.pick = now;
    return c1;
  }

  load(index: number): number {
    const conn = this.conns[index]!;
    const load = Math.trunc(Math.sqrt(conn.lag + 1)) * (conn.inflight + 1);
    return load === 0 ? 2 ** 31 - 1 : load;
  }

  done(index: number, lag: number, now: number, ok: boolean): void {
    const conn = this.conns[index]!;
    conn.inflight--;
    const td = Math.max(0, now - conn.last);
    conn.last = now;
    let w = Math.exp(-td / 10e9);
    if (conn.lag === 0) w = 0;
    conn.lag = Math.trunc(conn.lag * w + lag * (1 - w));
    conn.success = Math.trunc(conn.success * w + (ok ? 1_000 : 0) * (1 - w));
  }
}

describe('go_zero_p2c', () => {
  it('picks as the published algorithm does', () => {
    const step = fc.record({
      passMs: fc.nat(900),
      latencyMs: fc.integer({ min: 1, max: 3_000 }),
      code: fc.constantFrom(0, 0, 5, 14, 4),
      ends: fc.nat(2),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 9 }),
        fc.integer(),
        fc.array(step, { minLength: 40, maxLength: 120 }),
        (count, seed, steps) => {
          const clock = new FakeClock();
          clock.advance(100_000);
          const hosts = fakeHosts(...Array.from({ length: count }, () => 1));
          const balancer = new GoZeroP2cBalancer<EndpointState>(seededRandom(seed), clock);
          balancer.update(hosts);
          const published = new Transcription(count, seededRandom(seed));
          const open: number[] = [];
          for (const { passMs, latencyMs, code, ends } of steps) {
            clock.advance(passMs);
            const picked = balancer.pick(anyHost)!;
            assert.equal(hosts.indexOf(picked), published.pick(clock.nowMs() * 1e6));
            picked.stats.begin();
            open.push(hosts.indexOf(picked));
            for (let end = 0; end < ends && open.length > 0; end++) {
              const index = open.shift()!;
              hosts[index]!.stats.end(false);
              balancer.onAttemptEnd(hosts[index]!, { ...ended, latencyMs, grpcCode: code });
              published.done(index, latencyMs * 1e6, clock.nowMs() * 1e6, code === 0 || code === 5);
            }
            // An update in between must not make it forget.
            balancer.update(hosts);
          }
        },
      ),
      { seed: 6, numRuns: 100 },
    );
  });

  it('takes seconds of failures to think ill of a host, as published', () => {
    for (const [perSecond, dueMs] of [
      [1, 6_900],
      [10, 6_300],
      [1_000, 500],
    ] as const) {
      const clock = new FakeClock();
      const [host] = fakeHosts(1) as [EndpointState];
      const balancer = new GoZeroP2cBalancer(seededRandom(1), clock);
      balancer.onAttemptEnd(host, ended);
      const startMs = clock.nowMs();
      while (host.stats.goZero!.success > 500) {
        clock.advance(1_000 / perSecond);
        balancer.onAttemptEnd(host, { ...ended, failed: true, grpcCode: 14 });
      }
      const tookMs = clock.nowMs() - startMs;
      assert.ok(Math.abs(tookMs - dueMs) <= 1_000 / perSecond + 200, `${tookMs} ms at ${perSecond} a second`);
    }
  });

  it('never thinks well again of a host that has 100 requests a second, as published', () => {
    const clock = new FakeClock();
    const [host] = fakeHosts(1) as [EndpointState];
    const balancer = new GoZeroP2cBalancer(seededRandom(1), clock);
    balancer.onAttemptEnd(host, ended);
    host.stats.goZero!.success = 500;
    for (let request = 0; request < 10_000; request++) {
      clock.advance(10);
      balancer.onAttemptEnd(host, ended);
    }
    assert.equal(host.stats.goZero!.success, 500);
  });

  it('prefers the host with the lower lag and tries the other one each second', () => {
    const clock = new FakeClock();
    const hosts = fakeHosts(1, 1);
    const balancer = new GoZeroP2cBalancer(seededRandom(1), clock);
    balancer.update(hosts);
    balancer.onAttemptEnd(hosts[0]!, { ...ended, latencyMs: 100 });
    balancer.onAttemptEnd(hosts[1]!, { ...ended, latencyMs: 1 });
    countPicks(balancer, 2);
    assert.deepEqual([...countPicks(balancer, 100).keys()], [hosts[1]]);
    clock.advance(1_001);
    assert.equal(countPicks(balancer, 100).get(hosts[0]!), 1);
  });
});
