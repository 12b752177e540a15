import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { emptyLoadReport, type OrcaLoadReport } from '../load/load-report.js';
import { seededRandom } from '../random.js';
import { FakeClock, fakeHosts } from '../testing/index.js';
import { anyHost, countPicks, describeCompliance } from './balancer.compliance.js';
import { WeightedRoundRobinBalancer, type WeightedRoundRobinSettings } from './weighted-round-robin.js';

describeCompliance(
  'weighted_round_robin',
  (random) => new WeightedRoundRobinBalancer({}, random, new FakeClock()),
);

class Rig {
  readonly clock = new FakeClock();
  readonly hosts: EndpointState[];
  readonly balancer: WeightedRoundRobinBalancer<EndpointState>;

  constructor(count: number, settings: WeightedRoundRobinSettings = {}) {
    this.hosts = fakeHosts(...Array.from({ length: count }, () => 1));
    this.balancer = new WeightedRoundRobinBalancer(settings, seededRandom(1), this.clock);
    this.balancer.update(this.hosts);
  }

  report(index: number, report: Partial<OrcaLoadReport>): void {
    const load = { ...emptyLoadReport, ...report };
    const ended = { latencyMs: 1, failed: false, grpcCode: 0, pushbackMs: undefined, load };
    this.balancer.onAttemptEnd(this.hosts[index]!, ended);
  }

  /** Reports of all hosts for longer than the blackout. */
  reportForLong(...reports: readonly Partial<OrcaLoadReport>[]): void {
    for (let second = 0; second <= 11; second++) {
      reports.forEach((report, index) => this.report(index, report));
      this.clock.advance(1_000);
    }
  }

  /** Picks of each host, as parts of 120. */
  shares(): number[] {
    const counts = countPicks(this.balancer, 120_000);
    return this.hosts.map((host) => Math.round((counts.get(host) ?? 0) / 1_000));
  }
}

describe('weighted_round_robin', () => {
  it('divides by requests a second over utilization', () => {
    const rig = new Rig(3);
    rig.reportForLong(
      { qps: 100, applicationUtilization: 0.5 },
      { qps: 100, applicationUtilization: 0.25 },
      { qps: 300, applicationUtilization: 1.5 },
    );
    assert.deepEqual(rig.shares(), [30, 60, 30]);
  });

  it('adds failures to the utilization', () => {
    const reports = [
      { qps: 100, eps: 50, cpuUtilization: 0.5 },
      { qps: 100, cpuUtilization: 0.5 },
    ];
    const rig = new Rig(2);
    rig.reportForLong(...reports);
    assert.deepEqual(rig.shares(), [40, 80]);
    const harsh = new Rig(2, { errorUtilizationPenalty: 2 });
    harsh.reportForLong(...reports);
    assert.deepEqual(harsh.shares(), [30, 90]);
    const careless = new Rig(2, { errorUtilizationPenalty: 0 });
    careless.reportForLong(...reports);
    assert.deepEqual(careless.shares(), [60, 60]);
  });

  it('asks the named metrics first, then the application, then the processor', () => {
    const names = ['named_metrics.queue', 'utilization.gpu', 'mem_utilization'];
    const rig = new Rig(4, { utilizationMetrics: names });
    const said = { qps: 100, cpuUtilization: 0.1, applicationUtilization: 0.2 };
    rig.reportForLong(
      { ...said, namedMetrics: new Map([['queue', 0.3]]), utilization: new Map([['gpu', 0.6]]) },
      { ...said, memoryUtilization: 0.3 },
      { ...said, namedMetrics: new Map([['other', 0.9]]) },
      { qps: 100, cpuUtilization: 0.1 },
    );
    // 1/0.6 : 1/0.3 : 1/0.2 : 1/0.1
    assert.deepEqual(rig.shares(), [10, 20, 30, 60]);
  });

  it('gives hosts without a weight the mean of the others', () => {
    const rig = new Rig(3);
    rig.reportForLong({ qps: 10, cpuUtilization: 1 }, { qps: 30, cpuUtilization: 1 });
    assert.deepEqual(rig.shares(), [20, 60, 40]);
  });

  it('is round robin with fewer than two weights', () => {
    const rig = new Rig(3);
    rig.reportForLong({ qps: 10, cpuUtilization: 1 });
    assert.deepEqual(rig.shares(), [40, 40, 40]);
  });

  it('waits out the blackout, and does so again when a host has been away', () => {
    const rig = new Rig(2);
    const report = (): void => {
      rig.report(0, { qps: 10, cpuUtilization: 1 });
      rig.report(1, { qps: 30, cpuUtilization: 1 });
      rig.clock.advance(1_000);
    };
    for (let second = 0; second < 9; second++) report();
    assert.deepEqual(rig.shares(), [60, 60]);
    for (let second = 0; second < 2; second++) report();
    assert.deepEqual(rig.shares(), [30, 90]);
    rig.hosts[1]!.stats.ejected = true;
    rig.balancer.update(rig.hosts);
    rig.hosts[1]!.stats.ejected = false;
    rig.balancer.update(rig.hosts);
    assert.deepEqual(rig.shares(), [60, 60]);
    for (let second = 0; second < 12; second++) report();
    assert.deepEqual(rig.shares(), [30, 90]);
  });

  it('forgets weights that are not confirmed', () => {
    const rig = new Rig(2);
    rig.reportForLong({ qps: 10, cpuUtilization: 1 }, { qps: 30, cpuUtilization: 1 });
    rig.clock.advance(178_000);
    assert.deepEqual(rig.shares(), [30, 90]);
    rig.clock.advance(2_000);
    assert.deepEqual(rig.shares(), [60, 60]);
  });

  it('ignores reports that say nothing of use', () => {
    const rig = new Rig(2);
    rig.reportForLong({ qps: 10, cpuUtilization: 1 }, { qps: 30, cpuUtilization: 1 });
    for (const useless of [{}, { qps: 5 }, { cpuUtilization: 1 }, { qps: NaN, cpuUtilization: 1 }]) {
      rig.report(0, useless);
    }
    rig.clock.advance(1_000);
    assert.deepEqual(rig.shares(), [30, 90]);
  });

  it('sets the weights anew once in the update period, without a timer', () => {
    const rig = new Rig(2, { blackoutMs: 0, updateMs: 500 });
    rig.report(0, { qps: 10, cpuUtilization: 1 });
    rig.report(1, { qps: 30, cpuUtilization: 1 });
    assert.deepEqual(rig.shares(), [60, 60]);
    rig.clock.advance(499);
    assert.deepEqual(rig.shares(), [60, 60]);
    rig.clock.advance(1);
    assert.deepEqual(rig.shares(), [30, 90]);
    assert.equal(rig.clock.pendingTimers, 0);
  });

  it('goes on with the weights under another balancer', () => {
    const rig = new Rig(2);
    rig.reportForLong({ qps: 10, cpuUtilization: 1 }, { qps: 30, cpuUtilization: 1 });
    const next = new WeightedRoundRobinBalancer<EndpointState>({}, seededRandom(2), rig.clock);
    next.update(rig.hosts);
    assert.equal(countPicks(next, 4_000).get(rig.hosts[1]!), 3_000);
  });

  it('follows slow start on top of the reported weights', () => {
    const rig = new Rig(2, { blackoutMs: 0 });
    rig.report(0, { qps: 10, cpuUtilization: 1 });
    rig.report(1, { qps: 10, cpuUtilization: 1 });
    rig.balancer.update(rig.hosts, {
      isAvailable: () => true,
      weightOf: (host) => (host === rig.hosts[0] ? 0.2 : 1),
    });
    assert.deepEqual(rig.shares(), [20, 100]);
    assert.ok(rig.balancer.pick(anyHost));
  });

  it('refuses settings that are out of their range', () => {
    for (const settings of [{ blackoutMs: -1 }, { errorUtilizationPenalty: NaN }, { updateMs: -5 }]) {
      assert.throws(() => new Rig(1, settings), RangeError);
    }
  });
});
