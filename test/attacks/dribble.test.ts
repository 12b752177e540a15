import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startAttackRange, echoRequest, type AttackRange } from '../support/attack-range.js';
import {
  data,
  END_HEADERS,
  END_STREAM,
  headers,
  HEADERS,
  INITIAL_WINDOW_SIZE,
  WINDOW_UPDATE,
} from '../support/raw-frames/frame.js';
import { block } from '../support/raw-frames/hpack-writer.js';
import { startVolumeServer, type VolumePeer, type VolumeServer } from '../support/volume-peer.js';
import { until } from '../support/until.js';

/** As many octets as the proxy lets a stalled stream hold, and some. */
const octets = 250_000;
const most = 16 * 1024 * 1024;

/** DATA of one octet each: nine octets of frame header for every octet, and much to keep for little. */
async function dribble(peer: VolumePeer): Promise<void> {
  const many = Buffer.concat(new Array<Buffer>(1_000).fill(data(1, Buffer.of(1))));
  for (let sent = 0; sent < octets; sent += 1_000) await peer.sent(many);
}

// CVE-2019-9511 and -9517: tiny pieces for a receiver that takes none of them.
describe('octets one by one', () => {
  let endpoint: VolumeServer;
  let range: AttackRange;
  let onRequest: (peer: VolumePeer) => void = () => {};

  before(async () => {
    // It never opens the window, which is closed from the start.
    endpoint = await startVolumeServer({
      settings: [[INITIAL_WINDOW_SIZE, 0]],
      onFrame: ({ type }, peer) => {
        if (type === HEADERS) onRequest(peer);
      },
    });
    range = await startAttackRange({ hostile: endpoint.address });
  });
  after(async () => {
    await range.close();
    endpoint.destroy();
  });

  const received = (side: 'downstream' | 'upstream') => range.metric(`weir_${side}_received_bytes_total`);

  it('from a caller, for an endpoint that takes none, cost the proxy little more than themselves', async () => {
    await range.besideAnInnocent(
      async () => {
        const receivedBefore = await received('downstream');
        const attacker = await range.attacker({}, range.hostileAddress);
        attacker.send(headers(1, echoRequest('ClientStream')));
        await dribble(attacker);
        await until(
          'all have come',
          async () => (await received('downstream')) - receivedBefore > octets * 10,
        );
        assert.equal(attacker.closed, false);
        attacker.destroy();
      },
      most / 1024 / 1024,
    );
  });

  it('from an endpoint, for a caller that takes none, cost the proxy little more than themselves', async () => {
    onRequest = (peer) => {
      peer.send(headers(1, block([':status', '200'], ['content-type', 'application/grpc'])));
      void dribble(peer);
    };
    // Each connection of the endpoint begins with stream 1.
    for (const peer of endpoint.peers) peer.destroy();
    await until('the proxy has noticed', async () => (await range.metric('weir_upstream_connections')) <= 1);
    await range.besideAnInnocent(
      async () => {
        const receivedBefore = await received('upstream');
        const caller = await range.attacker({ settings: [[INITIAL_WINDOW_SIZE, 0]] }, range.hostileAddress);
        caller.send(headers(1, echoRequest(), END_HEADERS | END_STREAM));
        await until('all have come', async () => (await received('upstream')) - receivedBefore > octets * 10);
        assert.equal(endpoint.peers.at(-1)!.closed, false);
        assert.equal(caller.dataBytes, 0);
        assert.ok(endpoint.peers.at(-1)!.count(WINDOW_UPDATE) < 20, 'the stream is given no more window');
        caller.destroy();
      },
      most / 1024 / 1024,
    );
  });
});
