import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AttemptFeedback, emptyLoadReport } from '@weir/core';
import { CANCELLED, OK, UNAVAILABLE } from '../../grpc/status.js';
import { RelayRig } from './relay-rig.test.support.js';

/** A rig that writes down what is told of attempts. */
function listeningRig(endpoints = 1) {
  const rig = new RelayRig({ endpoints });
  const ends: (AttemptFeedback & { address: string })[] = [];
  rig.cluster.attemptEnded = ({ endpoint }, end) => {
    const { latencyMs, failed, grpcCode, pushbackMs, load } = end;
    ends.push({ address: endpoint.address, latencyMs, failed, grpcCode, pushbackMs, load });
  };
  return { rig, ends, endpoint: rig.endpoints[0]! };
}

describe('what is told of an attempt that has ended', () => {
  it('counts the latency up to the headers, and takes status and load from the trailers', () => {
    const { rig, ends, endpoint } = listeningRig();
    rig.connect().peer.call({}, true);
    rig.settle();
    rig.advance(30);
    const call = endpoint.calls[0]!;
    call.sendHeaders({ ':status': '200', 'content-type': 'application/grpc' }).send('reply');
    rig.settle();
    rig.advance(50);
    assert.equal(ends.length, 0);
    call.sendTrailers({ 'grpc-status': '0', 'endpoint-load-metrics-bin': 'CQAAAAAAAOA/' });
    rig.settle();
    assert.deepEqual(ends, [
      {
        address: endpoint.endpoint.address,
        latencyMs: 30,
        failed: false,
        grpcCode: OK,
        pushbackMs: undefined,
        load: { ...emptyLoadReport, cpuUtilization: 0.5 },
      },
    ]);
  });

  it('tells of a failure, and when the server is to be asked again', () => {
    const { rig, ends, endpoint } = listeningRig();
    endpoint.onCall = (call) =>
      call.sendHeaders(
        {
          ':status': '200',
          'content-type': 'application/grpc',
          'grpc-status': '14',
          'grpc-retry-pushback-ms': '250',
        },
        true,
      );
    rig.connect().peer.call({}, true);
    rig.settle();
    const [end] = ends;
    assert.deepEqual([end!.failed, end!.grpcCode, end!.pushbackMs], [true, UNAVAILABLE, 250]);
  });

  it('tells of each attempt at its own host when a request is sent elsewhere', () => {
    const { rig, ends } = listeningRig(2);
    const [first, second] = rig.endpoints;
    for (const endpoint of rig.endpoints) endpoint.onCall = (call) => call.respond();
    first!.mode = 'refuse';
    second!.mode = 'refuse';
    rig.connect().peer.call({}, true);
    rig.settle();
    assert.deepEqual(
      ends.map(({ failed, grpcCode }) => [failed, grpcCode]),
      ends.map(() => [true, -1]),
    );
    assert.equal(new Set(ends.map(({ address }) => address)).size, 2);
  });

  it('holds nothing against the host of a call that is given up', () => {
    const { rig, ends } = listeningRig();
    const call = rig.connect().peer.call({}, true);
    rig.settle();
    rig.advance(70);
    call.reset();
    rig.settle();
    const [end] = ends;
    assert.deepEqual([end!.latencyMs, end!.failed, end!.grpcCode], [70, false, CANCELLED]);
  });
});
