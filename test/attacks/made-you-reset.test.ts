import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startAttackRange, EMPTY_MESSAGE, echoRequest, type AttackRange } from '../support/attack-range.js';
import {
  data,
  END_HEADERS,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  frame,
  headers,
  HEADERS,
  PRIORITY,
  priority,
  RST_STREAM,
  windowUpdate,
} from '../support/raw-frames/frame.js';
import { block } from '../support/raw-frames/hpack-writer.js';
import { startVolumeServer, type VolumeServer } from '../support/volume-peer.js';
import { until } from '../support/until.js';

const attempts = 1_000;
/** A gRPC message of the echo service: `hold` is true, so that the server works on until it is cancelled. */
const held = Buffer.concat([Buffer.of(0, 0, 0, 0, 2), Buffer.of(7 << 3, 1)]);

/** An open request, on which the caller may go on talking. */
const open = (id: number): Buffer => headers(id, echoRequest('Bidi'));
/** A request that has come whole, and is being worked on. */
const whole = (id: number): Buffer =>
  Buffer.concat([headers(id, echoRequest('Unary')), data(id, held, END_STREAM)]);

const primitives: readonly (readonly [name: string, frames: (id: number) => Buffer])[] = [
  ['WINDOW_UPDATE of 0', (id) => Buffer.concat([whole(id), windowUpdate(id, 0)])],
  ['WINDOW_UPDATE beyond 2^31-1', (id) => Buffer.concat([whole(id), windowUpdate(id, 0x7fffffff)])],
  ['PRIORITY of 4 octets', (id) => Buffer.concat([whole(id), frame(PRIORITY, 0, id, Buffer.alloc(4))])],
  ['PRIORITY on itself', (id) => Buffer.concat([whole(id), priority(id, { dependsOn: id })])],
  [
    'HEADERS after END_STREAM',
    (id) => Buffer.concat([whole(id), headers(id, block(['x-late', '1']), END_HEADERS | END_STREAM)]),
  ],
  ['DATA after END_STREAM', (id) => Buffer.concat([whole(id), data(id, EMPTY_MESSAGE, END_STREAM)])],
  [
    'more than content-length',
    (id) =>
      Buffer.concat([headers(id, echoRequest('Bidi', ['content-length', '1'])), data(id, EMPTY_MESSAGE)]),
  ],
  [
    'trailers that do not end the stream',
    (id) => Buffer.concat([open(id), headers(id, block(['x-late', '1']))]),
  ],
];

// CVE-2025-8671: the caller breaks a rule, the proxy resets the stream, and the endpoint works on.
describe('making the proxy reset streams', () => {
  let hostile: VolumeServer;
  let answerWith: (id: number) => Buffer = () => Buffer.alloc(0);
  let range: AttackRange;

  before(async () => {
    hostile = await startVolumeServer({
      onFrame: ({ type, streamId }, peer) => {
        if (type === HEADERS) peer.send(answerWith(streamId));
      },
    });
    range = await startAttackRange({ hostile: hostile.address });
  });
  after(async () => {
    await range.close();
    hostile.destroy();
  });

  for (const [name, frames] of primitives) {
    it(`with ${name} ends the connection, and the endpoint is told to stop`, async () => {
      const hitsBefore = await range.downstreamHits('provokedResetBurst');
      await range.besideAnInnocent(async () => {
        const callsBefore = range.server.calls;
        const attacker = await range.attacker();
        for (let first = 0; first < attempts && !attacker.closed; first += 50) {
          const ids = Array.from({ length: 50 }, (_, at) => (first + at) * 2 + 1);
          await attacker.sent(...ids.map(frames));
        }
        await attacker.untilClosed();
        assert.equal(attacker.goawayCode, ENHANCE_YOUR_CALM, attacker.goawayReason);
        assert.ok(attacker.count(RST_STREAM) <= 510, `it was sent ${attacker.count(RST_STREAM)} resets`);
        const seen = range.server.calls - callsBefore;
        assert.ok(seen < 1_000, `the endpoint saw ${seen} requests, the innocent's among them`);
      });
      assert.equal((await range.downstreamHits('provokedResetBurst')) - hitsBefore, 1);
      // Only what the endpoint no longer works on may stop counting.
      await until('the endpoint works for nobody any more', () => range.server.open === 0);
      await until('no stream is left', async () => (await range.metric('weir_upstream_streams')) === 0);
    });
  }

  const answers: readonly (readonly [name: string, frames: (id: number) => Buffer])[] = [
    ['WINDOW_UPDATE of 0', (id) => windowUpdate(id, 0)],
    ['WINDOW_UPDATE beyond 2^31-1', (id) => windowUpdate(id, 0x7fffffff)],
    ['a response without a status', (id) => headers(id, block(['x-odd', '1']))],
    ['DATA before HEADERS', (id) => data(id, EMPTY_MESSAGE)],
  ];
  for (const [name, frames] of answers) {
    it(`by an endpoint with ${name} ends its connection, and every caller gets an answer`, async () => {
      answerWith = frames;
      const hitsBefore = await range.upstreamHits('provokedResetBurst');
      await range.besideAnInnocent(async () => {
        const caller = await range.attacker({}, range.hostileAddress);
        for (let first = 0; first < attempts; first += 100) {
          const ids = Array.from({ length: 100 }, (_, at) => (first + at) * 2 + 1);
          await caller.sent(...ids.map((id) => headers(id, echoRequest('Unary'), END_HEADERS | END_STREAM)));
          await until('all were answered', () => caller.ended.size === first + 100);
        }
        assert.equal(caller.closed, false);
        const codes = hostile.peers.map(({ goawayCode }) => goawayCode).filter((code) => code !== undefined);
        assert.equal(codes.at(-1), ENHANCE_YOUR_CALM);
      });
      assert.ok((await range.upstreamHits('provokedResetBurst')) > hitsBefore);
    });
  }
});
