import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { startAttackRange, echoRequest, type AttackRange } from '../support/attack-range.js';
import {
  continuation,
  data,
  END_HEADERS,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  headers,
  HEADERS,
  MAGIC,
  PROTOCOL_ERROR,
  settings,
} from '../support/raw-frames/frame.js';
import { block } from '../support/raw-frames/hpack-writer.js';
import {
  connectSilently,
  startVolumeServer,
  type VolumePeer,
  type VolumeServer,
} from '../support/volume-peer.js';
import { until } from '../support/until.js';

const SETTINGS_TIMEOUT = 0x4;
const timeoutMs = 400;
/** Half of the timeout: often enough to look alive, if bytes were all that counted. */
const dripMs = timeoutMs / 8;

/** Sends octet by octet, until all are sent or the connection is gone. */
async function drip(peer: VolumePeer, bytes: Buffer): Promise<void> {
  for (const octet of bytes) {
    if (peer.closed) return;
    peer.send(Buffer.of(octet));
    await sleep(dripMs);
  }
}

// Slowloris and its kin: as little as possible, as late as possible, so that connections are held for nothing.
describe('a peer that is slow with', () => {
  let hostile: VolumeServer;
  let range: AttackRange;
  let onRequest: (peer: VolumePeer, streamId: number) => void = () => {};

  before(async () => {
    hostile = await startVolumeServer({
      onFrame: ({ type, streamId }, peer) => {
        if (type === HEADERS) onRequest(peer, streamId);
      },
    });
    range = await startAttackRange({
      hostile: hostile.address,
      limits: ['prefaceTimeoutMs', 'settingsAckTimeoutMs', 'frameTimeoutMs'].map(
        (name) => `${name}=${timeoutMs}`,
      ),
    });
  });
  after(async () => {
    await range.close();
    hostile.destroy();
  });

  /** The connection ends after the timeout, not before, with that code. */
  const assertEnded = async (peer: VolumePeer, code: number, begunMs: number): Promise<void> => {
    await peer.untilClosed();
    const tookMs = performance.now() - begunMs;
    assert.equal(peer.goawayCode, code, peer.goawayReason);
    assert.ok(tookMs >= timeoutMs * 0.9, `it was ended after ${tookMs.toFixed(0)} ms`);
    assert.ok(tookMs < timeoutMs + 3_000, `it was ended after ${tookMs.toFixed(0)} ms`);
  };

  it('its preface is told PROTOCOL_ERROR', async () => {
    const hitsBefore = await range.downstreamHits('prefaceTimeoutMs');
    await range.besideAnInnocent(async () => {
      const silent = await connectSilently(range.address, { polite: false });
      silent.send(MAGIC.subarray(0, 10));
      const withoutSettings = await connectSilently(range.address, { polite: false });
      withoutSettings.send(MAGIC);
      const dripping = await connectSilently(range.address, { polite: false });
      const begunMs = performance.now();
      void drip(dripping, Buffer.concat([MAGIC, settings()]));
      await assertEnded(silent, PROTOCOL_ERROR, begunMs);
      await assertEnded(withoutSettings, PROTOCOL_ERROR, begunMs);
      await assertEnded(dripping, PROTOCOL_ERROR, begunMs);
    });
    assert.equal((await range.downstreamHits('prefaceTimeoutMs')) - hitsBefore, 3);
  });

  it('a preface of only its first letters is no HTTP/2, and does not hold up a server that speaks first', async () => {
    const vague = await connectSilently(range.address, { polite: false });
    vague.send(MAGIC.subarray(0, 2));
    await sleep(timeoutMs * 2);
    assert.equal(vague.closed, false);
    vague.destroy();
  });

  it('its acknowledgement of SETTINGS is told SETTINGS_TIMEOUT', async () => {
    const hitsBefore = await range.downstreamHits('settingsAckTimeoutMs');
    await range.besideAnInnocent(async () => {
      const begunMs = performance.now();
      const attacker = await range.attacker({ polite: false });
      attacker.send(headers(1, echoRequest('Bidi')));
      await assertEnded(attacker, SETTINGS_TIMEOUT, begunMs);
    });
    assert.equal((await range.downstreamHits('settingsAckTimeoutMs')) - hitsBefore, 1);
    await until('the call is cancelled', () => range.server.open === 0);
  });

  it('its headers, frame by frame, is told to calm down', async () => {
    const hitsBefore = await range.downstreamHits('frameTimeoutMs');
    await range.besideAnInnocent(async () => {
      const callsBefore = range.server.calls;
      const attacker = await range.attacker();
      const begunMs = performance.now();
      attacker.send(headers(1, echoRequest('Bidi'), 0));
      const more = setInterval(
        () => attacker.send(continuation(1, block(['x-slow', '1']), 0)),
        timeoutMs / 4,
      );
      await assertEnded(attacker, ENHANCE_YOUR_CALM, begunMs);
      clearInterval(more);
      assert.ok(range.server.calls - callsBefore < 500);
    });
    assert.equal((await range.downstreamHits('frameTimeoutMs')) - hitsBefore, 1);
  });

  it('its headers, octet by octet, is told to calm down', async () => {
    const hitsBefore = await range.downstreamHits('frameTimeoutMs');
    await range.besideAnInnocent(async () => {
      const attacker = await range.attacker();
      const begunMs = performance.now();
      void drip(attacker, headers(1, echoRequest('Bidi')));
      await assertEnded(attacker, ENHANCE_YOUR_CALM, begunMs);
    });
    assert.equal((await range.downstreamHits('frameTimeoutMs')) - hitsBefore, 1);
  });

  it('its data, octet by octet, is told to calm down, and the call is cancelled', async () => {
    await range.besideAnInnocent(async () => {
      const attacker = await range.attacker();
      attacker.send(headers(1, echoRequest('ClientStream')));
      const begunMs = performance.now();
      void drip(attacker, data(1, Buffer.alloc(16_000)));
      await assertEnded(attacker, ENHANCE_YOUR_CALM, begunMs);
    });
    await until('the call is cancelled', () => range.server.open === 0);
  });

  it('every whole frame is left alone, however many there are and however long the connection lives', async () => {
    const peer = await range.attacker();
    peer.send(headers(1, echoRequest('ClientStream')));
    for (let at = 0; at < 10; at++) {
      // Each frame in two parts with a pause between.
      const frame = data(1, Buffer.alloc(1_000));
      peer.send(frame.subarray(0, 500));
      await sleep(timeoutMs / 4);
      peer.send(frame.subarray(500));
    }
    assert.equal(peer.closed, false);
    peer.destroy();
  });

  it('its response headers, as an endpoint, is told to calm down, and the caller is answered', async () => {
    const hitsBefore = await range.upstreamHits('frameTimeoutMs');
    const response = headers(1, block([':status', '200']), END_HEADERS | END_STREAM);
    const parts: readonly (readonly [string, (peer: VolumePeer) => void])[] = [
      ['octet by octet', (peer) => void drip(peer, response)],
      ['without an end', (peer) => peer.send(headers(1, block([':status', '200']), 0))],
    ];
    for (const [name, answer] of parts) {
      onRequest = answer;
      await range.besideAnInnocent(async () => {
        const caller = await range.attacker({}, range.hostileAddress);
        caller.send(headers(1, echoRequest(), END_HEADERS | END_STREAM));
        await caller.untilEnded(1);
        assert.equal(caller.closed, false, name);
        await until('the connection is gone', () => hostile.openConnections === 0);
        assert.equal(hostile.peers.at(-1)!.goawayCode, ENHANCE_YOUR_CALM);
      });
    }
    assert.equal((await range.upstreamHits('frameTimeoutMs')) - hitsBefore, 2);
  });
});

describe('an endpoint that does not acknowledge SETTINGS', () => {
  it('is told SETTINGS_TIMEOUT, and the caller is answered', async () => {
    const impolite = await startVolumeServer({ polite: false });
    const range = await startAttackRange({
      hostile: impolite.address,
      limits: [`settingsAckTimeoutMs=${timeoutMs}`],
    });
    try {
      await range.besideAnInnocent(async () => {
        const caller = await range.attacker({}, range.hostileAddress);
        caller.send(headers(1, echoRequest(), END_HEADERS | END_STREAM));
        await caller.untilEnded(1);
        assert.equal(impolite.peers[0]!.goawayCode, SETTINGS_TIMEOUT);
      });
      assert.equal(await range.upstreamHits('settingsAckTimeoutMs'), 1);
    } finally {
      await range.close();
      impolite.destroy();
    }
  });
});
