import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openTelemetrySink } from './open-telemetry.js';

function fakeMeter() {
  const seen: [name: string, unit: string, value: number, attributes: object][] = [];
  const instrument = (name: string, { unit }: { unit: string }) => {
    const take = (value: number, attributes: object): void => void seen.push([name, unit, value, attributes]);
    return { add: take, record: take };
  };
  return { seen, createCounter: instrument, createHistogram: instrument };
}

describe('openTelemetrySink', () => {
  it('measures attempts under the names and with the labels of gRFC A66', () => {
    const meter = fakeMeter();
    const sink = openTelemetrySink(meter);
    sink.attemptStarted('k8s:///greeter:1', '/demo.Greeter/SayHello');
    sink.attemptEnded('k8s:///greeter:1', {
      method: '/demo.Greeter/SayHello',
      grpcCode: 4,
      durationMs: 1500,
    });
    sink.attemptStarted('', '');
    const labels = { 'grpc.method': 'demo.Greeter/SayHello', 'grpc.target': 'k8s:///greeter:1' };
    assert.deepEqual(meter.seen, [
      ['grpc.client.attempt.started', '{attempt}', 1, labels],
      ['grpc.client.attempt.duration', 's', 1.5, { ...labels, 'grpc.status': 'DEADLINE_EXCEEDED' }],
      ['grpc.client.attempt.started', '{attempt}', 1, { 'grpc.method': 'other', 'grpc.target': 'other' }],
    ]);
  });

  it('counts connections under the names of gRFC A78', () => {
    const meter = fakeMeter();
    const sink = openTelemetrySink(meter);
    for (const event of ['connected', 'connect failed', 'disconnected'] as const)
      sink.connectionChanged('t', event);
    assert.deepEqual(
      meter.seen.map(([name]) => name),
      [
        'grpc.lb.pick_first.connection_attempts_succeeded',
        'grpc.lb.pick_first.connection_attempts_failed',
        'grpc.lb.pick_first.disconnections',
      ],
    );
  });
});
