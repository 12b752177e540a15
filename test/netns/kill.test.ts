import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/until.js';
import type { Cluster } from './cluster.js';
import { CLIENT, loadManifests, scale, SERVER, startLoad, stopLoad } from './load/load.js';
import { CONTROL_PLANE, startMeshedCluster } from './mesh.js';

const RATE = Number(process.env['WEIR_NETNS_RATE'] ?? '100');
const UNAVAILABLE = 14;
/** Until a connection to a process that is gone has broken. */
const NEWS_MS = 50;
const CURRENT_WITHIN_MS = 3_000;

describe('kill -9 under load', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startMeshedCluster('shop');
    await cluster.shell(loadManifests('shop'));
    await cluster.settled(SERVER, 3);
    await cluster.settled(CLIENT, 1);
  });
  after(() => cluster.close());

  it('of a pod fails the calls in flight on it and no other', async (t) => {
    await startLoad(cluster, RATE);
    await sleep(1_000);
    const victim = cluster.pods(SERVER)[0]!;
    const killedMs = Date.now();
    victim.pod.kill();
    await until('another pod in its place', () => isWhole(victim.name), 30_000);
    const { succeeded, failures, longestPauseMs } = await stopLoad(cluster);
    // Begun before anybody could know; a stream that had an answer knows whose it was.
    const others = failures.filter(
      ({ code, server, atMs, tookMs }) =>
        code !== UNAVAILABLE ||
        atMs - tookMs > killedMs + NEWS_MS + longestPauseMs ||
        (server !== '' && server !== victim.name),
    );
    t.diagnostic(`${succeeded} calls, ${failures.length} were in flight on the pod that was killed`);
    assert.deepEqual(others, [], cluster.describe());
  });

  it('of every control-plane replica fails nothing', async (t) => {
    await startLoad(cluster, RATE);
    const killed = cluster.pods(CONTROL_PLANE);
    for (const { pod } of killed) pod.kill();
    const isBack = (): boolean => {
      const pods = cluster.pods(CONTROL_PLANE);
      return (
        pods.length === 2 && pods.every(({ name, pod }) => pod.ready && !killed.some((k) => k.name === name))
      );
    };
    await until('the control plane to be back', isBack, 60_000);
    const backMs = Date.now();
    const sidecars = [...cluster.pods(CLIENT), ...cluster.pods(SERVER)];
    const isConnected = async (): Promise<boolean> => {
      const pages = sidecars.map(async ({ pod }) => {
        const response = await fetch(`http://${pod.network.address}:15020/metrics`);
        return /^weir_xds_connected\S* 1$/m.test(await response.text());
      });
      return (await Promise.all(pages)).every(Boolean);
    };
    while (!(await isConnected())) {
      assert.ok(Date.now() - backMs < CURRENT_WITHIN_MS, `not connected again: ${cluster.describe()}`);
      await sleep(20);
    }
    t.diagnostic(
      `all proxies were connected again ${Date.now() - backMs} ms after the control plane was ready`,
    );
    const { succeeded, failures } = await stopLoad(cluster);
    assert.deepEqual(failures, [], cluster.describe());
    assert.ok(succeeded > 0);
  });

  it('and afterwards proxies learn of new pods again', async () => {
    await scale(cluster, 'shop', 4);
    await startLoad(cluster, RATE);
    await sleep(1_000);
    const { failures, servers } = await stopLoad(cluster);
    assert.deepEqual(failures, []);
    assert.equal(Object.keys(servers).length, 4);
  });

  function isWhole(without: string): boolean {
    const pods = cluster.pods(SERVER);
    return pods.length === 3 && pods.every(({ name, pod }) => pod.ready && name !== without);
  }
});
