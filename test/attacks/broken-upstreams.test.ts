import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { seededRandom } from '@weir/core';
import { startAttackRange, EMPTY_MESSAGE, echoRequest, type AttackRange } from '../support/attack-range.js';
import {
  data,
  END_HEADERS,
  END_STREAM,
  goaway,
  headers,
  HEADERS,
  ping,
  settings,
  windowUpdate,
} from '../support/raw-frames/frame.js';
import { block } from '../support/raw-frames/hpack-writer.js';
import { startVolumeServer, type VolumePeer, type VolumeServer } from '../support/volume-peer.js';
import { until } from '../support/until.js';

/** A whole conversation of a good endpoint about its first request, everything in it. */
const answer = Buffer.concat([
  settings([0x4, 100_000]),
  windowUpdate(0, 1_000),
  headers(1, block([':status', '200'], ['content-type', 'application/grpc'])),
  ping('are you?'),
  data(1, EMPTY_MESSAGE),
  windowUpdate(1, 1_000),
  headers(1, block(['grpc-status', '0']), END_HEADERS | END_STREAM),
  goaway(1, 0),
]);

describe('an endpoint that breaks off', () => {
  let endpoint: VolumeServer;
  let range: AttackRange;
  let onRequest: (peer: VolumePeer) => void = () => {};

  before(async () => {
    endpoint = await startVolumeServer({
      onFrame: ({ type }, peer) => {
        if (type === HEADERS) onRequest(peer);
      },
    });
    range = await startAttackRange({
      hostile: endpoint.address,
      limits: ['reconnectBaseMs=1', 'reconnectCapMs=5', 'frameTimeoutMs=300'],
    });
  });
  after(async () => {
    await range.close();
    endpoint.destroy();
  });

  /** One request, which has to come to some end. */
  const ask = async (): Promise<void> => {
    const caller = await range.attacker({}, range.hostileAddress);
    caller.send(headers(1, echoRequest(), END_HEADERS | END_STREAM));
    await caller.untilEnded(1, 10_000);
    assert.equal(caller.closed, false);
    caller.destroy();
  };

  const assertNothingLeft = async (): Promise<void> => {
    for (const name of ['weir_upstream_streams', 'weir_upstream_pending_streams', 'weir_downstream_streams'])
      await until(`${name} is 0`, async () => (await range.metric(name)) === 0);
    const { body } = await range.sidecar.get('/clusters');
    const page = JSON.parse(body) as { clusters: { service: string; hosts: { inFlight: number }[] }[] };
    const hostile = page.clusters.find(({ service }) => service.startsWith('hostile'));
    assert.deepEqual(
      hostile?.hosts.map(({ inFlight }) => inFlight),
      [0],
    );
  };

  for (const [how, end] of [
    ['in good order', (peer: VolumePeer) => void peer.socket.end()],
    ['by a reset', (peer: VolumePeer) => void peer.socket.resetAndDestroy()],
  ] as const) {
    it(`${how} at any octet of its answer leaves nothing behind`, async () => {
      await range.besideAnInnocent(async () => {
        for (let kept = 0; kept <= answer.length; kept++) {
          onRequest = (peer) => {
            peer.socket.write(answer.subarray(0, kept), () => end(peer));
          };
          await ask();
        }
      });
      await assertNothingLeft();
    });
  }

  it('to say something else at any octet of its answer leaves nothing behind', async () => {
    const random = seededRandom(3);
    await range.besideAnInnocent(async () => {
      for (let at = 0; at < answer.length; at++) {
        const garbled = Buffer.from(answer);
        garbled[at] = garbled[at]! ^ (1 + Math.floor(random.next() * 255));
        onRequest = (peer) => {
          peer.send(garbled);
          // What the octet has made of it may be a frame that never ends.
          setTimeout(() => peer.destroy(), 20);
        };
        await ask();
      }
    });
    await assertNothingLeft();
  });

  it('to say anything at all leaves nothing behind', async () => {
    const random = seededRandom(4);
    await range.besideAnInnocent(async () => {
      for (let round = 0; round < 100; round++) {
        const noise = Buffer.from(Array.from({ length: 200 }, () => Math.floor(random.next() * 256)));
        // Frames that begin well, so that not all of it is over at the first octet.
        if (round % 2 === 0) noise.writeUIntBE(Math.floor(random.next() * 30), 0, 3);
        if (round % 2 === 0) noise[3] = Math.floor(random.next() * 11);
        onRequest = (peer) => {
          peer.send(noise);
          setTimeout(() => peer.destroy(), 20);
        };
        await ask();
      }
    });
    await assertNothingLeft();
  });
});
