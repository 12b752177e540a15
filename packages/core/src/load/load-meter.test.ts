import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertAllocatesNothing } from '../testing/allocation.compliance.js';
import { FakeClock } from '../testing/index.js';
import { LoadMeter } from './load-meter.js';

function serve(meter: LoadMeter, clock: FakeClock, latencyMs: number, failed = false): void {
  const found = meter.begin();
  clock.advance(latencyMs);
  meter.end(found, latencyMs, failed);
}

describe('LoadMeter', () => {
  it('counts the requests in flight, those whose caller went away no longer', () => {
    const meter = new LoadMeter(new FakeClock());
    const found = [meter.begin(), meter.begin(), meter.begin()];
    assert.deepEqual(found, [0, 1, 2]);
    assert.equal(meter.requestsInFlight, 3);
    meter.end(0, 5, false);
    meter.abandon();
    assert.equal(meter.requestsInFlight, 1);
  });

  it('knows no latency until a request has ended', () => {
    const meter = new LoadMeter(new FakeClock());
    meter.begin();
    assert.equal(meter.report().latencyMs, undefined);
    meter.abandon();
    assert.equal(meter.report().latencyMs, undefined);
  });

  it('says the median of what requests took that found as many in flight', () => {
    const clock = new FakeClock();
    const meter = new LoadMeter(clock);
    for (const latencyMs of [30, 10, 20]) serve(meter, clock, latencyMs);
    const waiting = Array.from({ length: 5 }, () => meter.begin());
    for (const latencyMs of [300, 100, 200, 250]) serve(meter, clock, latencyMs);
    assert.equal(meter.latencyMs(), 225);
    for (const found of waiting) meter.end(found, 150, false);
    assert.equal(meter.latencyMs(), 25);
  });

  it('takes the nearest number of requests in flight when there was never the same, of two the busier', () => {
    const clock = new FakeClock();
    const meter = new LoadMeter(clock);
    serve(meter, clock, 10);
    meter.begin();
    assert.equal(meter.latencyMs(), 10);
    for (let count = 1; count < 4; count++) meter.begin();
    serve(meter, clock, 40);
    meter.abandon();
    meter.abandon();
    assert.equal(meter.requestsInFlight, 2);
    assert.equal(meter.latencyMs(), 40);
  });

  it('tells thousands in flight from hundreds', () => {
    const clock = new FakeClock();
    const meter = new LoadMeter(clock);
    for (let count = 0; count < 300; count++) meter.begin();
    serve(meter, clock, 100);
    for (let count = 300; count < 5000; count++) meter.begin();
    serve(meter, clock, 2000);
    assert.equal(meter.latencyMs(), 2000);
    for (let count = 5000; count > 310; count--) meter.abandon();
    assert.equal(meter.latencyMs(), 100);
  });

  it('forgets latencies that have become old', () => {
    const clock = new FakeClock();
    const meter = new LoadMeter(clock, { latencyMaxAgeMs: 1000 });
    serve(meter, clock, 10);
    clock.advance(1000);
    assert.equal(meter.latencyMs(), 10);
    clock.advance(1);
    assert.equal(meter.latencyMs(), undefined);
  });

  it('goes with the latest latencies', () => {
    const clock = new FakeClock();
    const meter = new LoadMeter(clock);
    for (let count = 0; count < 50; count++) serve(meter, clock, 10);
    for (let count = 0; count < 16; count++) serve(meter, clock, 50);
    assert.equal(meter.latencyMs(), 50);
  });

  it('says requests and failures per second over its window', () => {
    const clock = new FakeClock();
    const meter = new LoadMeter(clock);
    for (let count = 0; count < 400; count++) serve(meter, clock, 50, count % 4 === 0);
    const report = meter.report({ cpu: 0.5, application: 0.25 });
    assert.ok(Math.abs(report.qps - 20) < 0.5, String(report.qps));
    assert.ok(Math.abs(report.eps - 5) < 0.5, String(report.eps));
    assert.deepEqual([report.cpuUtilization, report.applicationUtilization], [0.5, 0.25]);
    clock.advance(20_000);
    assert.deepEqual([meter.report().qps, meter.report().eps], [0, 0]);
  });

  it('does not take its first request for a flood', () => {
    const clock = new FakeClock();
    const meter = new LoadMeter(clock);
    serve(meter, clock, 1);
    assert.equal(meter.report().qps, 1);
  });

  it('allocates nothing per request', () => {
    const clock = new FakeClock();
    const meter = new LoadMeter(clock);
    assertAllocatesNothing(() => {
      const found = meter.begin();
      meter.end(found, 12, false);
    });
  });
});
