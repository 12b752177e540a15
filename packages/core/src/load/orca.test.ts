import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { emptyLoadReport, type OrcaLoadReport } from './load-report.js';
import { decodeOrcaLoadReport, encodeOrcaLoadReport } from './orca.js';

/** The message as xDS defines it, read and written by protobufjs: the referee. */
const Referee = protobuf
  .parse(
    `syntax = "proto3";
     message OrcaLoadReport {
       double cpu_utilization = 1; double mem_utilization = 2; uint64 rps = 3;
       map<string, double> request_cost = 4; map<string, double> utilization = 5;
       double rps_fractional = 6; double eps = 7; map<string, double> named_metrics = 8;
       double application_utilization = 9; string unknown = 100; fixed32 other = 101;
     }`,
    { keepCase: true },
  )
  .root.lookupType('OrcaLoadReport');

const amount = fc.double({ min: 0, max: 1e9, noNaN: true });
const metrics = fc.option(
  fc
    .uniqueArray(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), amount), {
      minLength: 1,
      maxLength: 4,
      selector: ([name]) => name,
    })
    .filter((entries) => entries.every(([name]) => !name.startsWith('weir.') && name !== '__proto__'))
    .map((entries) => new Map(entries)),
  { nil: undefined },
);
const reports: fc.Arbitrary<OrcaLoadReport> = fc.record(
  {
    requestsInFlight: fc.option(fc.nat(), { nil: undefined }),
    latencyMs: fc.option(amount, { nil: undefined }),
    cpuUtilization: amount,
    applicationUtilization: amount,
    qps: amount,
    eps: amount,
    namedMetrics: metrics,
    memoryUtilization: amount,
    utilization: metrics,
    requestCost: metrics,
  },
  { noNullPrototype: true },
);

describe('OrcaLoadReport', () => {
  it('comes back as it was sent', () => {
    fc.assert(
      fc.property(reports, (report) => {
        assert.deepEqual(decodeOrcaLoadReport(encodeOrcaLoadReport(report)), report);
      }),
      { seed: 51, numRuns: 300 },
    );
  });

  it('is read by protobufjs as it was meant', () => {
    const bytes = encodeOrcaLoadReport({
      requestsInFlight: 7,
      latencyMs: 12.5,
      cpuUtilization: 0.5,
      memoryUtilization: 0.25,
      applicationUtilization: 0.75,
      qps: 100.5,
      eps: 2,
      namedMetrics: new Map([['größe', 3]]),
      utilization: new Map([['disk', 0]]),
      requestCost: new Map([['rows', 9]]),
    });
    assert.deepEqual(Referee.toObject(Referee.decode(bytes)), {
      cpu_utilization: 0.5,
      mem_utilization: 0.25,
      request_cost: { rows: 9 },
      utilization: { disk: 0 },
      rps_fractional: 100.5,
      eps: 2,
      named_metrics: { 'weir.rif': 7, 'weir.latency_ms': 12.5, größe: 3 },
      application_utilization: 0.75,
    });
  });

  it('reads what protobufjs writes, and passes over what it does not know', () => {
    const bytes = Referee.encode({
      unknown: 'x'.repeat(300),
      other: 5,
      rps: 33,
      cpu_utilization: 0.5,
      named_metrics: { queue: 4, 'weir.rif': 2 },
    }).finish();
    assert.deepEqual(decodeOrcaLoadReport(bytes), {
      ...emptyLoadReport,
      cpuUtilization: 0.5,
      qps: 33,
      requestsInFlight: 2,
      namedMetrics: new Map([['queue', 4]]),
    });
  });

  it('takes a value that is no number of at least 0 as not said', () => {
    const bytes = Referee.encode({
      cpu_utilization: NaN,
      rps_fractional: Infinity,
      eps: -1,
      named_metrics: { 'weir.rif': -3, 'weir.latency_ms': NaN },
    }).finish();
    assert.deepEqual(decodeOrcaLoadReport(bytes), emptyLoadReport);
  });

  it('refuses what is cut short or no message, and never throws', () => {
    const whole = encodeOrcaLoadReport({ requestsInFlight: 1, namedMetrics: new Map([['a', 1]]) });
    assert.equal(decodeOrcaLoadReport(whole.subarray(0, whole.length - 1)), undefined);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const report = decodeOrcaLoadReport(bytes);
        assert.ok(report === undefined || report.cpuUtilization >= 0);
      }),
      { seed: 52, numRuns: 2000 },
    );
  });
});
