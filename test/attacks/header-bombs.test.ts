import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startAttackRange, echoRequest, type AttackRange } from '../support/attack-range.js';
import {
  continuation,
  END_HEADERS,
  END_STREAM,
  headers,
  HEADERS,
  COMPRESSION_ERROR,
  type Frame,
} from '../support/raw-frames/frame.js';
import { HpackReader } from '../support/raw-frames/hpack-reader.js';
import { block, indexed, indexing } from '../support/raw-frames/hpack-writer.js';
import { startVolumeServer, type VolumeServer } from '../support/volume-peer.js';
import { until } from '../support/until.js';

const RESOURCE_EXHAUSTED = '8';
/** The first entry of the dynamic table, RFC 7541 2.3.3. */
const newest = indexed(62);

/** One entry as large as the table, then referred to: 16 KiB on the wire are 60 MiB of fields. */
const bombs: readonly (readonly [name: string, block: Buffer])[] = [
  [
    'refers to a large table entry sixteen thousand times',
    Buffer.concat([indexing(['x-bomb', 'x'.repeat(3_900)]), ...new Array<Buffer>(12_000).fill(newest)]),
  ],
  ['has sixteen thousand small fields', Buffer.concat(new Array<Buffer>(16_000).fill(indexed(2)))],
  [
    'has more fields than allowed',
    block(...Array.from({ length: 300 }, (_, at) => [`x-${at}`, ''] as const)),
  ],
];

// CVE-2016-6581 and its kin: the limit must hold while decoding, before anything is allocated.
describe('a header block that', () => {
  let hostile: VolumeServer;
  let range: AttackRange;
  let response: Buffer = Buffer.alloc(0);

  before(async () => {
    hostile = await startVolumeServer({
      onFrame: ({ type, streamId }, peer) => {
        if (type === HEADERS) peer.send(headers(streamId, response, END_HEADERS | END_STREAM));
      },
    });
    range = await startAttackRange({ hostile: hostile.address });
  });
  after(async () => {
    await range.close();
    hostile.destroy();
  });

  for (const [name, bomb] of bombs) {
    it(`${name} is answered with RESOURCE_EXHAUSTED, however often it comes`, async () => {
      const hitsBefore = await range.downstreamHits('maxHeaderListBytes');
      const rounds = 300;
      await range.besideAnInnocent(async () => {
        const callsBefore = range.server.calls;
        const answers: Frame[] = [];
        const attacker = await range.attacker({ onFrame: (frame) => void answers.push(frame) });
        for (let round = 0; round < rounds; round++) {
          const id = round * 2 + 1;
          const first = Buffer.concat([echoRequest(), bomb]).subarray(0, 16_384);
          await attacker.sent(headers(id, first, END_HEADERS | END_STREAM));
        }
        await until('every request is answered', () => attacker.ended.size === rounds, 15_000);
        const reader = new HpackReader();
        const statuses = answers
          .filter(({ type }) => type === HEADERS)
          .map(
            ({ payload }) => reader.read(payload).find(({ name: field }) => field === 'grpc-status')?.value,
          );
        assert.deepEqual(new Set(statuses), new Set([RESOURCE_EXHAUSTED]));
        assert.equal(attacker.closed, false, 'the tables are still in step, so the connection goes on');
        const seen = range.server.calls - callsBefore;
        assert.ok(seen < 200, `the endpoint saw ${seen} requests, all of them the innocent's`);
      });
      assert.equal((await range.downstreamHits('maxHeaderListBytes')) - hitsBefore, rounds);
    });

    it(`${name}, from an endpoint, fails the call and is reset`, async () => {
      const hitsBefore = await range.upstreamHits('maxHeaderListBytes');
      response = Buffer.concat([indexed(8), bomb]).subarray(0, 16_384);
      await range.besideAnInnocent(async () => {
        const caller = await range.attacker({}, range.hostileAddress);
        for (let id = 1; id < 200; id += 2) {
          caller.send(headers(id, echoRequest(), END_HEADERS | END_STREAM));
          await caller.untilEnded(id);
        }
        assert.equal(caller.closed, false);
        const [peer] = hostile.peers.slice(-1);
        assert.equal(peer!.closed, false);
      });
      assert.equal((await range.upstreamHits('maxHeaderListBytes')) - hitsBefore, 100);
    });
  }

  it('is longer than allowed before it is even decoded ends the connection', async () => {
    await range.besideAnInnocent(async () => {
      const attacker = await range.attacker();
      const piece = Buffer.alloc(16_384, 0);
      attacker.send(headers(1, piece, 0));
      for (let at = 0; at < 5; at++) attacker.send(continuation(1, piece, 0));
      await attacker.untilClosed();
    });
    assert.ok((await range.downstreamHits('maxHeaderListBytes')) > 0);
  });

  it('cannot be decoded ends the connection with COMPRESSION_ERROR', async () => {
    for (const broken of [indexed(70), Buffer.of(0x80), Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)]) {
      await range.besideAnInnocent(async () => {
        const attacker = await range.attacker();
        attacker.send(headers(1, broken, END_HEADERS | END_STREAM));
        await attacker.untilClosed();
        assert.equal(attacker.goawayCode, COMPRESSION_ERROR);
      });
    }
  });
});
