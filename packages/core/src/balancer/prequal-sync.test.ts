import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '../random.js';
import { FakeClock } from '../testing/index.js';
import { anyHost } from './balancer.compliance.js';
import { PrequalBalancer } from './prequal.js';
import type { PrequalSettings } from './prequal-settings.js';
import { Rig, type Said } from './prequal-rig.test.support.js';

describe('prequal in sync mode', () => {
  const sync: PrequalSettings = { mode: 'sync', idleProbesPerSecond: 0 };

  function ask(rig: Rig): { picked: number | undefined } {
    const result: { picked: number | undefined } = { picked: undefined };
    rig.balancer.pickAfterProbes!(anyHost, (host) => (result.picked = rig.hosts.indexOf(host!)));
    return result;
  }

  it('asks some hosts for the request and picks by their answers', () => {
    const rig = new Rig(
      [
        [3, 30],
        [1, 10],
        [2, 20],
      ],
      { ...sync, sampleSize: 3 },
    );
    const held = ask(rig);
    assert.equal(held.picked, undefined);
    assert.deepEqual([...rig.asked].sort(), [0, 1, 2]);
    rig.answer();
    // Two answers are waited for: the third host may have been left out.
    assert.equal(held.picked, [1, 2].includes(held.picked!) ? held.picked : -1);
    assert.equal(rig.clock.pendingTimers, 0);
  });

  it('waits for all answers but one, and not for those that do not come', () => {
    const answering: Said[] = [[1, 10], [1, 10], undefined];
    const rig = new Rig(answering, { ...sync, sampleSize: 3 });
    const held = ask(rig);
    rig.answer();
    assert.ok(held.picked === 0 || held.picked === 1);
    const late = ask(rig);
    rig.clock.advance(3);
    assert.notEqual(late.picked, undefined);
    rig.answer();
  });

  it('picks as async does when nobody answers, and where a request cannot be held', () => {
    const rig = new Rig([undefined, undefined, undefined], sync);
    const held = ask(rig);
    rig.answer();
    assert.notEqual(held.picked, undefined);
    assert.ok(rig.balancer.pick(anyHost));
  });

  it('lets requests that come together wait for the same answers', () => {
    const rig = new Rig(
      Array.from({ length: 3 }, (): Said => [1, 10]),
      { ...sync, sampleSize: 3 },
    );
    const all = Array.from({ length: 10 }, () => ask(rig));
    assert.equal(rig.asked.length, 3);
    rig.answer();
    assert.ok(all.every(({ picked }) => picked !== undefined));
  });

  it('asks nobody any more once it is closed', () => {
    const rig = new Rig(
      Array.from({ length: 3 }, (): Said => [1, 10]),
      sync,
    );
    const early = ask(rig);
    rig.balancer.close();
    rig.answer();
    assert.notEqual(early.picked, undefined);
    rig.asked.length = 0;
    assert.notEqual(ask(rig).picked, undefined);
    assert.deepEqual(rig.asked, []);
    assert.equal(rig.clock.pendingTimers, 0);
  });

  it('is not there in async mode nor without a way to ask', () => {
    assert.equal(new Rig([[1, 1]]).balancer.pickAfterProbes, undefined);
    const mute = new PrequalBalancer({ mode: 'sync' }, seededRandom(1), new FakeClock());
    assert.equal(mute.pickAfterProbes, undefined);
  });
});
