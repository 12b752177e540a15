import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { OutlierRig, UNAVAILABLE } from './outlier-rig.test.support.js';

describe('OutlierDetector, how many', () => {
  const ejectAll = (hosts: number, maxEjectionPercent: number): OutlierRig => {
    const rig = new OutlierRig(hosts, { maxEjectionPercent });
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
    const rig = new OutlierRig(4, { maxEjectionPercent: 50 });
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
    const rig = new OutlierRig(4);
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
        const rig = new OutlierRig(10, { maxEjectionPercent: percent });
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
