import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { startAttackRange, echoRequest, type AttackRange } from '../support/attack-range.js';
import {
  data,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  headers,
  HEADERS,
  INITIAL_WINDOW_SIZE,
  rstStream,
  RST_STREAM,
  windowUpdate,
} from '../support/raw-frames/frame.js';
import { HpackReader } from '../support/raw-frames/hpack-reader.js';
import { startVolumeServer, type VolumePeer, type VolumeServer } from '../support/volume-peer.js';
import { until } from '../support/until.js';

const MiB = 1024 * 1024;
const stallMs = 800;
const idleMs = 1_500;
const UNAVAILABLE = '14';

/** A message of the echo service that asks for `replies` replies of `bytes` bytes each. */
function ask(bytes: number, replies: number): Buffer {
  const message = Buffer.concat([Buffer.of(2 << 3), varint(bytes), Buffer.of(3 << 3), varint(replies)]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function varint(value: number): Buffer {
  const octets: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) + 128);
  return Buffer.from([...octets, rest]);
}

// Bytes wait in the proxy for a receiver that opens its window a little, or never.
describe('a receiver that', () => {
  let hostile: VolumeServer;
  let range: AttackRange;

  before(async () => {
    // The default window of 65 535 octets, and never more.
    hostile = await startVolumeServer();
    range = await startAttackRange({
      hostile: hostile.address,
      limits: [`windowStallTimeoutMs=${stallMs}`, `streamIdleTimeoutMs=${idleMs}`],
    });
  });
  after(async () => {
    await range.close();
    hostile.destroy();
  });

  /** Asks for a long response on `count` streams. */
  const download = async (count: number, window: number): Promise<VolumePeer> => {
    const attacker = await range.attacker({ settings: [[INITIAL_WINDOW_SIZE, window]] });
    for (let at = 0; at < count; at++) {
      const id = at * 2 + 1;
      attacker.send(headers(id, echoRequest('ServerStream')), data(id, ask(MiB, 64), END_STREAM));
    }
    return attacker;
  };

  const stalls: readonly (readonly [name: string, window: number, onward: (peer: VolumePeer) => void])[] = [
    ['never opens its window', 0, () => {}],
    ['takes one octet and no more', 1, () => {}],
    [
      'opens its window octet by octet',
      0,
      (peer) => {
        for (let id = 1; id < 100; id += 2) if (!peer.ended.has(id)) peer.send(windowUpdate(id, 1));
      },
    ],
  ];
  for (const [name, window, onward] of stalls) {
    it(`${name} has its streams reset, and their calls are cancelled`, async () => {
      const hitsBefore = await range.downstreamHits('windowStallTimeoutMs');
      await range.besideAnInnocent(async () => {
        const attacker = await download(50, window);
        const drip = setInterval(() => onward(attacker), 20);
        await until('every stream is reset', () => attacker.ended.size === 50, 6_000);
        clearInterval(drip);
        assert.equal(attacker.resetCode(1), ENHANCE_YOUR_CALM);
        assert.equal(attacker.count(RST_STREAM), 50);
        assert.equal(attacker.closed, false);
        attacker.destroy();
      }, 48);
      assert.equal((await range.downstreamHits('windowStallTimeoutMs')) - hitsBefore, 50);
      await until('the server works for nobody any more', () => range.server.open === 0);
    });
  }

  it('does not read its socket has its streams reset, and costs the proxy little', async () => {
    const hitsBefore = await range.downstreamHits('windowStallTimeoutMs');
    await range.besideAnInnocent(async () => {
      const attacker = await range.attacker({ settings: [[INITIAL_WINDOW_SIZE, 0x7fffffff]] });
      attacker.send(windowUpdate(0, 0x7fff0000 - 65_535));
      attacker.socket.pause();
      for (let id = 1; id < 20; id += 2)
        attacker.send(headers(id, echoRequest('ServerStream')), data(id, ask(MiB, 64), END_STREAM));
      await until(
        'every stream is given up',
        async () => (await range.downstreamHits('windowStallTimeoutMs')) - hitsBefore === 10,
        10_000,
      );
      attacker.destroy();
    }, 48);
  });

  it('takes a little more than the floor is served to the end', async () => {
    const peer = await range.attacker({ settings: [[INITIAL_WINDOW_SIZE, 0]] });
    const bytes = 200_000;
    peer.send(headers(1, echoRequest('ServerStream')), data(1, ask(bytes, 1), END_STREAM));
    while (!peer.ended.has(1)) {
      // 20 KiB within each timeout of 800 ms, the floor being 16 KiB.
      peer.send(windowUpdate(1, 5_000), windowUpdate(0, 5_000));
      await sleep(stallMs / 5);
    }
    assert.equal(peer.resetCode(1), undefined);
    assert.ok(peer.dataBytes >= bytes);
    peer.destroy();
  });

  it('takes nothing of a request, as an endpoint, is given up, and the caller told UNAVAILABLE', async () => {
    const hitsBefore = await range.upstreamHits('windowStallTimeoutMs');
    await range.besideAnInnocent(async () => {
      let status: string | undefined;
      const reader = new HpackReader();
      const caller = await range.attacker(
        {
          onFrame: ({ type, payload }) => {
            if (type === HEADERS)
              status = reader.read(payload).find(({ name }) => name === 'grpc-status')?.value;
          },
        },
        range.hostileAddress,
      );
      caller.send(
        headers(1, echoRequest('ClientStream')),
        ...Array.from({ length: 15 }, () => data(1, Buffer.alloc(16_000))),
      );
      await caller.untilEnded(1);
      assert.equal(status, UNAVAILABLE);
      const [peer] = hostile.peers.slice(-1);
      await until('the endpoint is told', () => peer!.count(RST_STREAM) === 1);
    });
    assert.equal((await range.upstreamHits('windowStallTimeoutMs')) - hitsBefore, 1);
  });

  it('says nothing on its streams has them ended, PING and WINDOW_UPDATE notwithstanding', async () => {
    const hitsBefore = await range.downstreamHits('streamIdleTimeoutMs');
    const attacker = await range.attacker();
    for (let id = 1; id < 100; id += 2) attacker.send(headers(id, echoRequest('Bidi')));
    const noise = setInterval(
      () => attacker.send(windowUpdate(1, 1), Buffer.from('0000080600000000000000000000000000', 'hex')),
      100,
    );
    await until('every stream is over', () => attacker.ended.size === 50, 6_000);
    clearInterval(noise);
    assert.equal(attacker.closed, false);
    assert.equal((await range.downstreamHits('streamIdleTimeoutMs')) - hitsBefore, 50);
    await until('the server works for nobody any more', () => range.server.open === 0);
    attacker.destroy();
  });

  it('cancels what it has stalled leaves nothing behind', async () => {
    const attacker = await download(20, 0);
    await sleep(100);
    for (let id = 1; id < 40; id += 2) attacker.send(rstStream(id, 8));
    await until('no stream is left', async () => (await range.metric('weir_upstream_streams')) === 0);
    assert.equal(await range.metric('weir_downstream_streams'), 0);
    attacker.destroy();
  });
});
