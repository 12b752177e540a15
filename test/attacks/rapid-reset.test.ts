import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startAttackRange, EMPTY_MESSAGE, echoRequest, type AttackRange } from '../support/attack-range.js';
import {
  CANCEL,
  data,
  ENHANCE_YOUR_CALM,
  headers,
  HEADERS,
  REFUSED_STREAM,
  rstStream,
} from '../support/raw-frames/frame.js';
import { startVolumeServer, type VolumeServer } from '../support/volume-peer.js';
import { until } from '../support/until.js';

const request = echoRequest('Bidi');

// CVE-2023-44487: a stream that is reset at once does not count against the limit of concurrent streams.
describe('rapid reset', () => {
  let refusing: VolumeServer;
  let range: AttackRange;

  before(async () => {
    refusing = await startVolumeServer({
      onFrame: (frame, peer) => {
        if (frame.type === HEADERS) peer.send(rstStream(frame.streamId, REFUSED_STREAM));
      },
    });
    range = await startAttackRange({ hostile: refusing.address });
  });
  after(async () => {
    await range.close();
    refusing.destroy();
  });

  it('by a caller ends its connection after a thousand, and the endpoint saw no more than those', async () => {
    await range.besideAnInnocent(async () => {
      const seenBefore = range.server.calls;
      const attacker = await range.attacker();
      for (let batch = 0; batch < 100 && !attacker.closed; batch++) {
        const pairs: Buffer[] = [];
        for (let pair = 0; pair < 100; pair++) {
          const id = (batch * 100 + pair) * 2 + 1;
          pairs.push(headers(id, request), rstStream(id, CANCEL));
        }
        await attacker.sent(...pairs);
      }
      await attacker.untilClosed();
      assert.equal(attacker.goawayCode, ENHANCE_YOUR_CALM, attacker.goawayReason);
      const seen = range.server.calls - seenBefore;
      assert.ok(seen < 1_500, `the endpoint saw ${seen} requests, the innocent's among them`);
    });
    assert.equal(await range.downstreamHits('resetBurst'), 1);
    await until(
      'nothing is left of the attack',
      async () => (await range.metric('weir_downstream_streams')) === 0,
    );
  });

  // Every endpoint has a limit of its own on resets, and behind it all callers share one connection.
  it('by many callers in turn does not make the endpoint end the connection that all callers share', async () => {
    const hitsBefore = await range.downstreamHits('resetBurst');
    await range.besideAnInnocent(async () => {
      for (let round = 0; round < 4; round++) {
        const attacker = await range.attacker();
        for (let batch = 0; batch < 25 && !attacker.closed; batch++) {
          const ids = Array.from({ length: 50 }, (_, at) => (batch * 50 + at) * 2 + 1);
          await attacker.sent(...ids.map((id) => headers(id, request)));
          await attacker.sent(...ids.map((id) => rstStream(id, CANCEL)));
        }
        await attacker.untilClosed();
        assert.equal(attacker.goawayCode, ENHANCE_YOUR_CALM);
      }
    });
    assert.equal((await range.downstreamHits('resetBurst')) - hitsBefore, 4);
    assert.ok((await range.upstreamHits('cancelBurst')) >= 1, 'connections were replaced in time');
    assert.equal(await range.metric('weir_upstream_goaways_total'), 0, 'the endpoint has ended none');
  });

  it('by an endpoint that refuses everything is answered, and costs it few more requests than there were', async () => {
    const requests = 500;
    await range.besideAnInnocent(async () => {
      const caller = await range.attacker({}, range.hostileAddress);
      for (let at = 0; at < requests; at++) {
        const id = at * 2 + 1;
        caller.send(headers(id, request), data(id, EMPTY_MESSAGE, 1));
      }
      await until('every request is answered', () => caller.ended.size === requests, 20_000);
      assert.equal(caller.closed, false);
      const seen = refusing.count(HEADERS);
      assert.ok(seen <= requests * 1.5, `the endpoint saw ${seen} requests of ${requests}`);
    });
  });
});
