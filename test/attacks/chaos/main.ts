// Chaos between all joints (caller, sidecar, servers, control plane) for a while, and then the books must balance.
//
//   npm run test:chaos                                   20 seconds, a seed of its own
//   npm run test:chaos -- --seconds 300 --seed 7         longer, and again as it was
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { seededRandom } from '@weir/core';
import { type ChaosProxy, startChaosProxy } from '../../support/chaos-proxy.js';
import { ConfigDirectory } from '../../support/config-directory.js';
import { callUnary, createEchoClient } from '../../support/echo-client.js';
import { startEchoServer } from '../../support/echo-server.js';
import { readMetric } from '../../support/read-metric.js';
import { until } from '../../support/until.js';
import { startControl, startProxy, type WeirProcess } from '../../support/weir-process.js';
import { ChaosLoad } from './load.js';

const SERVERS = 3;
const CALLERS = 12;
const MiB = 1024 * 1024;
/** How long the books may take to balance: the longest of the timeouts below, several times. */
const SETTLE_MS = 20_000;
/** Short enough for what hangs to be noticed while the chaos lasts. */
const LIMITS = [
  'keepaliveTimeMs=1000',
  'keepaliveTimeoutMs=500',
  'streamIdleTimeoutMs=3000',
  'windowStallTimeoutMs=2000',
  'frameTimeoutMs=2000',
  'settingsAckTimeoutMs=2000',
  'prefaceTimeoutMs=2000',
  'reconnectBaseMs=50',
  'reconnectCapMs=500',
];

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(seconds: number, seed: number): Promise<void> {
  say(`chaos for ${seconds} s with --seed ${seed}`);
  const randomOf = (joint: number) => seededRandom(seed * 100 + joint);
  const directory = new ConfigDirectory();
  const servers = await Promise.all(
    Array.from({ length: SERVERS }, (_, at) => startEchoServer({ name: `pod-${at}` })),
  );
  const toServers = await Promise.all(
    servers.map((server, at) => startChaosProxy({ target: () => server.address, random: randomOf(at) })),
  );
  directory.service('echo');
  for (const [at, { address }] of toServers.entries()) directory.endpoint('echo', `pod-${at}`, address);
  const control = await startControl(directory.path);
  const toControl = await startChaosProxy({ target: () => control.xds, random: randomOf(10) });
  const limits = LIMITS.flatMap((limit) => ['--limit', limit]);
  const sidecar = await startProxy(toControl.address, '--listen', 'echo:50051=127.0.0.1:0', ...limits);
  const toSidecar = await startChaosProxy({
    target: () => sidecar.listener('echo:50051'),
    random: randomOf(11),
  });
  const proxies = [...toServers, toControl, toSidecar];
  const load = new ChaosLoad(toSidecar.address, randomOf(12), CALLERS);
  try {
    // A sidecar that never had a configuration has nothing to lose.
    toControl.calm = true;
    toControl.destroyConnections();
    await sidecar.ready();
    toControl.calm = false;
    toControl.destroyConnections();
    const rssBefore = sidecar.process.residentBytes();
    await stir(directory, toServers, toControl, seconds);
    await load.stop();
    report(load, proxies, (sidecar.process.residentBytes() - rssBefore) / MiB);
    for (const proxy of proxies) {
      proxy.calm = true;
      proxy.destroyConnections();
    }
    await assertRecovers(sidecar, directory, toServers);
    await assertBooksBalance(sidecar, directory);
    sidecar.process.signal('SIGTERM');
    const { code } = await sidecar.process.exited;
    assert.equal(code, 0, 'the sidecar ends in good order');
  } finally {
    for (const proxy of proxies) proxy.destroy();
    await sidecar.process.kill();
    await control.process.kill();
    for (const server of servers) server.destroy();
    directory.destroy();
  }
}

/** Takes an endpoint away and brings it back, all the time. */
async function stir(
  directory: ConfigDirectory,
  toServers: readonly ChaosProxy[],
  toControl: ChaosProxy,
  seconds: number,
): Promise<void> {
  const endMs = performance.now() + seconds * 1_000;
  for (let round = 0; performance.now() < endMs; round++) {
    const at = round % toServers.length;
    directory.removeEndpoint(`pod-${at}`);
    await sleep(300);
    directory.endpoint('echo', `pod-${at}`, toServers[at]!.address);
    await sleep(700);
    // A stream to the control plane may live for hours: now and then it has to be made again.
    if (round % 3 === 2) toControl.destroyConnections();
  }
}

function report(load: ChaosLoad, proxies: readonly ChaosProxy[], grownMiB: number): void {
  const faults = new Map<string, number>();
  for (const { dealt } of proxies)
    for (const [fault, count] of dealt) faults.set(fault, (faults.get(fault) ?? 0) + count);
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
  say(`connections by fault: ${list(faults)}`);
  say(`calls by outcome: ${list(load.outcomes)}`);
  say(`the sidecar grew by ${grownMiB.toFixed(1)} MiB`);
  assert.ok((load.outcomes.get('OK') ?? 0) > 50, 'some calls got through');
  assert.ok(load.outcomes.size > 1, 'and some did not, or this was no chaos');
}

/** Once the chaos is over every call is served. */
async function assertRecovers(
  sidecar: WeirProcess,
  directory: ConfigDirectory,
  toServers: readonly ChaosProxy[],
): Promise<void> {
  for (const [at, { address }] of toServers.entries()) directory.endpoint('echo', `pod-${at}`, address);
  assert.equal(
    sidecar.process.exit,
    undefined,
    `the sidecar is alive:\n${sidecar.process.stderr.join('\n')}`,
  );
  const client = createEchoClient(sidecar.listener('echo:50051'));
  const callAll = async (): Promise<boolean> => {
    for (let call = 0; call < 60; call++) await callUnary(client, {}, { timeoutMs: 5_000 });
    return true;
  };
  try {
    await until('sixty calls in a row are served', callAll, SETTLE_MS);
  } finally {
    client.close();
  }
}

/** Nothing is open, in flight or waiting; and when the endpoints go, so do the connections to them. */
async function assertBooksBalance(sidecar: WeirProcess, directory: ConfigDirectory): Promise<void> {
  const gauges = [
    'weir_downstream_connections',
    'weir_downstream_streams',
    'weir_upstream_streams',
    'weir_upstream_pending_streams',
  ];
  const counts = async (names: readonly string[]): Promise<Record<string, number>> => {
    const { body } = await sidecar.get('/metrics');
    return Object.fromEntries(names.map((name) => [name, readMetric(body, name)]));
  };
  const areZero = async (names: readonly string[]): Promise<boolean> => {
    const now = await counts(names);
    assert.deepEqual(now, Object.fromEntries(names.map((name) => [name, 0])));
    return true;
  };
  await until('no stream is open or waiting', () => areZero(gauges), SETTLE_MS);
  assert.deepEqual(await openOnHosts(sidecar), {
    hosts: SERVERS,
    inFlight: 0,
    activeStreams: 0,
    pendingStreams: 0,
  });
  for (let at = 0; at < SERVERS; at++) directory.removeEndpoint(`pod-${at}`);
  await until('no connection is pooled', () => areZero(['weir_upstream_connections']), SETTLE_MS);
  await until('no host is left', async () => (await openOnHosts(sidecar))['hosts'] === 0, SETTLE_MS);
  say(`the books balance: ${JSON.stringify(await counts([...gauges, 'weir_upstream_connections']))}`);
}

/** What /clusters says, all hosts together. */
async function openOnHosts(sidecar: WeirProcess): Promise<Record<string, number>> {
  type Host = Readonly<Record<'inFlight' | 'activeStreams' | 'pendingStreams', number>>;
  const page = JSON.parse((await sidecar.get('/clusters')).body) as { clusters: { hosts: Host[] }[] };
  const hosts = page.clusters.flatMap((cluster) => cluster.hosts);
  const sum = (field: keyof Host): number => hosts.reduce((total, host) => total + host[field], 0);
  return {
    hosts: hosts.length,
    inFlight: sum('inFlight'),
    activeStreams: sum('activeStreams'),
    pendingStreams: sum('pendingStreams'),
  };
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
});
await run(Number(values.seconds), Number(values.seed));
