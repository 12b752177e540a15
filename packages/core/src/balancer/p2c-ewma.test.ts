import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { EndpointStats } from '../endpoint/endpoint-stats.js';
import { seededRandom } from '../random.js';
import { FakeClock, fakeEndpoint, fakeHosts } from '../testing/index.js';
import { anyHost, countPicks, describeCompliance, excluding, feedbackOf } from './balancer.compliance.js';
import { defaultP2cEwma, P2cEwmaBalancer, type P2cEwmaSettings } from './p2c-ewma.js';

describeCompliance('p2c_ewma', (random, clock) => new P2cEwmaBalancer({}, random, clock));

class Rig {
  readonly clock = new FakeClock();
  readonly hosts: EndpointState[];
  readonly balancer: P2cEwmaBalancer<EndpointState>;

  constructor(weights: readonly number[], settings: P2cEwmaSettings = {}) {
    this.hosts = fakeHosts(...weights);
    this.balancer = new P2cEwmaBalancer(settings, seededRandom(1), this.clock);
    this.balancer.update(this.hosts);
  }

  end(index: number, latencyMs: number, over: Parameters<typeof feedbackOf>[1] = {}): void {
    this.balancer.onAttemptEnd(this.hosts[index]!, feedbackOf(latencyMs, over));
  }

  /** Open loop: a request each `everyMs`, answered after what `latencyOf` says; picks of each host. */
  run(requests: number, everyMs: number, latencyOf: (index: number) => number | 'fails'): number[] {
    const counts = this.hosts.map(() => 0);
    for (let request = 0; request < requests; request++) {
      this.clock.advance(everyMs);
      const host = this.balancer.pick(anyHost)!;
      const index = this.hosts.indexOf(host);
      counts[index]! += 1;
      host.stats.begin();
      const latency = latencyOf(index);
      const failed = latency === 'fails';
      this.clock.setTimer(failed ? 1 : latency, () => {
        host.stats.end(failed);
        this.end(index, failed ? 1 : latency, { failed, grpcCode: failed ? 14 : 0 });
      });
    }
    return counts;
  }
}

describe('p2c_ewma', () => {
  it('keeps the estimate of Finagle and Linkerd', () => {
    const rig = new Rig([1, 1]);
    // `PeakEwma.Metric` of Finagle: a look is an observation of 0.
    let cost = 1;
    let stampMs = 0;
    // The first ten are averaged here.
    for (let sample = 0; sample < 10; sample++) rig.end(0, 1);
    const observe = (rtt: number): void => {
      const w = Math.exp(-Math.max(0, rig.clock.nowMs() - stampMs) / 10_000);
      cost = rtt > cost ? rtt : cost * w + rtt * (1 - w);
      stampMs = rig.clock.nowMs();
    };
    const random = seededRandom(5);
    for (let step = 0; step < 500; step++) {
      rig.clock.advance(random.int(300));
      if (random.int(3) === 0) {
        const latencyMs = 1 + random.int(400);
        rig.end(0, latencyMs);
        observe(latencyMs);
      } else {
        rig.balancer.pick(anyHost);
        observe(0);
      }
      assert.ok(Math.abs(rig.hosts[0]!.stats.latency!.latencyMs - cost) < 1e-6 * (1 + cost));
    }
  });

  it('averages the first answers of a host, which may be slow for having just started', () => {
    const rig = new Rig([1, 1]);
    rig.end(0, 1_000);
    for (let sample = 0; sample < 9; sample++) rig.end(0, 10);
    assert.ok(Math.abs(rig.hosts[0]!.stats.latency!.latencyMs - 109) < 1e-9);
    rig.end(0, 300);
    assert.equal(rig.hosts[0]!.stats.latency!.latencyMs, 300);
  });

  it('takes turns among hosts that are alike and equally busy', () => {
    const rig = new Rig([1, 1, 1, 1]);
    [30, 32, 34, 37].forEach((latencyMs, index) => rig.end(index, latencyMs));
    for (const count of countPicks(rig.balancer, 4_000).values()) assert.ok(Math.abs(count - 1_000) < 30);
  });

  it('picks where latency times requests in flight is less', () => {
    const rig = new Rig([1, 1], { starvationMs: 1e9 });
    rig.end(0, 10);
    rig.end(1, 40);
    rig.hosts[0]!.stats.inFlight = 2;
    for (const { stats } of rig.hosts) stats.lastPickMs = 0;
    assert.deepEqual([...countPicks(rig.balancer, 100).keys()], [rig.hosts[0]]);
    rig.hosts[0]!.stats.inFlight = 4;
    assert.deepEqual([...countPicks(rig.balancer, 100).keys()], [rig.hosts[1]]);
  });

  it('turns away from a host that has become slow, and back to it when it has recovered', () => {
    const rig = new Rig([1, 1, 1, 1]);
    const fair = rig.run(2_000, 5, () => 20);
    assert.ok(Math.min(...fair) > 350, `${fair}`);
    const slowed = rig.run(2_000, 5, (index) => (index === 0 ? 2_000 : 20));
    assert.ok(slowed[0]! < 100, `${slowed}`);
    rig.run(12_000, 5, () => 20);
    const after = rig.run(2_000, 5, () => 20);
    assert.ok(after[0]! > 350, `${after}`);
  });

  it('gives a host that fails fast less than its fair share, from the first second on', () => {
    const rig = new Rig([1, 1, 1, 1, 1, 1, 1, 1]);
    rig.run(4_000, 2, () => 30);
    const first = rig.run(500, 2, (index) => (index === 0 ? 'fails' : 30));
    assert.ok(first[0]! < 500 / 8, `${first}`);
    const later = rig.run(4_000, 2, (index) => (index === 0 ? 'fails' : 30));
    assert.ok(later[0]! < 4_000 / 80, `${later}`);
    rig.run(30_000, 2, () => 30);
    const mended = rig.run(4_000, 2, () => 30);
    assert.ok(mended[0]! > 350, `${mended}`);
  });

  it('does not shut out a host for one failure in a thousand', () => {
    const rig = new Rig([1, 1, 1, 1]);
    let request = 0;
    const counts = rig.run(8_000, 2, (index) => (index === 0 && ++request % 1_000 === 0 ? 'fails' : 30));
    assert.ok(counts[0]! > 1_400, `${counts}`);
  });

  it('keeps away from a host for as long as it asks for', () => {
    const rig = new Rig([1, 1], { starvationMs: 1e9 });
    rig.end(0, 10);
    rig.end(1, 10);
    rig.end(0, 1, { failed: true, grpcCode: 8, pushbackMs: 60_000 });
    assert.equal(rig.hosts[0]!.stats.latency!.penaltyMs, 60_000);
    rig.end(0, 1, { failed: true, grpcCode: 8, pushbackMs: 9_999_999 });
    assert.equal(rig.hosts[0]!.stats.latency!.penaltyMs, 300_000);
    rig.end(0, 1, { failed: true, grpcCode: 8, pushbackMs: -1 });
    assert.ok(rig.hosts[0]!.stats.latency!.penaltyMs <= 5_000);
  });

  it('does not take a cancelled call for a fast one', () => {
    const rig = new Rig([1, 1]);
    rig.end(0, 100);
    rig.clock.advance(5_000);
    rig.end(0, 1, { grpcCode: 1 });
    assert.ok(Math.abs(rig.hosts[0]!.stats.latency!.latencyMs - 100 * Math.exp(-0.5)) < 1e-9);
    rig.end(0, 400, { grpcCode: 1 });
    assert.equal(rig.hosts[0]!.stats.latency!.latencyMs, 400);
  });

  it('takes a newcomer for a typical host', () => {
    const rig = new Rig([1, 1, 1, 1]);
    rig.run(2_000, 5, () => 200);
    rig.hosts.push({ endpoint: fakeEndpoint(9), stats: new EndpointStats() });
    rig.balancer.update(rig.hosts);
    // Until its first answer comes it has no more than its turn: 200 ms are 40 requests.
    const counts = rig.run(40, 5, () => 200);
    assert.ok(counts[4]! >= 2 && counts[4]! <= 14, `${counts}`);
  });

  it('tries a host again that has lost every comparison for ten turns and a second', () => {
    const rig = new Rig([1, 1, 1, 1]);
    for (const index of [1, 2, 3]) rig.end(index, 10);
    rig.end(0, 8_000);
    assert.equal(countPicks(rig.balancer, 4).has(rig.hosts[0]!), false);
    rig.hosts[0]!.stats.lastPick = 1;
    rig.hosts[0]!.stats.lastPickMs = rig.clock.nowMs();
    assert.equal(countPicks(rig.balancer, 200).has(rig.hosts[0]!), false);
    rig.clock.advance(1_001);
    assert.equal(countPicks(rig.balancer, 200).get(rig.hosts[0]!), 1);
  });

  it('does not pick the worse of two where every host has a request only now and then', () => {
    const rig = new Rig(Array.from({ length: 100 }, () => 1));
    const slow = (index: number): boolean => index < 50;
    rig.run(3_000, 100, (index) => (slow(index) ? 400 : 20));
    const counts = rig.run(3_000, 100, (index) => (slow(index) ? 400 : 20));
    const toSlow = counts.filter((_, index) => slow(index)).reduce((sum, count) => sum + count, 0);
    // Two random hosts are both slow a quarter of the time.
    assert.ok(toSlow / 3_000 < 0.35, `${toSlow} of 3000`);
  });

  it('goes by load and weight', () => {
    const rig = new Rig([3, 1], { starvationMs: 1e9 });
    rig.end(0, 10);
    rig.end(1, 10);
    const [heavy, light] = rig.hosts as [EndpointState, EndpointState];
    for (const { stats } of rig.hosts) stats.lastPickMs = 0;
    heavy.stats.inFlight = 6;
    light.stats.inFlight = 3;
    assert.deepEqual([...countPicks(rig.balancer, 100).keys()], [heavy]);
    heavy.stats.inFlight = 12;
    assert.deepEqual([...countPicks(rig.balancer, 100).keys()], [light]);
  });

  it('knows under another balancer what the last one has learnt', () => {
    const rig = new Rig([1, 1], { starvationMs: 1e9 });
    rig.end(0, 10);
    rig.end(1, 900);
    const next = new P2cEwmaBalancer<EndpointState>({ starvationMs: 1e9 }, seededRandom(2), rig.clock);
    const newcomer = { endpoint: fakeEndpoint(9), stats: new EndpointStats() };
    next.update([...rig.hosts, newcomer]);
    assert.equal(next.pick(excluding(newcomer)), rig.hosts[0]);
    // The newcomer is as good as the median of those known, so it loses against the fast one.
    assert.equal(next.pick(excluding(rig.hosts[1]!)), rig.hosts[0]);
  });

  it('has the defaults of Linkerd and go-zero, and refuses what is out of range', () => {
    assert.deepEqual(defaultP2cEwma, {
      decayMs: 10_000,
      seedMs: 30,
      penaltyMs: 5_000,
      starvationMs: 1_000,
    });
    for (const wrong of [{ decayMs: 0 }, { seedMs: -1 }, { penaltyMs: NaN }, { starvationMs: Infinity }]) {
      assert.throws(() => new Rig([1], wrong), { name: 'RangeError', message: /^p2c_ewma: / });
    }
  });
});
