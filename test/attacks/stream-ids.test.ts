import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startAttackRange, EMPTY_MESSAGE, echoRequest, type AttackRange } from '../support/attack-range.js';
import {
  data,
  END_HEADERS,
  END_STREAM,
  goaway,
  GOAWAY,
  headers,
  HEADERS,
  PROTOCOL_ERROR,
  type Frame,
} from '../support/raw-frames/frame.js';
import { block } from '../support/raw-frames/hpack-writer.js';
import { startVolumeServer, type VolumePeer, type VolumeServer } from '../support/volume-peer.js';
import { until } from '../support/until.js';

const largest = 0x7fffffff;
const ok = block([':status', '200'], ['content-type', 'application/grpc'], ['grpc-status', '0']);
const wholeRequest = (id: number): Buffer =>
  Buffer.concat([headers(id, echoRequest()), data(id, EMPTY_MESSAGE, END_STREAM)]);

describe('stream identifiers', () => {
  let endpoint: VolumeServer;
  let range: AttackRange;
  let answer: (peer: VolumePeer, streamId: number) => void;
  const answerOk = (peer: VolumePeer, id: number): void =>
    peer.send(headers(id, ok, END_HEADERS | END_STREAM));

  before(async () => {
    endpoint = await startVolumeServer({
      onFrame: ({ type, streamId }, peer) => {
        if (type === HEADERS) answer(peer, streamId);
      },
    });
    range = await startAttackRange({ hostile: endpoint.address, limits: ['largestStreamId=21'] });
  });
  after(async () => {
    await range.close();
    endpoint.destroy();
  });

  it('of a caller may be used up at once, and then serve no more requests', async () => {
    await range.besideAnInnocent(async () => {
      const attacker = await range.attacker();
      attacker.send(wholeRequest(largest));
      await attacker.untilEnded(largest);
      assert.equal(attacker.resetCode(largest), undefined, 'it is a request like any other');
      attacker.send(wholeRequest(1));
      await attacker.untilClosed();
      assert.equal(attacker.goawayCode, PROTOCOL_ERROR);
    });
  });

  it('of a connection to an endpoint run out without a caller noticing', async () => {
    answer = answerOk;
    const connectionsBefore = endpoint.peers.length;
    const caller = await range.attacker({}, range.hostileAddress);
    for (let id = 1; id < 200; id += 2) {
      caller.send(wholeRequest(id));
      await caller.untilEnded(id);
      assert.equal(caller.resetCode(id), undefined);
    }
    const used = endpoint.peers.slice(connectionsBefore);
    assert.ok(used.length >= 9, `100 requests took ${used.length} connections of 11 each`);
    for (const peer of used) assert.ok(peer.count(HEADERS) <= 11);
    await until('those that are used up are closed', () => endpoint.openConnections <= 1);
  });
});

describe('GOAWAY', () => {
  let endpoint: VolumeServer;
  let range: AttackRange;
  let answer: (peer: VolumePeer, frame: Frame) => void;
  const answerOk = (peer: VolumePeer, { streamId }: Frame): void =>
    peer.send(headers(streamId, ok, END_HEADERS | END_STREAM));

  before(async () => {
    endpoint = await startVolumeServer({
      onFrame: (frame, peer) => {
        if (frame.type === HEADERS) answer(peer, frame);
      },
    });
    range = await startAttackRange({ hostile: endpoint.address });
  });
  after(async () => {
    await range.close();
    endpoint.destroy();
  });

  it('said twice by a caller lets its calls come to their end, and then closes', async () => {
    await range.besideAnInnocent(async () => {
      const caller = await range.attacker();
      caller.send(headers(1, echoRequest('Bidi')), goaway(0, 0), goaway(0, 0));
      caller.send(data(1, EMPTY_MESSAGE), data(1, EMPTY_MESSAGE, END_STREAM));
      await caller.untilEnded(1);
      assert.equal(caller.resetCode(1), undefined);
      assert.ok(caller.dataBytes >= EMPTY_MESSAGE.length * 2, 'both messages were echoed');
      await caller.untilClosed();
      const code = caller.goawayCode;
      assert.ok(code === undefined || code === 0, `GOAWAY ${code}`);
    });
  });

  it('said twice by an endpoint, 2^31-1 first, has what it did not process sent again', async () => {
    let first: VolumePeer | undefined;
    const held: number[] = [];
    answer = (peer, frame) => {
      first ??= peer;
      if (peer !== first) return answerOk(peer, frame);
      held.push(frame.streamId);
      if (held.length < 4) return;
      peer.send(goaway(largest, 0), goaway(held[1]!, 0));
      for (const id of held.slice(0, 2)) peer.send(headers(id, ok, END_HEADERS | END_STREAM));
    };
    await range.besideAnInnocent(async () => {
      const caller = await range.attacker({}, range.hostileAddress);
      for (const id of [1, 3, 5, 7]) caller.send(wholeRequest(id));
      for (const id of [1, 3, 5, 7]) {
        await caller.untilEnded(id);
        assert.equal(caller.resetCode(id), undefined);
      }
      assert.equal(endpoint.peers.length, 2);
      assert.equal(endpoint.peers[1]!.count(HEADERS), 2, 'the two that were not processed');
      await until('the first connection is closed', () => first!.closed);
    });
    assert.equal(await range.metric('weir_retries_total', { reason: 'goaway' }), 2);
  });

  it('on every request is answered after a bounded number of tries', async () => {
    answer = (peer) => peer.send(goaway(0, 0));
    const seenBefore = endpoint.count(HEADERS);
    await range.besideAnInnocent(async () => {
      const caller = await range.attacker({}, range.hostileAddress);
      caller.send(wholeRequest(1));
      await caller.untilEnded(1, 10_000);
    });
    const tries = endpoint.count(HEADERS) - seenBefore;
    assert.ok(tries >= 1 && tries <= 10, `the endpoint saw ${tries} tries of one request`);
  });

  it('with a last stream that grows again does not bring back what was sent elsewhere', async () => {
    let first: VolumePeer | undefined;
    answer = (peer, frame) => {
      first ??= peer;
      if (peer !== first) return answerOk(peer, frame);
      peer.send(goaway(0, 0), goaway(largest, 0), headers(frame.streamId, ok, END_HEADERS | END_STREAM));
    };
    await range.besideAnInnocent(async () => {
      const caller = await range.attacker({}, range.hostileAddress);
      caller.send(wholeRequest(1));
      await caller.untilEnded(1);
      assert.equal(caller.resetCode(1), undefined);
      assert.equal(caller.count(HEADERS), 1, 'one answer');
    });
  });

  it('of this proxy at its end comes twice too, and calls under way are served', async () => {
    const caller = await range.attacker();
    caller.send(headers(1, echoRequest('Bidi')));
    await until('the call has begun', () => range.server.open === 1);
    range.sidecar.process.signal('SIGTERM');
    await until('both have come', () => caller.count(GOAWAY) === 2);
    caller.send(data(1, EMPTY_MESSAGE, END_STREAM));
    await caller.untilEnded(1);
    assert.equal(caller.resetCode(1), undefined);
    await until('the sidecar is gone', () => range.sidecar.process.exit !== undefined);
    assert.equal(range.sidecar.process.exit?.code, 0);
  });
});
