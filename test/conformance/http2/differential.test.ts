import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { seededRandom } from '@weir/core';
import { ConfigDirectory } from '../../support/config-directory.js';
import {
  ACK,
  DATA,
  END_STREAM,
  PING,
  PRIORITY,
  SETTINGS,
  WINDOW_UPDATE,
} from '../../support/raw-frames/frame.js';
import { startRun, type WeirProcess } from '../../support/weir-process.js';
import { differences } from './differential/differences.js';
import { OPEN, randomScript, sequence, type FrameScript } from './differential/frame-script.js';
import { describeReaction, reactionTo } from './differential/reaction.js';

/** `WEIR_TEST_SEED` plays another game; a failure names the seed and the script. */
const seed = Number(process.env['WEIR_TEST_SEED'] ?? 9113);
const SCRIPTS = 800;
const SEQUENCES = 150;

describe(`the sidecar and node:http2, told the same (seed ${seed})`, () => {
  const directory = new ConfigDirectory();
  // It answers nothing, so that the streams of a script stay in the state that the script has brought them to.
  const server = createServer();
  const random = seededRandom(seed);
  const accepted: FrameScript[] = [];
  let node = '';
  let weir: WeirProcess;

  before(async () => {
    server.on('stream', (stream) => stream.on('error', () => {}));
    server.on('sessionError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    node = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    directory.serviceEntry('backend.test', 80, [node]);
    weir = await startRun(directory.path, '--listen', 'backend.test:80=127.0.0.1:0');
    await weir.ready();
  });

  after(async () => {
    server.close();
    await weir.process.kill();
    directory.destroy();
  });

  it('react in the same way but for the differences listed', async () => {
    const address = weir.listener('backend.test:80');
    const unused = new Set(differences);
    for (let count = 0; count < SCRIPTS; count++) {
      const script = randomScript(random);
      const [ours, theirs] = await Promise.all([reactionTo(address, script), reactionTo(node, script)]);
      if (ours.kind === theirs.kind && ours.code === theirs.code) {
        if (ours.kind === 'accepted') accepted.push(script);
        continue;
      }
      const difference = differences.find((known) => known.holds(script, ours, theirs));
      assert.ok(
        difference,
        `${script.description}: the sidecar said ${describeReaction(ours)}, Node ${describeReaction(theirs)}`,
      );
      unused.delete(difference);
    }
    assert.deepEqual(
      [...unused].map(({ reason }) => reason),
      [],
      'listed, but no script shows it',
    );
  });

  it('accept the same sequences of frames that are lawful one by one', async () => {
    const address = weir.listener('backend.test:80');
    const lawful = accepted.filter(leavesStreamsOpen);
    assert.ok(lawful.length > 50, 'too few scripts to put together');
    for (let count = 0; count < SEQUENCES; count++) {
      const parts = Array.from({ length: 8 }, () => lawful[random.int(lawful.length)]);
      const script = sequence(parts.filter((part) => part !== undefined));
      const [ours, theirs] = await Promise.all([reactionTo(address, script), reactionTo(node, script)]);
      const sameClass =
        ours.kind === theirs.kind && (ours.code === theirs.code || theirs.code === 'INTERNAL_ERROR');
      assert.ok(
        sameClass,
        `${script.description}: the sidecar said ${describeReaction(ours)}, Node ${describeReaction(theirs)}`,
      );
    }
  });
});

/** The frame changes no stream's state, so that it can be followed by any other. */
function leavesStreamsOpen({ type, flags, streamId }: FrameScript): boolean {
  if (type === DATA) return streamId === OPEN && (flags & END_STREAM) === 0;
  if (type === PING || type === SETTINGS) return (flags & ACK) === 0;
  return type === PRIORITY || type === WINDOW_UPDATE || type > 9;
}
