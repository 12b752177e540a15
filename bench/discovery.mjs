/**
 * Measures the control plane over a cluster: memory, time to the first snapshot, and how long a change takes until a
 * client has acknowledged it, at rest and while pods come and go.
 *
 *     npm run bench:discovery -- [--services 1000] [--pods 10] [--changing 1000] [--seconds 10]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BenchClient } from './discovery/client.mjs';
import { BenchCluster } from './discovery/cluster.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const CLOCK_TICKS = 100;

const { values } = parseArgs({
  options: {
    services: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '10' },
    changing: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
  },
});
const services = Number(values.services);
const perService = Number(values.pods);
const changing = Number(values.changing);
const seconds = Number(values.seconds);

const cluster = new BenchCluster({ services, perService });
const directory = mkdtempSync(join(tmpdir(), 'weir-bench-'));
let control;
let client;
try {
  await cluster.start();
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, cluster.api.kubeconfig(), { mode: 0o600 });
  // As in a pod: a ServiceAccount, without the library that reads kubeconfigs.
  const mount = inClusterMount(directory);

  const begunMs = performance.now();
  const commandLine = ['control', '--xds', '127.0.0.1:0', '--http', '127.0.0.1:0', '-o', 'json'];
  control = spawn(process.execPath, [join(ROOT, 'packages/mesh/bin/weir.js'), ...commandLine], {
    env: { ...process.env, ...mount },
    stdio: ['ignore', 'pipe', process.env.WEIR_BENCH_LOG ? 'inherit' : 'ignore'],
  });
  const { xds } = await firstLine(control);
  const startMs = performance.now() - begunMs;
  const listedMib = rssMib(control.pid);

  const connectMs = performance.now();
  client = new BenchClient(Number(xds.split(':').at(-1)));
  while (client.assignments < services) await sleep(5);
  const configuredMs = performance.now() - connectMs;
  await sleep(1000);
  const servingMib = rssMib(control.pid);

  const removals = [];
  const additions = [];
  for (let turn = 0; turn < 50; turn++) {
    const service = cluster.services[(turn * 37) % services];
    await cluster.removePod(service);
    const removal = client.latency(service);
    await cluster.writeSlice(service);
    removals.push(await removal);
    await cluster.addPod(service);
    const addition = client.latency(service);
    await cluster.writeSlice(service);
    additions.push(await addition);
  }

  // Each change is a pod that goes and one that comes, as in a rollout.
  const churned = [];
  const latencies = [];
  const cpuBefore = cpuSeconds(control.pid);
  const churnMs = performance.now();
  let peakMib = servingMib;
  for (let change = 0; change < changing; change++) {
    const service = cluster.services[(change * 7) % services];
    await cluster.addPod(service);
    await cluster.removePod(service);
    churned.push(client.latency(service).then((latency) => latencies.push(latency)));
    await cluster.writeSlice(service);
    if (change % 50 === 0) peakMib = Math.max(peakMib, rssMib(control.pid));
    const dueMs = churnMs + ((change + 1) * seconds * 1000) / changing;
    // At least one turn, in which the API server gets to its sockets.
    await sleep(Math.max(0, dueMs - performance.now()));
  }
  await Promise.all(churned);
  const elapsed = (performance.now() - churnMs) / 1000;
  const cpu = cpuSeconds(control.pid) - cpuBefore;

  const idleBefore = cpuSeconds(control.pid);
  await sleep(5000);
  const idle = (cpuSeconds(control.pid) - idleBefore) / 5;

  print([
    ['services, endpoints', `${services}, ${services * perService}`],
    ['start to serving (process start, listing, first snapshot)', `${startMs.toFixed(0)} ms`],
    ['first client: connect to fully configured', `${configuredMs.toFixed(0)} ms`],
    ['RSS when listed', `${listedMib.toFixed(0)} MiB`],
    ['RSS with one client', `${servingMib.toFixed(0)} MiB`],
    ['RSS, most while pods change', `${peakMib.toFixed(0)} MiB`],
    ['removal to ACK', formatQuantiles(removals)],
    ['addition to ACK (50 ms gathering)', formatQuantiles(additions)],
    [`${changing} pods replaced in ${elapsed.toFixed(1)} s: change to ACK`, formatQuantiles(latencies)],
    ['CPU meanwhile', `${((cpu / elapsed) * 100).toFixed(0)} % of a core`],
    ['CPU at rest', `${(idle * 100).toFixed(1)} % of a core`],
  ]);
} finally {
  client?.close();
  control?.kill('SIGKILL');
  await cluster.api?.stop();
  rmSync(directory, { recursive: true, force: true });
}

/** What a pod finds: environment and files. Serves the token by a path of the bench's own. */
function inClusterMount(root) {
  const { hostname, port } = new URL(cluster.api.url);
  const token = cluster.api.adminToken;
  writeFileSync(join(root, 'token'), token);
  writeFileSync(join(root, 'ca.crt'), cluster.api.ca);
  writeFileSync(join(root, 'namespace'), 'weir-system');
  return { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, WEIR_SERVICE_ACCOUNT_DIR: root };
}

async function firstLine(child) {
  for await (const line of createInterface(child.stdout)) return JSON.parse(line);
  throw new Error('the control plane ended; WEIR_BENCH_LOG=1 shows why');
}

function rssMib(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

function formatQuantiles(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(0);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`;
}

function print(rows) {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value}`);
}
