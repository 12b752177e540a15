import { GRPC_CODE_NAMES } from '@weir/core';
import type { MetricSink } from './metric-sink.js';

type Attributes = Readonly<Record<string, string>>;

interface InstrumentOptions {
  readonly description: string;
  readonly unit: string;
  readonly advice?: { readonly explicitBucketBoundaries: number[] };
}

/** What is used of OpenTelemetry's `Meter`; any later version has it. */
export interface MeterLike {
  createCounter(
    name: string,
    options: InstrumentOptions,
  ): { add(value: number, attributes: Attributes): void };
  createHistogram(
    name: string,
    options: InstrumentOptions,
  ): { record(value: number, attributes: Attributes): void };
}

/** gRFC A66, "Buckets for histograms", in seconds. */
const LATENCY_BUCKETS = [
  0, 0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01,
  0.013, 0.016, 0.02, 0.025, 0.03, 0.04, 0.05, 0.065, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65,
  0.8, 1, 2, 5, 10, 20, 50, 100,
];

/** gRFC A66: what is not known is `other`. */
const OTHER = 'other';

/**
 * Measures attempts (gRFC A66, `grpc.client.attempt.*`) and connections (gRFC A78, `grpc.lb.pick_first.*`, as
 * each endpoint is a `pick_first` of its own) under gRPC's names.
 */
export function openTelemetrySink(meter: MeterLike): MetricSink {
  const started = meter.createCounter('grpc.client.attempt.started', {
    description: 'Number of client call attempts started',
    unit: '{attempt}',
  });
  const duration = meter.createHistogram('grpc.client.attempt.duration', {
    description: 'End-to-end time taken to complete a client call attempt',
    unit: 's',
    advice: { explicitBucketBoundaries: LATENCY_BUCKETS },
  });
  const connected = meter.createCounter('grpc.lb.pick_first.connection_attempts_succeeded', {
    description: 'Number of successful connection attempts',
    unit: '{attempt}',
  });
  const failed = meter.createCounter('grpc.lb.pick_first.connection_attempts_failed', {
    description: 'Number of failed connection attempts',
    unit: '{attempt}',
  });
  const disconnected = meter.createCounter('grpc.lb.pick_first.disconnections', {
    description: 'Number of times the selected subchannel becomes disconnected',
    unit: '{disconnection}',
  });
  return {
    attemptStarted(target, method) {
      started.add(1, { 'grpc.method': methodName(method), 'grpc.target': target || OTHER });
    },
    attemptEnded(target, { method, grpcCode, durationMs }) {
      duration.record(durationMs / 1000, {
        'grpc.method': methodName(method),
        'grpc.target': target || OTHER,
        'grpc.status': statusName(grpcCode),
      });
    },
    connectionChanged(target, event) {
      const counter = event === 'connected' ? connected : event === 'disconnected' ? disconnected : failed;
      counter.add(1, { 'grpc.target': target || OTHER });
    },
  };
}

function methodName(path: string): string {
  return path.startsWith('/') ? path.slice(1) : OTHER;
}

/** As gRPC spells it: `DEADLINE_EXCEEDED`. */
function statusName(code: number): string {
  return (GRPC_CODE_NAMES[code] ?? 'unknown').toUpperCase().replaceAll('-', '_');
}
