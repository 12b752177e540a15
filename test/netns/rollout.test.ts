import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import { CLIENT, loadManifests, roll, scale, SERVER, startLoad, stopLoad } from './load/load.js';
import type { LoadReport } from './load/load-report.js';
import { startMeshedCluster } from './mesh.js';

/** Calls per second: what two cores bear beside a cluster that starts pods all the time. By hand: 500. */
const RATE = Number(process.env['WEIR_NETNS_RATE'] ?? '100');
const ROLLOUTS = Number(process.env['WEIR_NETNS_ROLLOUTS'] ?? '10');
const LINGER_MS = 1_000;
const NEW_POD_TAKES_TRAFFIC_WITHIN_MS = 1_000;
const OLD_POD_GETS_NONE_AFTER_MS = 200;

interface LastWords {
  readonly firstCallMs: number;
  readonly lastCallMs: number;
  readonly lingerMs: number;
}

describe('a rollout under load', () => {
  let cluster: Cluster;
  /** By so much the machine itself was late at times; measurements can't be held to less. */
  let machineMs = 0;
  before(async () => {
    cluster = await startMeshedCluster('shop');
    await cluster.shell(loadManifests('shop'));
    await cluster.settled(SERVER, 3);
    await cluster.settled(CLIENT, 1);
  });
  after(() => cluster.close());

  it(`loses no call in ${ROLLOUTS} rollouts at ${RATE} calls a second`, async (t) => {
    await startLoad(cluster, RATE);
    await sleep(1_000);
    const begunMs = Date.now();
    // Every other time the old pods take calls for a second after their SIGTERM, and then refuse them at once.
    for (let rollout = 0; rollout < ROLLOUTS; rollout++) {
      await roll(cluster, 'shop', rollout % 2 === 0 ? LINGER_MS : 0);
    }
    const seconds = (Date.now() - begunMs) / 1000;
    assertNoneFailed(t, await stopLoad(cluster), `${ROLLOUTS} rollouts in ${seconds.toFixed(0)} s`);
  });

  it('loses no call from three replicas to six and to two', async (t) => {
    await startLoad(cluster, RATE);
    await sleep(500);
    await scale(cluster, 'shop', 6);
    await sleep(500);
    await scale(cluster, 'shop', 2);
    await sleep(500);
    assertNoneFailed(t, await stopLoad(cluster), 'scaling');
  });

  it(`gives each new pod calls within ${NEW_POD_TAKES_TRAFFIC_WITHIN_MS} ms of Ready`, (t) => {
    const waits = [...cluster.history.lastWords].flatMap(([name, log]) => {
      const { readyMs } = cluster.history.times.get(name) ?? {};
      const words = lastWords(log);
      if (readyMs === undefined || words === undefined || !isUnderLoad(name)) return [];
      return [{ name, waitMs: words.firstCallMs - readyMs }];
    });
    assert.ok(waits.length > 0);
    const slowest = Math.max(...waits.map(({ waitMs }) => waitMs));
    t.diagnostic(`${waits.length} new pods: the slowest had its first call ${slowest} ms after it was ready`);
    assert.deepEqual(
      waits.filter(({ waitMs }) => waitMs > NEW_POD_TAKES_TRAFFIC_WITHIN_MS + machineMs),
      [],
    );
  });

  it(`gives no terminating pod a call ${OLD_POD_GETS_NONE_AFTER_MS} ms after the API server says so`, (t) => {
    const afterwards = [...cluster.history.lastWords].flatMap(([name, log]) => {
      const { terminatingMs } = cluster.history.times.get(name) ?? {};
      const words = lastWords(log);
      // Who refuses calls itself proves nothing.
      if (terminatingMs === undefined || words?.lingerMs !== LINGER_MS) return [];
      return [{ name, lateMs: words.lastCallMs - terminatingMs }];
    });
    assert.ok(afterwards.length > 0);
    const latest = Math.max(...afterwards.map(({ lateMs }) => lateMs));
    t.diagnostic(`${afterwards.length} lingering pods: the latest call came ${latest} ms after the word`);
    assert.deepEqual(
      afterwards.filter(({ lateMs }) => lateMs > OLD_POD_GETS_NONE_AFTER_MS + machineMs),
      [],
    );
  });

  /** The first three were there before the load. */
  function isUnderLoad(name: string): boolean {
    return [...cluster.history.times.keys()].indexOf(name) >= 3;
  }

  function assertNoneFailed(t: TestContext, report: LoadReport, what: string): void {
    const { succeeded, failures, slowestMs, longestPauseMs } = report;
    machineMs = Math.max(machineMs, longestPauseMs);
    t.diagnostic(`${what}: ${succeeded} calls, ${failures.length} failed, the slowest took ${slowestMs} ms`);
    t.diagnostic(`the caller itself was kept from running for up to ${longestPauseMs} ms`);
    assert.equal(failures.length, 0, `${JSON.stringify(failures.slice(0, 5), null, 2)}${cluster.describe()}`);
    assert.ok(succeeded > 0);
  }
});

function lastWords(log: string): LastWords | undefined {
  const line = log.split('\n').findLast((text) => text.startsWith('{"calls"'));
  return line === undefined ? undefined : (JSON.parse(line) as LastWords);
}
