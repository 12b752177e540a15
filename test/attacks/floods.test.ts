import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startAttackRange, echoRequest, type AttackRange } from '../support/attack-range.js';
import {
  CANCEL,
  CONTINUATION,
  data,
  END_HEADERS,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  frame,
  goaway,
  headers,
  HEADERS,
  paddedData,
  ping,
  priority,
  rstStream,
  SETTINGS,
  settings,
  windowUpdate,
} from '../support/raw-frames/frame.js';
import { block } from '../support/raw-frames/hpack-writer.js';
import { startVolumeServer, type VolumePeer, type VolumeServer } from '../support/volume-peer.js';
import { until } from '../support/until.js';

const floodFrames = 100_000;

interface Flood {
  readonly name: string;
  readonly frame: Buffer;
  /** Sent once, before the flood. */
  readonly prelude?: Buffer;
  /** The options that may stop it. */
  readonly limits: readonly string[];
}

const response = headers(1, block([':status', '200'], ['content-type', 'application/grpc']));
const nothing = Buffer.alloc(0);

/** Floods on stream 1, which is open. */
const floods: readonly Flood[] = [
  { name: 'PING (CVE-2019-9512)', frame: ping('flood'), limits: ['maxQueuedControlFrames', 'glitchBurst'] },
  { name: 'SETTINGS (CVE-2019-9515)', frame: settings(), limits: ['maxQueuedControlFrames', 'glitchBurst'] },
  { name: 'acknowledgements of SETTINGS', frame: frame(SETTINGS, 1, 0), limits: ['glitchBurst'] },
  { name: 'empty DATA (CVE-2019-9518)', frame: data(1, nothing), limits: ['glitchBurst'] },
  { name: 'DATA of nothing but padding', frame: paddedData(1, '', 255), limits: ['glitchBurst'] },
  { name: 'PRIORITY (CVE-2019-9513)', frame: priority(1, { dependsOn: 3 }), limits: ['glitchBurst'] },
  { name: 'WINDOW_UPDATE on the stream', frame: windowUpdate(1, 1), limits: ['glitchBurst'] },
  { name: 'WINDOW_UPDATE on the connection', frame: windowUpdate(0, 1), limits: ['glitchBurst'] },
  { name: 'frames of an unknown type', frame: frame(0xfa, 0, 1, Buffer.alloc(16)), limits: ['glitchBurst'] },
  {
    name: 'RST_STREAM on a closed stream',
    frame: rstStream(1, CANCEL),
    limits: ['resetBurst', 'glitchBurst'],
  },
  { name: 'GOAWAY', frame: goaway(0x7fffffff, 0), limits: ['glitchBurst'] },
  {
    name: 'CONTINUATION of a few octets (CVE-2024-27316)',
    prelude: headers(3, block(['x-first', '1']), 0),
    frame: frame(CONTINUATION, 0, 3, block(['x', '1'])),
    limits: ['maxContinuationFrames'],
  },
  {
    name: 'CONTINUATION of nothing',
    prelude: headers(3, nothing, 0),
    frame: frame(CONTINUATION, 0, 3),
    limits: ['maxContinuationFrames'],
  },
  {
    name: 'CONTINUATION of full frames',
    prelude: headers(3, block(['x-first', '1']), 0),
    frame: frame(CONTINUATION, 0, 3, Buffer.alloc(16_384)),
    limits: ['maxHeaderListBytes', 'maxContinuationFrames'],
  },
];

/** Sends the flood until it is over or the other side has had enough. */
async function pour(peer: VolumePeer, { prelude = nothing, frame: one }: Flood): Promise<void> {
  await peer.sent(prelude);
  const perWrite = Math.max(1, Math.floor(65_536 / one.length));
  const many = Buffer.concat(new Array<Buffer>(perWrite).fill(one));
  for (let sent = 0; sent < floodFrames && !peer.closed; sent += perWrite) await peer.sent(many);
}

describe('a flood', () => {
  let hostile: VolumeServer;
  let range: AttackRange;
  let flood: Flood | undefined;

  before(async () => {
    hostile = await startVolumeServer({
      onFrame: (received, peer) => {
        if (received.type !== HEADERS || received.streamId !== 1 || flood === undefined) return;
        peer.send(response);
        void pour(peer, flood);
      },
    });
    range = await startAttackRange({ hostile: hostile.address });
  });
  after(async () => {
    await range.close();
    hostile.destroy();
  });

  const sumOf = async (
    limits: readonly string[],
    hits: (limit: string) => Promise<number>,
  ): Promise<number> => {
    const counts = await Promise.all(limits.map((limit) => hits.call(range, limit)));
    return counts.reduce((sum, count) => sum + count, 0);
  };

  for (const each of floods) {
    it(`of ${each.name} from a caller ends its connection`, async () => {
      const hitsBefore = await sumOf(each.limits, range.downstreamHits);
      await range.besideAnInnocent(async () => {
        const attacker = await range.attacker();
        attacker.send(headers(1, echoRequest('Bidi')));
        await pour(attacker, each);
        await attacker.untilClosed();
        assert.equal(attacker.goawayCode, ENHANCE_YOUR_CALM, attacker.goawayReason);
      });
      assert.equal((await sumOf(each.limits, range.downstreamHits)) - hitsBefore, 1);
    });

    if (each.name.startsWith('PRIORITY')) continue;
    it(`of ${each.name} from an endpoint ends its connection and fails the call`, async () => {
      const hitsBefore = await sumOf(each.limits, range.upstreamHits);
      // The endpoint's HEADERS of stream 3 would answer no request.
      flood = each.prelude === undefined ? each : onStreamOne(each);
      await range.besideAnInnocent(async () => {
        const connectionsBefore = hostile.peers.length;
        const caller = await range.attacker({}, range.hostileAddress);
        caller.send(headers(1, echoRequest('Bidi')));
        await caller.untilEnded(1);
        assert.equal(caller.closed, false, 'the caller keeps its connection');
        await until('the connection is gone', () => hostile.openConnections === 0);
        const { goawayCode, goawayReason } = hostile.peers.at(-1)!;
        assert.equal(goawayCode, ENHANCE_YOUR_CALM, goawayReason);
        assert.ok(hostile.peers.length - connectionsBefore <= 1, 'one connection was tried');
      });
      assert.equal((await sumOf(each.limits, range.upstreamHits)) - hitsBefore, 1);
      flood = undefined;
    });
  }

  it('of answers that the caller does not read ends its connection', async () => {
    for (const one of [ping('flood'), settings()]) {
      const limits = ['maxQueuedControlFrames', 'glitchBurst'];
      const hitsBefore = await sumOf(limits, range.downstreamHits);
      await range.besideAnInnocent(async () => {
        const attacker = await range.attacker();
        attacker.socket.pause();
        // Few at a time, so that each answer leaves the proxy's own buffer before the next comes.
        const few = Buffer.concat(new Array<Buffer>(100).fill(one));
        for (let batch = 0; batch < 5_000 && !attacker.socket.destroyed; batch++) {
          await attacker.sent(few);
          if (batch % 20 === 0 && (await sumOf(limits, range.downstreamHits)) > hitsBefore) break;
        }
        attacker.socket.resume();
        await attacker.untilClosed();
      });
      assert.equal((await sumOf(limits, range.downstreamHits)) - hitsBefore, 1);
    }
  });

  // Flow control holds DATA back, but not HEADERS.
  it('of requests whose answers the caller does not read ends its connection', async () => {
    const limits = ['maxQueuedFrames', 'maxQueuedHeaderBytes'];
    const hitsBefore = await sumOf(limits, range.downstreamHits);
    await range.besideAnInnocent(async () => {
      const attacker = await range.attacker();
      attacker.socket.pause();
      // No such method, so it is the proxy that answers or the server, with HEADERS alone and a long message.
      const request = block(
        [':method', 'POST'],
        [':scheme', 'http'],
        [':path', `/${'x'.repeat(4_000)}`],
        [':authority', 'echo:50051'],
        ['content-type', 'application/grpc'],
      );
      for (let id = 1; id < 400_000 && !attacker.socket.destroyed; id += 100) {
        const ids = Array.from({ length: 50 }, (_, at) => id + at * 2);
        await attacker.sent(...ids.map((each) => headers(each, request, END_HEADERS | END_STREAM)));
        if ((id - 1) % 1_000 === 0 && (await sumOf(limits, range.downstreamHits)) > hitsBefore) break;
      }
      attacker.socket.resume();
      await attacker.untilClosed();
    }, 64);
    assert.equal((await sumOf(limits, range.downstreamHits)) - hitsBefore, 1);
  });

  it('of HEADERS frames with nothing in them ends the connection', async () => {
    const hitsBefore = await range.downstreamHits('provokedResetBurst');
    await range.besideAnInnocent(async () => {
      const attacker = await range.attacker();
      for (let id = 1; id < 20_000 && !attacker.closed; id += 200) {
        const empties = Array.from({ length: 100 }, (_, at) =>
          headers(id + at * 2, nothing, END_HEADERS | END_STREAM),
        );
        await attacker.sent(...empties);
      }
      await attacker.untilClosed();
      assert.equal(attacker.goawayCode, ENHANCE_YOUR_CALM, attacker.goawayReason);
    });
    assert.equal((await range.downstreamHits('provokedResetBurst')) - hitsBefore, 1);
  });
});

function onStreamOne(flood: Flood): Flood {
  const moved = (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    copy.writeUInt32BE(1, 5);
    return copy;
  };
  return { ...flood, prelude: moved(flood.prelude!), frame: moved(flood.frame) };
}
