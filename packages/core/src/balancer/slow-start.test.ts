import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { seededRandom } from '../random.js';
import { FakeClock, fakeEndpoint, fakeHosts } from '../testing/index.js';
import { EndpointStats } from '../endpoint/endpoint-stats.js';
import { countPicks, describeCompliance } from './balancer.compliance.js';
import { LeastRequestBalancer } from './least-request.js';
import { RoundRobinBalancer } from './round-robin.js';
import { SlowStartBalancer, type SlowStartSettings } from './slow-start.js';

const settings: SlowStartSettings = { windowMs: 60_000, minWeightPercent: 10, aggression: 1 };

describeCompliance(
  'round_robin',
  (random) => new SlowStartBalancer(new RoundRobinBalancer(random), settings, new FakeClock()),
);
describeCompliance('least_request', (random) => {
  const inner = new LeastRequestBalancer({ choiceCount: 2, activeRequestBias: 1 }, random);
  return new SlowStartBalancer(inner, settings, new FakeClock());
});

class Rig {
  readonly clock = new FakeClock();
  readonly hosts: EndpointState[];
  readonly balancer: SlowStartBalancer<EndpointState>;

  /** Three hosts of long standing. */
  constructor(over: Partial<SlowStartSettings> = {}) {
    const inner = new RoundRobinBalancer<EndpointState>(seededRandom(1));
    this.balancer = new SlowStartBalancer(inner, { ...settings, ...over }, this.clock);
    this.hosts = fakeHosts(1, 1, 1);
    this.balancer.update(this.hosts);
    this.clock.advance(1_000_000);
    this.balancer.update(this.hosts);
  }

  join(): EndpointState {
    const newcomer = { endpoint: fakeEndpoint(9), stats: new EndpointStats() };
    this.hosts.push(newcomer);
    this.balancer.update(this.hosts);
    return newcomer;
  }

  /** Its share in relation to one of those of long standing. */
  factorOf(host: EndpointState): number {
    const counts = countPicks(this.balancer, 31_000);
    return (counts.get(host) ?? 0) / counts.get(this.hosts[0]!)!;
  }
}

describe('slow start', () => {
  it('raises the share of a newcomer from the least to the full one', () => {
    const rig = new Rig();
    const newcomer = rig.join();
    const factors: number[] = [];
    for (const stepMs of [0, 6_000, 9_000, 15_000, 15_000, 14_999, 1]) {
      rig.clock.advance(stepMs);
      factors.push(rig.factorOf(newcomer));
    }
    const due = [0.1, 0.1, 0.25, 0.5, 0.75, 1, 1];
    for (const [index, factor] of factors.entries()) {
      assert.ok(Math.abs(factor - due[index]!) < 0.02, `${factors} instead of ${due}`);
    }
  });

  it('follows the aggression', () => {
    const rig = new Rig({ aggression: 2, minWeightPercent: 0 });
    const newcomer = rig.join();
    rig.clock.advance(15_000);
    assert.ok(Math.abs(rig.factorOf(newcomer) - 0.5) < 0.01);
  });

  it('takes the first second for one', () => {
    const rig = new Rig({ minWeightPercent: 0, windowMs: 10_000 });
    assert.ok(Math.abs(rig.factorOf(rig.join()) - 0.1) < 0.01);
  });

  it('begins again when a host was out of order', () => {
    const rig = new Rig();
    const host = rig.hosts[1]!;
    host.stats.ejected = true;
    rig.balancer.update(rig.hosts);
    rig.clock.advance(30_000);
    host.stats.ejected = false;
    rig.balancer.update(rig.hosts);
    assert.ok(Math.abs(rig.factorOf(host) - 0.1) < 0.01);
    rig.clock.advance(60_000);
    assert.ok(Math.abs(rig.factorOf(host) - 1) < 0.01);
  });

  it('does not begin again with another configuration', () => {
    const rig = new Rig();
    const inner = new RoundRobinBalancer<EndpointState>(seededRandom(2));
    const newcomer = rig.join();
    rig.clock.advance(30_000);
    const next = new SlowStartBalancer<EndpointState>(inner, settings, rig.clock);
    next.update(rig.hosts);
    const counts = countPicks(next, 35_000);
    assert.ok(Math.abs(counts.get(newcomer)! / counts.get(rig.hosts[0]!)! - 0.5) < 0.02);
  });

  it('shares evenly among hosts that are all new', () => {
    const clock = new FakeClock();
    const hosts = fakeHosts(1, 1);
    const balancer = new SlowStartBalancer(
      new RoundRobinBalancer<EndpointState>(seededRandom(1)),
      settings,
      clock,
    );
    balancer.update(hosts);
    const counts = countPicks(balancer, 1_000);
    assert.deepEqual([...counts.values()], [500, 500]);
  });

  it('sets no timer', () => {
    const rig = new Rig();
    rig.join();
    assert.equal(rig.clock.pendingTimers, 0);
  });
});
