import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/until.js';
import type { Cluster } from './cluster.js';
import { appManifests, serviceManifests } from './deployments.js';
import { startMeshedCluster } from './mesh.js';

const STARTS = 3;
const START_WITHIN_MS = 700;
const SETTLING_MS = 5_000;
const IDLE_MS = 20_000;
const IDLE_CORE_PERCENT = 0.5;

describe('the life of a pod with a sidecar', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startMeshedCluster('shop');
    await cluster.shell(
      serviceManifests('shop', 'load-server', [{ name: 'grpc', port: 50051 }]) +
        appManifests('shop', 'load-server', 'load/load-server', { replicas: 2 }),
    );
    await cluster.settled({ app: 'load-server' }, 2);
  });
  after(() => cluster.close());

  it(`is ready to call within ${START_WITHIN_MS} ms, and a Job's pod completes, with its first call answered`, async (t) => {
    const startsMs: number[] = [];
    for (let start = 0; start < STARTS; start++) {
      const name = `job-${start}`;
      await cluster.shell(
        appManifests('shop', name, 'apps/caller', {
          kind: 'Job',
          env: { JOB: '1', TARGET: 'load-server:50051' },
        }),
      );
      const pod = () => cluster.pods({ app: name })[0]?.pod;
      await until('the job to be done', () => jobStatus(name)?.['succeeded'] === 1, 30_000);
      assert.equal(pod()?.phase, 'Succeeded');
      assert.match(pod()?.log ?? '', /first call answered by load-server/);
      assert.equal(pod()?.container('weir-proxy')?.exitCode, 0, 'the sidecar does not outlive the work');
      const { sidecarStartMs = Infinity, sidecarQueuedMs = 0 } = pod() ?? {};
      t.diagnostic(
        `from the sidecar's start to its first successful probe ${sidecarStartMs} ms, ` +
          `of which it waited ${sidecarQueuedMs} ms for a processor`,
      );
      startsMs.push(sidecarStartMs - sidecarQueuedMs);
    }
    // The best of three: what else the machine is busy with is not the sidecar's.
    assert.ok(Math.min(...startsMs) <= START_WITHIN_MS, startsMs.join(', '));
  });

  it('answers the call that an application makes as it starts, and those it makes as it ends', async () => {
    await cluster.shell(
      appManifests('shop', 'caller', 'apps/caller', { env: { TARGET: 'load-server:50051' } }),
    );
    await cluster.settled({ app: 'caller' }, 1);
    const [caller] = cluster.pods({ app: 'caller' });
    assert.match(caller!.pod.log, /first call answered by load-server/);
    await cluster.shell('kubectl scale -n shop deployment/caller --replicas=0');
    await until('the pod to be gone', () => cluster.history.lastWords.has(caller!.name), 30_000);
    const lines = cluster.history.lastWords.get(caller!.name)!.split('\n');
    const last = lines.filter((line) => line.startsWith('last call'));
    assert.equal(last.length, 5);
    for (const line of last) assert.match(line, /answered by load-server/);
  });

  it(`costs an idle pod less than ${IDLE_CORE_PERCENT} % of a core`, async (t) => {
    // The cluster here probes five times a second, to be quick; a kubelet asks every ten seconds.
    const nothingAsked = { replicas: 2, readinessProbe: 'none' } as const;
    await cluster.shell(appManifests('shop', 'idle', 'load/load-server', nothingAsked));
    await cluster.settled({ app: 'idle' }, 2);
    // What a new process still does for itself: compiling, collecting.
    await sleep(SETTLING_MS);
    const pids = cluster.pods({ app: 'idle' }).map(({ pod }) => pod.container('weir-proxy')!.pid);
    const usedMs = pids.map(processorMs);
    await sleep(IDLE_MS);
    const percents = pids.map((pid, index) => ((processorMs(pid) - usedMs[index]!) / IDLE_MS) * 100);
    t.diagnostic(`idle sidecars: ${percents.map((percent) => percent.toFixed(2)).join(', ')} % of a core`);
    t.diagnostic(`resident: ${pids.map((pid) => (residentKb(pid) / 1024).toFixed(1)).join(', ')} MB`);
    for (const percent of percents) assert.ok(percent < IDLE_CORE_PERCENT, `${percent} %`);
  });

  function jobStatus(name: string): Record<string, unknown> | undefined {
    return cluster.api.get('batch/v1', 'Job', name, 'shop')?.['status'] as
      Record<string, unknown> | undefined;
  }
});

/** Of all its threads, to the nanosecond: ticks are a tenth of what is allowed. */
function processorMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ranNs = (thread: string): number =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  return threads.reduce((sum, thread) => sum + ranNs(thread), 0) / 1e6;
}

function residentKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
