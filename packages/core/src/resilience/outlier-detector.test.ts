import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { seededRandom } from '../random.js';
import { FakeClock, fakeHosts } from '../testing/index.js';
import { OutlierDetector } from './outlier-detector.js';
import { defaultOutlierSettings, type OutlierSettings } from './outlier-settings.js';

const UNAVAILABLE = 14;
const NOT_FOUND = 5;

class Rig {
  readonly clock = new FakeClock();
  readonly hosts: readonly EndpointState[];
  readonly detector: OutlierDetector;
  changes = 0;

  constructor(hosts: number, over: Partial<OutlierSettings> = {}, seed = 1) {
    this.hosts = fakeHosts(...Array.from({ length: hosts }, () => 1));
    const settings = { ...defaultOutlierSettings, ...over };
    this.detector = new OutlierDetector(settings, this.clock, seededRandom(seed), () => (this.changes += 1));
    this.detector.setHosts(this.hosts);
  }

  get ejected(): number[] {
    return this.hosts.flatMap(({ stats }, index) => (stats.ejected ? [index] : []));
  }

  grpc(host: number, code: number, times = 1): void {
    for (let time = 0; time < times; time++) this.detector.answered(this.hosts[host]!, 200, code);
  }

  http(host: number, status: number, times = 1): void {
    for (let time = 0; time < times; time++) this.detector.answered(this.hosts[host]!, status, undefined);
  }

  /** So many answers, of which so many percent are good. */
  rate(host: number, requests: number, percent: number): void {
    const good = (requests * percent) / 100;
    // Never five errors in a row: it is the rate that is to be looked at.
    for (let request = 0; request < requests; request++) {
      const isGood = Math.floor(((request + 1) * good) / requests) > Math.floor((request * good) / requests);
      this.grpc(host, isGood ? 0 : UNAVAILABLE);
    }
  }
}

describe('OutlierDetector, errors in a row', () => {
  it('ejects at the fifth, be they gRPC or HTTP', () => {
    const rig = new Rig(10);
    rig.grpc(3, UNAVAILABLE, 4);
    assert.deepEqual(rig.ejected, []);
    rig.http(3, 500);
    assert.deepEqual(rig.ejected, [3]);
    assert.equal(rig.changes, 1);
    assert.deepEqual(rig.detector.counts.get('consecutive_5xx'), { detected: 1, enforced: 1 });
  });

  it('starts counting again with every good answer, errors of the caller among them', () => {
    const rig = new Rig(10);
    for (const code of [0, NOT_FOUND, 3, 7, 8, 1]) {
      rig.grpc(0, UNAVAILABLE, 4);
      rig.grpc(0, code);
    }
    rig.http(0, 503, 4);
    rig.http(0, 429);
    assert.deepEqual(rig.ejected, []);
  });

  it('takes the gRPC codes of a server in trouble for errors, and others if told so', () => {
    for (const code of [2, 4, 12, 13, 14, 15]) {
      const rig = new Rig(10);
      rig.grpc(0, code, 5);
      assert.deepEqual(rig.ejected, [0], `code ${code}`);
    }
    const own = new Rig(10, { grpcErrors: new Set([8]), httpErrors: new Set([429]) });
    own.grpc(0, UNAVAILABLE, 10);
    own.http(1, 503, 10);
    assert.deepEqual(own.ejected, []);
    own.grpc(0, 8, 5);
    assert.deepEqual(own.ejected, [0]);
    const http = new Rig(10, { httpErrors: new Set([429]) });
    http.http(0, 429, 5);
    assert.deepEqual(http.ejected, [0]);
  });

  it('goes by the HTTP status of a gRPC call that did not get to the application', () => {
    const rig = new Rig(10);
    for (let time = 0; time < 5; time++) rig.detector.answered(rig.hosts[0]!, 503, NOT_FOUND);
    assert.deepEqual(rig.ejected, [0]);
  });

  it('counts failures of a gateway by themselves when that is enforced', () => {
    const over = { consecutive5xx: 0, consecutiveGatewayFailure: 3, enforcingConsecutiveGatewayFailure: 100 };
    const rig = new Rig(10, over);
    rig.http(0, 503, 2);
    rig.http(0, 500);
    rig.http(0, 503, 2);
    assert.deepEqual(rig.ejected, []);
    rig.grpc(0, 4);
    assert.deepEqual(rig.ejected, [0]);
    assert.equal(rig.detector.counts.get('consecutive_gateway_failure')?.enforced, 1);
  });

  it('takes failures on the way for errors of the host, and resets too', () => {
    const rig = new Rig(10);
    rig.detector.localFailure(rig.hosts[0]!);
    rig.detector.reset(rig.hosts[0]!);
    rig.grpc(0, UNAVAILABLE, 3);
    assert.deepEqual(rig.ejected, [0]);
  });

  it('counts failures on the way apart when told so', () => {
    const rig = new Rig(10, { splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailure: 3 });
    const [host] = rig.hosts as [EndpointState];
    rig.grpc(0, UNAVAILABLE, 4);
    rig.detector.localFailure(host);
    rig.detector.localFailure(host);
    assert.deepEqual(rig.ejected, []);
    rig.detector.connected(host);
    rig.detector.localFailure(host);
    rig.detector.localFailure(host);
    assert.deepEqual(rig.ejected, []);
    rig.detector.localFailure(host);
    assert.deepEqual(rig.ejected, [0]);
    assert.equal(rig.detector.counts.get('consecutive_local_origin_failure')?.enforced, 1);
    assert.equal(rig.detector.counts.get('consecutive_5xx')?.detected, 0);
  });

  it('does nothing when it is switched off', () => {
    const rig = new Rig(10, { consecutive5xx: 0 });
    rig.grpc(0, UNAVAILABLE, 20);
    assert.deepEqual(rig.ejected, []);
  });

  it('carries out the share of ejections that is to be enforced', () => {
    const rig = new Rig(1_000, { enforcingConsecutive5xx: 30, maxEjectionPercent: 100 });
    for (let host = 0; host < 1_000; host++) rig.grpc(host, UNAVAILABLE, 5);
    assert.ok(Math.abs(rig.ejected.length - 300) < 75, `${rig.ejected.length} of 1000`);
    assert.equal(rig.detector.counts.get('consecutive_5xx')?.detected, 1_000);
  });
});

describe('OutlierDetector, length of an ejection', () => {
  it('ends with the first interval after 30 s, and the host starts afresh', () => {
    const rig = new Rig(10);
    rig.clock.advance(5_000);
    rig.grpc(0, UNAVAILABLE, 9);
    rig.clock.advance(30_000 - 1);
    assert.deepEqual(rig.ejected, [0]);
    rig.clock.advance(5_000 + 1);
    assert.deepEqual(rig.ejected, []);
    assert.equal(rig.changes, 2);
    rig.grpc(0, UNAVAILABLE, 4);
    assert.deepEqual(rig.ejected, []);
  });

  it('grows by 30 s with each ejection up to 300 s, and shrinks with each good interval', () => {
    const rig = new Rig(10);
    const lengths: number[] = [];
    const ejectOnce = (): void => {
      rig.grpc(0, UNAVAILABLE, 5);
      const beganMs = rig.clock.nowMs();
      while (rig.ejected.length > 0) rig.clock.advance(10_000);
      lengths.push((rig.clock.nowMs() - beganMs) / 1_000);
    };
    for (let time = 0; time < 12; time++) ejectOnce();
    assert.deepEqual(lengths, [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]);
    rig.clock.advance(70_000);
    lengths.length = 0;
    ejectOnce();
    assert.deepEqual(lengths, [120]);
    rig.clock.advance(1_000_000);
    lengths.length = 0;
    ejectOnce();
    assert.deepEqual(lengths, [30]);
  });

  it('is no shorter than the base, whatever the longest is said to be', () => {
    const rig = new Rig(10, { maxEjectionMs: 5_000 });
    rig.grpc(0, UNAVAILABLE, 5);
    rig.clock.advance(29_999);
    assert.deepEqual(rig.ejected, [0]);
    rig.clock.advance(1);
    assert.deepEqual(rig.ejected, []);
  });

  it('varies by the jitter that is asked for', () => {
    const lengths = Array.from({ length: 50 }, (_, seed) => {
      const rig = new Rig(10, { maxEjectionJitterMs: 10_000 }, seed);
      rig.grpc(0, UNAVAILABLE, 5);
      return rig.hosts[0]!.stats.outlier!.ejectionMs;
    });
    assert.ok(Math.min(...lengths) >= 30_000 && Math.max(...lengths) < 40_000);
    assert.ok(Math.max(...lengths) - Math.min(...lengths) > 8_000);
  });
});

describe('OutlierDetector, how many', () => {
  const ejectAll = (hosts: number, maxEjectionPercent: number): Rig => {
    const rig = new Rig(hosts, { maxEjectionPercent });
    for (let host = 0; host < hosts; host++) rig.grpc(host, UNAVAILABLE, 5);
    return rig;
  };

  it('ejects no more than the percentage, and one of several in any case', () => {
    const most: [number, number, number][] = [
      [100, 10, 10],
      [19, 10, 1],
      [3, 10, 1],
      [2, 10, 1],
      [1, 10, 0],
      [3, 50, 1],
      [4, 50, 2],
      [3, 100, 3],
      [1, 100, 1],
      [10, 0, 0],
    ];
    for (const [hosts, percent, expected] of most) {
      const rig = ejectAll(hosts, percent);
      assert.equal(rig.ejected.length, expected, `${percent} % of ${hosts}`);
      assert.equal(rig.detector.overflows, hosts - expected);
    }
  });

  it('lets the next one be ejected when one has come back', () => {
    const rig = ejectAll(3, 10);
    assert.deepEqual(rig.ejected, [0]);
    rig.clock.advance(30_000);
    rig.grpc(2, UNAVAILABLE, 5);
    assert.deepEqual(rig.ejected, [2]);
  });

  it('keeps the state of a host that stays through an update, and counts only hosts that are there', () => {
    const rig = new Rig(4, { maxEjectionPercent: 50 });
    rig.grpc(0, UNAVAILABLE, 5);
    rig.grpc(1, UNAVAILABLE, 4);
    rig.detector.setHosts(rig.hosts.slice(0, 2));
    assert.equal(rig.detector.ejected, 1);
    rig.grpc(1, UNAVAILABLE);
    assert.deepEqual(rig.ejected, [0]);
    rig.detector.setHosts(rig.hosts.slice(1));
    assert.equal(rig.detector.ejected, 0);
    rig.grpc(1, UNAVAILABLE, 5);
    assert.deepEqual(rig.ejected, [0, 1]);
  });

  it('does not eject a host that has left', () => {
    const rig = new Rig(4);
    rig.detector.setHosts(rig.hosts.slice(1));
    rig.grpc(0, UNAVAILABLE, 9);
    assert.deepEqual(rig.ejected, []);
  });

  it('never ejects more than it may, whatever happens', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ host: fc.nat(9), code: fc.constantFrom(0, UNAVAILABLE, UNAVAILABLE), times: fc.nat(6) }),
        fc.record({ advanceMs: fc.nat(40_000) }),
      ),
      { maxLength: 150 },
    );
    fc.assert(
      fc.property(steps, fc.nat(100), (sequence, percent) => {
        const rig = new Rig(10, { maxEjectionPercent: percent });
        const most = percent === 0 ? 0 : Math.max(1, Math.floor(percent / 10));
        for (const step of sequence) {
          if ('advanceMs' in step) rig.clock.advance(step.advanceMs);
          else rig.grpc(step.host, step.code, step.times);
          assert.ok(rig.ejected.length <= most);
          assert.equal(rig.detector.ejected, rig.ejected.length);
        }
        rig.clock.advance(400_000);
        assert.deepEqual(rig.ejected, []);
      }),
      { seed: 15, numRuns: 100 },
    );
  });
});

describe('OutlierDetector, rates', () => {
  it('ejects at the end of the interval who does worse than the rest', () => {
    const rig = new Rig(5, { maxEjectionPercent: 100 });
    for (let host = 0; host < 4; host++) rig.rate(host, 100, 100);
    rig.rate(4, 100, 50);
    assert.deepEqual(rig.ejected, []);
    rig.clock.advance(10_000);
    assert.deepEqual(rig.ejected, [4]);
    assert.equal(rig.detector.counts.get('success_rate')?.enforced, 1);
  });

  it('looks at one interval at a time', () => {
    const rig = new Rig(5, { maxEjectionPercent: 100 });
    for (let half = 0; half < 2; half++) {
      for (let host = 0; host < 4; host++) rig.rate(host, 50, 100);
      rig.rate(4, 50, 50);
      rig.clock.advance(10_000);
    }
    assert.deepEqual(rig.ejected, []);
  });

  it('ejects who fails too often when that is enforced', () => {
    const failurePercentage = { ...defaultOutlierSettings.failurePercentage, enforcing: 100, threshold: 40 };
    const rig = new Rig(5, { failurePercentage, maxEjectionPercent: 100 });
    for (const [host, percent] of [90, 60, 62, 60, 90].entries()) rig.rate(host, 50, percent);
    rig.clock.advance(10_000);
    assert.deepEqual(rig.ejected, [1, 3]);
    assert.equal(rig.detector.counts.get('failure_percentage')?.enforced, 2);
  });

  it('looks at failures on the way by themselves when they count apart', () => {
    const rig = new Rig(5, {
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailure: 0,
      maxEjectionPercent: 100,
    });
    for (const host of rig.hosts) {
      for (let time = 0; time < 100; time++) {
        if (host === rig.hosts[2] && time % 2 === 0) rig.detector.localFailure(host);
        else rig.detector.connected(host);
      }
    }
    rig.clock.advance(10_000);
    assert.deepEqual(rig.ejected, [2]);
    assert.equal(rig.detector.counts.get('local_origin_success_rate')?.enforced, 1);
  });
});

describe('OutlierDetector, its own life', () => {
  it('brings everybody back when it is closed, and leaves no timer', () => {
    const rig = new Rig(10);
    rig.grpc(0, UNAVAILABLE, 5);
    rig.detector.close();
    assert.deepEqual(rig.ejected, []);
    assert.equal(rig.changes, 2);
    assert.equal(rig.clock.pendingTimers, 0);
  });

  it('sleeps while there are no hosts', () => {
    const rig = new Rig(2);
    assert.equal(rig.clock.pendingTimers, 1);
    rig.detector.setHosts([]);
    assert.equal(rig.clock.pendingTimers, 0);
  });

  it('goes by new settings at once and keeps what it knows', () => {
    const rig = new Rig(10);
    rig.grpc(0, UNAVAILABLE, 2);
    rig.detector.configure({
      ...defaultOutlierSettings,
      consecutive5xx: 3,
      intervalMs: 1_000,
      baseEjectionMs: 500,
    });
    rig.grpc(0, UNAVAILABLE);
    assert.deepEqual(rig.ejected, [0]);
    rig.clock.advance(1_000);
    assert.deepEqual(rig.ejected, []);
  });
});
