import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startAttackRange, echoRequest, type AttackRange } from '../support/attack-range.js';
import {
  ENHANCE_YOUR_CALM,
  headers,
  HEADERS,
  MAX_CONCURRENT_STREAMS,
  REFUSED_STREAM,
} from '../support/raw-frames/frame.js';
import { startVolumeServer, type VolumeServer } from '../support/volume-peer.js';
import { until } from '../support/until.js';

const limit = 100;

describe('more streams at once than allowed', () => {
  let narrow: VolumeServer;
  let range: AttackRange;

  before(async () => {
    narrow = await startVolumeServer({ settings: [[MAX_CONCURRENT_STREAMS, 5]] });
    range = await startAttackRange({
      hostile: narrow.address,
      limits: [`maxConcurrentStreams=${limit}`, 'maxConnectionsPerHost=4'],
    });
  });
  after(async () => {
    await range.close();
    narrow.destroy();
  });

  it('are refused, and the endpoint does not hear of them', async () => {
    await range.besideAnInnocent(async () => {
      const callsBefore = range.server.open;
      const attacker = await range.attacker();
      for (let at = 0; at < limit + 50; at++) attacker.send(headers(at * 2 + 1, echoRequest('Bidi')));
      await until('fifty are refused', () => attacker.ended.size === 50);
      assert.equal(attacker.resetCode(limit * 2 + 1), REFUSED_STREAM);
      assert.equal(attacker.closed, false);
      await until('the others are served', () => range.server.open - callsBefore === limit);
      attacker.destroy();
    });
    assert.equal(await range.downstreamHits('maxConcurrentStreams'), 50);
  });

  it('asked for on and on end the connection', async () => {
    await range.besideAnInnocent(async () => {
      const attacker = await range.attacker();
      for (let at = 0; at < 2_000 && !attacker.closed; at += 50) {
        const batch = Array.from({ length: 50 }, (_, more) =>
          headers((at + more) * 2 + 1, echoRequest('Bidi')),
        );
        await attacker.sent(...batch);
      }
      await attacker.untilClosed();
      assert.equal(attacker.goawayCode, ENHANCE_YOUR_CALM);
    });
    assert.equal(await range.downstreamHits('provokedResetBurst'), 1);
    await until('the endpoint works for nobody any more', () => range.server.open === 0);
  });

  it('than an endpoint allows wait, on no more connections than allowed', async () => {
    await range.besideAnInnocent(async () => {
      const caller = await range.attacker({}, range.hostileAddress);
      for (let at = 0; at < 80; at++) caller.send(headers(at * 2 + 1, echoRequest('Bidi')));
      await until('twenty are under way', () => narrow.count(HEADERS) === 20);
      assert.equal(narrow.openConnections, 4);
      assert.equal(await range.metric('weir_upstream_pending_streams'), 60);
      caller.destroy();
      await until('nobody waits', async () => (await range.metric('weir_upstream_pending_streams')) === 0);
      const labels = { service: 'hostile.default.svc.cluster.local' };
      assert.equal(await range.metric('weir_upstream_streams', labels), 0);
      assert.equal(narrow.count(HEADERS), 20, 'those that waited were never sent');
    });
  });
});
