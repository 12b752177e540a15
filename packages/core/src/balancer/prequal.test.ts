import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { seededRandom } from '../random.js';
import { FakeClock, fakeHosts } from '../testing/index.js';
import { anyHost, countPicks, describeCompliance, excluding } from './balancer.compliance.js';
import { PrequalBalancer } from './prequal.js';
import { reportOf, Rig, type Said } from './prequal-rig.test.support.js';
import { defaultPrequal, type PrequalSettings } from './prequal-settings.js';

describeCompliance('prequal', (random) => new PrequalBalancer({}, random, new FakeClock()));

/** Every answer stays until it is too old, so that the rule alone decides. */
const still: PrequalSettings = { removalsPerRequest: 0, mostShares: 1_000, probeSpacingMs: 0 };

describe('prequal in async mode', () => {
  it('picks the cold host with the least latency', () => {
    const rig = new Rig(
      [
        [9, 1],
        [2, 30],
        [2, 20],
        [1, 40],
      ],
      { ...still, latencyTolerance: 1, probesPerRequest: 16 },
    );
    rig.warmUp();
    for (let request = 0; request < 20; request++) assert.equal(rig.pick(), 2);
  });

  it('picks the one with the fewest requests among cold hosts of about the same latency', () => {
    const rig = new Rig(
      [
        [9, 1],
        [3, 20],
        [2, 34],
        [1, 36],
      ],
      still,
    );
    rig.warmUp();
    assert.equal(rig.pick(), 2);
  });

  it('tries a slow host again when its latency is no longer known', () => {
    const rig = new Rig(
      [
        [3, 20],
        [3, 20],
        [3, 20],
        [0, 900],
      ],
      { ...still, hotQuantile: 1 },
    );
    rig.warmUp();
    assert.notEqual(rig.pick(), 3);
    rig.said[3] = [0, undefined];
    rig.warmUp();
    assert.equal(rig.pick(), 3);
  });

  it('picks the host with the fewest requests when all answers at hand are hot', () => {
    const rig = new Rig(
      [
        [5, 10],
        [4, 99],
        [6, 1],
        [0, 5],
      ],
      { ...still, hotQuantile: 0 },
    );
    rig.warmUp();
    rig.said[3] = undefined;
    rig.clock.advance(950);
    rig.answer();
    assert.equal(rig.balancer.pick(excluding(rig.hosts[3]!)), rig.hosts[1]);
  });

  it('measures heat by the latest answers of all hosts, not by those at hand', () => {
    const said = Array.from({ length: 40 }, (_, index): Said => [index < 30 ? 0 : 50, index < 30 ? 20 : 1]);
    const rig = new Rig(said, { ...still, hotQuantile: 0.7 });
    rig.warmUp();
    // Of the ten busy ones some are in the pool; 30 of 40 hosts have nothing in flight.
    for (let request = 0; request < 30; request++) assert.ok(rig.pick() < 30);
  });

  it('draws at random with fewer than two answers, and again when they are too old', () => {
    const rig = new Rig(
      [
        [0, 1],
        [30, 99],
        [30, 99],
      ],
      { ...still, hotQuantile: 1 },
    );
    assert.equal(countPicks(rig.balancer, 300).size, 3);
    rig.warmUp();
    for (let request = 0; request < 20; request++) assert.equal(rig.pick(), 0);
    rig.said.fill(undefined);
    rig.answer();
    rig.clock.advance(1_001);
    assert.equal(countPicks(rig.balancer, 300).size, 3);
  });

  it('reckons with its own requests until the next answer', () => {
    const rig = new Rig(
      [
        [0, 10],
        [0, 10],
        [0, 10],
      ],
      { ...still, probesPerRequest: 0, hotQuantile: 0 },
    );
    rig.warmUp();
    const counts = countPicks(rig.balancer, 30);
    assert.deepEqual([...counts.values()], [10, 10, 10]);
  });

  it('asks three different hosts for a request when little is in flight, and one when much is', () => {
    const rig = new Rig(
      Array.from({ length: 100 }, (): Said => [1, 10]),
      { idleProbesPerSecond: 0 },
    );
    const asked = (inFlight: number): number => {
      rig.hosts[0]!.stats.inFlight = inFlight;
      rig.clock.advance(150);
      rig.asked.length = 0;
      for (let request = 0; request < 200; request++) {
        const before = rig.asked.length;
        rig.pick();
        const round = rig.asked.slice(before);
        assert.equal(new Set(round).size, round.length);
        rig.clock.advance(1);
      }
      return rig.asked.length / 200;
    };
    // Some draws hit a host that has just answered.
    const [few, middle, many] = [asked(100), asked(550), asked(1_000)];
    assert.ok(few > 2.4 && few <= 3, `${few}`);
    assert.ok(middle > 1.6 && middle <= 2.1, `${middle}`);
    assert.ok(many > 0.85 && many <= 1, `${many}`);
  });

  it('asks nobody anew who is being asked or has just answered', () => {
    const rig = new Rig([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    countPicks(rig.balancer, 1_000);
    assert.equal(rig.asked.length, 3);
    rig.answer();
    countPicks(rig.balancer, 1_000);
    assert.equal(rig.asked.length, 3);
    rig.clock.advance(5);
    countPicks(rig.balancer, 1_000);
    assert.equal(rig.asked.length, 6);
  });

  it('keeps asking without requests, ten times a second, and rests after a minute', () => {
    const rig = new Rig(Array.from({ length: 50 }, (): Said => [0, 1]));
    for (let step = 0; step < 100; step++) {
      rig.clock.advance(100);
      rig.answer();
    }
    assert.ok(Math.abs(rig.asked.length - 100) <= 2, `${rig.asked.length} in 10 s`);
    rig.clock.advance(60_000);
    assert.equal(rig.clock.pendingTimers, 0);
    rig.pick();
    assert.equal(rig.clock.pendingTimers, 1);
    rig.balancer.close();
    assert.equal(rig.clock.pendingTimers, 0);
    rig.pick();
    assert.equal(rig.clock.pendingTimers, 0);
  });

  it('sets no timer before it has hosts and none without a way to ask', () => {
    const clock = new FakeClock();
    const probes = { probe: () => {} };
    const asking = new PrequalBalancer({}, seededRandom(1), clock, probes);
    const mute = new PrequalBalancer({}, seededRandom(1), clock);
    mute.update(fakeHosts(1, 1));
    mute.pick(anyHost);
    assert.equal(clock.pendingTimers, 0);
    asking.update(fakeHosts(1, 1));
    assert.equal(clock.pendingTimers, 1);
    asking.update([]);
    assert.equal(clock.pendingTimers, 0);
  });

  it('works by the reports that come with responses alone', () => {
    const hosts = fakeHosts(1, 1, 1, 1);
    const clock = new FakeClock();
    const balancer = new PrequalBalancer<EndpointState>({}, seededRandom(1), clock);
    balancer.update(hosts);
    const counts = [0, 0, 0, 0];
    for (let request = 0; request < 2_000; request++) {
      clock.advance(2);
      const picked = balancer.pick(anyHost)!;
      const index = hosts.indexOf(picked);
      counts[index]! += 1;
      const load = reportOf([index === 3 ? 20 : 1, index === 3 ? 200 : 10]);
      balancer.onAttemptEnd(picked, {
        latencyMs: 1,
        failed: false,
        grpcCode: 0,
        pushbackMs: undefined,
        load,
      });
    }
    assert.ok(counts[3]! < 150, `${counts}`);
  });

  it('gives a host that fails fast less than its fair share, and finds out when it has mended', () => {
    const rig = new Rig(Array.from({ length: 10 }, (_, index): Said => (index === 0 ? [0, 1] : [3, 50])));
    rig.warmUp();
    const run = (fails: boolean): number => {
      let count = 0;
      for (let request = 0; request < 5_000; request++) {
        rig.clock.advance(2);
        const index = rig.pick();
        if (index === 0) count += 1;
        rig.end(index, fails && index === 0);
      }
      return count / 5_000;
    };
    const failing = run(true);
    assert.ok(failing < 0.02, `${failing} of the requests`);
    run(false);
    const mended = run(false);
    assert.ok(mended > 0.1, `${mended} of the requests`);
  });

  it('gives no host more than four times its fair share', () => {
    const said = Array.from({ length: 20 }, (_, index): Said => (index === 0 ? [0, 1] : [5, 80]));
    const share = (settings: PrequalSettings): number => {
      const rig = new Rig(said, settings);
      rig.warmUp();
      let count = 0;
      for (let request = 0; request < 10_000; request++) {
        rig.clock.advance(1);
        if (rig.pick() === 0) count += 1;
      }
      return count / 10_000;
    };
    const most = share({});
    // A bucket that holds a second's worth may be used up on top.
    assert.ok(most > 0.1 && most <= 0.22, `${most} of the requests`);
    const uncapped = share({ mostShares: 1_000 });
    assert.ok(uncapped > 0.4, `${uncapped} of the requests`);
  });

  it('does not take a host without a latency for a fast one', () => {
    const rig = new Rig(
      [
        [0, 50],
        [0, 70],
        [0, undefined],
      ],
      { ...still, hotQuantile: 1 },
    );
    rig.said[2] = undefined;
    rig.warmUp();
    rig.said[2] = [0, undefined];
    rig.warmUp();
    assert.equal(rig.pick(), 0);
  });

  it('knows under another balancer how busy the hosts are', () => {
    const rig = new Rig(
      Array.from({ length: 10 }, (_, index): Said => [index, 10]),
      still,
    );
    rig.warmUp();
    rig.balancer.close();
    rig.said.fill(undefined);
    const next = rig.create({ ...still, hotQuantile: 0.5, idleProbesPerSecond: 200 });
    rig.said[8] = [8, 1];
    rig.said[9] = [9, 1];
    rig.said[3] = [3, 60];
    for (let step = 0; step < 30; step++) {
      rig.clock.advance(100);
      rig.answer();
    }
    // Of those three answers only one is cold by what all ten hosts have said.
    assert.equal(next.pick(anyHost), rig.hosts[3]);
  });

  it('forgets hosts that are gone, answers that come later included', () => {
    const rig = new Rig(
      [
        [0, 1],
        [0, 50],
        [0, 60],
      ],
      still,
    );
    rig.warmUp();
    rig.balancer.pick(anyHost);
    rig.balancer.update(rig.hosts.slice(1));
    rig.answer();
    for (let request = 0; request < 50; request++) assert.notEqual(rig.pick(), 0);
  });
});

describe('prequal settings', () => {
  it('have the defaults of the paper', () => {
    const { poolSize, probesPerRequest, removalsPerRequest, delta, hotQuantile, probeMaxAgeMs } =
      defaultPrequal;
    assert.deepEqual(
      [poolSize, probesPerRequest, removalsPerRequest, delta, hotQuantile.toFixed(2), probeMaxAgeMs],
      [16, 3, 1, 1, '0.84', 1_000],
    );
  });

  it('are refused when out of their range', () => {
    for (const wrong of [{ poolSize: 1 }, { poolSize: 2.5 }, { hotQuantile: 1.1 }, { sampleSize: 1 }]) {
      assert.throws(() => new Rig([], wrong), { name: 'RangeError', message: /^prequal: / });
    }
    const wrongMode = { mode: 'both' } as unknown as PrequalSettings;
    assert.throws(() => new Rig([], wrongMode), /mode must be async or sync/);
  });
});
