import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { OutlierRig, UNAVAILABLE } from './outlier-rig.test.support.js';
import { defaultOutlierSettings } from './outlier-settings.js';

const NOT_FOUND = 5;

describe('OutlierDetector, errors in a row', () => {
  it('ejects at the fifth, be they gRPC or HTTP', () => {
    const rig = new OutlierRig(10);
    rig.grpc(3, UNAVAILABLE, 4);
    assert.deepEqual(rig.ejected, []);
    rig.http(3, 500);
    assert.deepEqual(rig.ejected, [3]);
    assert.equal(rig.changes, 1);
    assert.deepEqual(rig.detector.counts.get('consecutive_5xx'), { detected: 1, enforced: 1 });
  });

  it('starts counting again with every good answer, errors of the caller among them', () => {
    const rig = new OutlierRig(10);
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
      const rig = new OutlierRig(10);
      rig.grpc(0, code, 5);
      assert.deepEqual(rig.ejected, [0], `code ${code}`);
    }
    const own = new OutlierRig(10, { grpcErrors: new Set([8]), httpErrors: new Set([429]) });
    own.grpc(0, UNAVAILABLE, 10);
    own.http(1, 503, 10);
    assert.deepEqual(own.ejected, []);
    own.grpc(0, 8, 5);
    assert.deepEqual(own.ejected, [0]);
    const http = new OutlierRig(10, { httpErrors: new Set([429]) });
    http.http(0, 429, 5);
    assert.deepEqual(http.ejected, [0]);
  });

  it('goes by the HTTP status of a gRPC call that did not get to the application', () => {
    const rig = new OutlierRig(10);
    for (let time = 0; time < 5; time++) rig.detector.answered(rig.hosts[0]!, 503, NOT_FOUND);
    assert.deepEqual(rig.ejected, [0]);
  });

  it('counts failures of a gateway by themselves when that is enforced', () => {
    const over = { consecutive5xx: 0, consecutiveGatewayFailure: 3, enforcingConsecutiveGatewayFailure: 100 };
    const rig = new OutlierRig(10, over);
    rig.http(0, 503, 2);
    rig.http(0, 500);
    rig.http(0, 503, 2);
    assert.deepEqual(rig.ejected, []);
    rig.grpc(0, 4);
    assert.deepEqual(rig.ejected, [0]);
    assert.equal(rig.detector.counts.get('consecutive_gateway_failure')?.enforced, 1);
  });

  it('takes failures on the way for errors of the host, and resets too', () => {
    const rig = new OutlierRig(10);
    rig.detector.localFailure(rig.hosts[0]!);
    rig.detector.reset(rig.hosts[0]!);
    rig.grpc(0, UNAVAILABLE, 3);
    assert.deepEqual(rig.ejected, [0]);
  });

  it('counts failures on the way apart when told so', () => {
    const rig = new OutlierRig(10, {
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailure: 3,
    });
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
    const rig = new OutlierRig(10, { consecutive5xx: 0 });
    rig.grpc(0, UNAVAILABLE, 20);
    assert.deepEqual(rig.ejected, []);
  });

  it('carries out the share of ejections that is to be enforced', () => {
    const rig = new OutlierRig(1_000, { enforcingConsecutive5xx: 30, maxEjectionPercent: 100 });
    for (let host = 0; host < 1_000; host++) rig.grpc(host, UNAVAILABLE, 5);
    assert.ok(Math.abs(rig.ejected.length - 300) < 75, `${rig.ejected.length} of 1000`);
    assert.equal(rig.detector.counts.get('consecutive_5xx')?.detected, 1_000);
  });
});

describe('OutlierDetector, length of an ejection', () => {
  it('ends with the first interval after 30 s, and the host starts afresh', () => {
    const rig = new OutlierRig(10);
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
    const rig = new OutlierRig(10);
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
    const rig = new OutlierRig(10, { maxEjectionMs: 5_000 });
    rig.grpc(0, UNAVAILABLE, 5);
    rig.clock.advance(29_999);
    assert.deepEqual(rig.ejected, [0]);
    rig.clock.advance(1);
    assert.deepEqual(rig.ejected, []);
  });

  it('varies by the jitter that is asked for', () => {
    const lengths = Array.from({ length: 50 }, (_, seed) => {
      const rig = new OutlierRig(10, { maxEjectionJitterMs: 10_000 }, seed);
      rig.grpc(0, UNAVAILABLE, 5);
      return rig.hosts[0]!.stats.outlier!.ejectionMs;
    });
    assert.ok(Math.min(...lengths) >= 30_000 && Math.max(...lengths) < 40_000);
    assert.ok(Math.max(...lengths) - Math.min(...lengths) > 8_000);
  });
});

describe('OutlierDetector, rates', () => {
  it('ejects at the end of the interval who does worse than the rest', () => {
    const rig = new OutlierRig(5, { maxEjectionPercent: 100 });
    for (let host = 0; host < 4; host++) rig.rate(host, 100, 100);
    rig.rate(4, 100, 50);
    assert.deepEqual(rig.ejected, []);
    rig.clock.advance(10_000);
    assert.deepEqual(rig.ejected, [4]);
    assert.equal(rig.detector.counts.get('success_rate')?.enforced, 1);
  });

  it('looks at one interval at a time', () => {
    const rig = new OutlierRig(5, { maxEjectionPercent: 100 });
    for (let half = 0; half < 2; half++) {
      for (let host = 0; host < 4; host++) rig.rate(host, 50, 100);
      rig.rate(4, 50, 50);
      rig.clock.advance(10_000);
    }
    assert.deepEqual(rig.ejected, []);
  });

  it('ejects who fails too often when that is enforced', () => {
    const failurePercentage = { ...defaultOutlierSettings.failurePercentage, enforcing: 100, threshold: 40 };
    const rig = new OutlierRig(5, { failurePercentage, maxEjectionPercent: 100 });
    for (const [host, percent] of [90, 60, 62, 60, 90].entries()) rig.rate(host, 50, percent);
    rig.clock.advance(10_000);
    assert.deepEqual(rig.ejected, [1, 3]);
    assert.equal(rig.detector.counts.get('failure_percentage')?.enforced, 2);
  });

  it('looks at failures on the way by themselves when they count apart', () => {
    const rig = new OutlierRig(5, {
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
    const rig = new OutlierRig(10);
    rig.grpc(0, UNAVAILABLE, 5);
    rig.detector.close();
    assert.deepEqual(rig.ejected, []);
    assert.equal(rig.changes, 2);
    assert.equal(rig.clock.pendingTimers, 0);
  });

  it('sleeps while there are no hosts', () => {
    const rig = new OutlierRig(2);
    assert.equal(rig.clock.pendingTimers, 1);
    rig.detector.setHosts([]);
    assert.equal(rig.clock.pendingTimers, 0);
  });

  it('goes by new settings at once and keeps what it knows', () => {
    const rig = new OutlierRig(10);
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
