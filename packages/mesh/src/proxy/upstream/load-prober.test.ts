import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeOrcaLoadReport, LOAD_PROBE_PATH, LOAD_TRAILER, type LoadReport } from '@weir/core';
import type { FakeEndpoint } from '../relay/relay-rig.test.support.js';
import { RelayRig } from '../relay/relay-rig.test.support.js';
import type { PeerCall } from '../relay/peer.test.support.js';
import { LoadProber } from './load-prober.js';

const GRPC = { ':status': '200', 'content-type': 'application/grpc' };
const report = (requestsInFlight: number): string =>
  Buffer.from(encodeOrcaLoadReport({ requestsInFlight, latencyMs: 3 })).toString('base64');

/** A prober of one endpoint, which has a connection already. */
function probing(answer: (call: PeerCall) => void) {
  const rig = new RelayRig();
  const prober = new LoadProber(() => rig.context, rig.cluster);
  const endpoint = rig.endpoints[0]!;
  const replies: (LoadReport | undefined)[] = [];
  const probe = async (): Promise<void> => {
    prober.probe(rig.host(endpoint), (reply) => replies.push(reply));
    await settle(rig);
  };
  endpoint.onCall = answer;
  return { rig, endpoint, replies, probe };
}

/** Replies come behind the call that brought them. */
async function settle(rig: RelayRig): Promise<void> {
  rig.settle();
  await Promise.resolve();
}

const probesTo = ({ calls }: FakeEndpoint): number => calls.length;

describe('LoadProber', () => {
  it('dials for its first probe, and has an answer from the next one on', async () => {
    const { rig, endpoint, replies, probe } = probing((call) =>
      call.sendHeaders({ ...GRPC, 'grpc-status': '0', [LOAD_TRAILER]: report(4) }, true),
    );
    await probe();
    assert.equal(replies.length, 1);
    assert.equal(endpoint.dials, 1);
    await probe();
    assert.deepEqual([replies[0], replies[1]?.requestsInFlight], [undefined, 4]);
    assert.equal(endpoint.calls[0]!.headers?.[':path'], LOAD_PROBE_PATH);
    assert.equal(rig.host(endpoint).stats.started, 0, 'it is no request');
    assert.equal(rig.counters.probesAnswered, 1);
  });

  it('reads a report from trailers as well', async () => {
    const { replies, probe } = probing((call) => {
      call.sendHeaders(GRPC).send('\0\0\0\0\0');
      call.sendTrailers({ 'grpc-status': '0', [LOAD_TRAILER]: report(7) });
    });
    await probe();
    await probe();
    assert.equal(replies[1]?.requestsInFlight, 7);
  });

  it('leaves an endpoint alone for five minutes that does not know what it is asked', async () => {
    const { rig, endpoint, replies, probe } = probing((call) =>
      call.sendHeaders({ ...GRPC, 'grpc-status': '12' }, true),
    );
    for (let count = 0; count < 5; count++) await probe();
    assert.equal(probesTo(endpoint), 1);
    assert.deepEqual(replies, [undefined, undefined, undefined, undefined, undefined]);
    assert.equal(rig.counters.probesUnsupported, 1);
    rig.advance(5 * 60_000);
    await probe();
    assert.equal(probesTo(endpoint), 2);
  });

  it('waits no longer than it may, takes no late answer, and resets nothing', async () => {
    const calls: PeerCall[] = [];
    const { rig, endpoint, replies, probe } = probing((call) => calls.push(call));
    await probe();
    await probe();
    assert.equal(replies.length, 1);
    rig.advance(rig.context.options.probeTimeoutMs);
    assert.deepEqual(replies, [undefined, undefined]);
    assert.equal(rig.counters.probesLate, 1);
    calls[0]!.sendHeaders({ ...GRPC, 'grpc-status': '0', [LOAD_TRAILER]: report(1) }, true);
    await settle(rig);
    assert.equal(replies.length, 2);
    assert.equal(rig.host(endpoint).probesUnderWay, 0);
    assert.equal(calls[0]!.resetCode, undefined);
  });

  it('does not ask an endpoint for more that owes sixteen answers', async () => {
    const { endpoint, replies, probe } = probing(() => {});
    for (let count = 0; count < 30; count++) await probe();
    assert.equal(probesTo(endpoint), 16);
    assert.equal(replies.length, 14);
  });

  it('has no answer from a connection that breaks off', async () => {
    const { rig, endpoint, replies, probe } = probing(() => {});
    await probe();
    await probe();
    endpoint.connections[0]!.wire.lose(new Error('gone'));
    await settle(rig);
    assert.deepEqual(replies, [undefined, undefined]);
    assert.equal(rig.counters.probesFailed, 1);
  });
});
