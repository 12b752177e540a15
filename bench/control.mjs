// What the control plane costs: npm run bench:control [-- --quick]
// Per row a server over a synthetic cluster and a process full of clients, each on its own gRPC stream and subscribed
// to ten services by name (listener, routes, cluster, endpoints). Times are from the change of an object to the last
// client that has its endpoints and has sent its ACK.
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './control/child.mjs';

const quick = process.argv.includes('--quick');
const PER_CLIENT = 10;
const PORT = 39_115;

const rows = [];
const variants = ['sotw', 'delta'];
const sizes = quick
  ? [[100, 1000]]
  : [
      [10, 100],
      [100, 1000],
      [1000, 10_000],
    ];
const crowds = quick ? [1, 100] : [1, 100, 1000];
for (const [services, endpoints] of sizes) {
  for (const clients of crowds) {
    for (const variant of variants) rows.push(await measure({ services, endpoints, clients, variant }));
  }
}
printTable('One endpoint replaced at a time', rows);
if (!quick) {
  const restart = [];
  for (const variant of variants)
    restart.push(await measureRestart({ services: 1000, endpoints: 10_000, clients: 1000, variant }));
  printTable('The control plane restarts under 1000 clients', restart);
  const rollout = [];
  for (const variant of variants) rollout.push(await measureRollout({ clients: 1000, variant }));
  printTable(
    'Rolling restart of a service of 1000 pods, 10 pods/s, 1000 clients of which all call it',
    rollout,
  );
  printTable('Loading', [await measureLoad(1000, 10_000), await measureLoad(1000, 100_000)]);
}

async function open({
  services,
  endpoints,
  clients,
  variant,
  port = 0,
  perClient = Math.min(PER_CLIENT, services),
}) {
  const server = new Child('./server.mjs', [services, endpoints, port], ['--expose-gc']);
  const { port: bound } = await server.ready;
  const crowd = new Child('./clients.mjs', [clients, services, perClient, bound, variant]);
  await crowd.ready;
  const syncMs = await untilSynced(crowd, clients);
  return { server, crowd, syncMs };
}

async function untilSynced(crowd, clients, limitMs = 120_000) {
  const begunMs = performance.now();
  while ((await crowd.ask({ op: 'synced' })).synced < clients) {
    if (performance.now() - begunMs > limitMs) throw new Error('the clients do not converge');
    await sleep(20);
  }
  return performance.now() - begunMs;
}

async function measure({ services, endpoints, clients, variant }) {
  const { server, crowd, syncMs } = await open({ services, endpoints, clients, variant });
  const perClient = Math.min(PER_CLIENT, services);
  // Clients take services in turn, so the first ones have subscribers even when there are few clients.
  const used = Math.min(services, clients * perClient);
  const subscribersOf = (service) =>
    Array.from({ length: clients }, (_, index) => index).filter((index) =>
      Array.from({ length: perClient }, (_, at) => (index * perClient + at) % services).includes(service),
    ).length;
  await sleep(300);
  const before = await server.ask({ op: 'usage' });
  const times = [];
  const changes = quick ? 30 : 60;
  for (let change = 0; change < changes; change++) {
    const service = (change * 7) % used;
    const expected = subscribersOf(service);
    await crowd.ask({ op: 'forget' });
    const { atNs } = await server.ask({ op: 'change', service });
    let arrived = { count: 0, lastNs: '0' };
    const limitMs = performance.now() + 10_000;
    while (arrived.count < expected) {
      if (performance.now() > limitMs)
        throw new Error(`change ${change} reached ${arrived.count} of ${expected}`);
      await sleep(2);
      arrived = await crowd.ask({ op: 'arrived', service });
    }
    times.push(Number(BigInt(arrived.lastNs) - BigInt(atNs)) / 1e6);
  }
  const after = await server.ask({ op: 'usage' });
  await crowd.kill();
  await server.kill();
  times.sort((a, b) => a - b);
  const cpuMs = (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / 1000;
  return {
    variant,
    services,
    endpoints,
    clients,
    'RSS MB': mb(after.rss),
    'ms CPU/change': round(cpuMs / changes),
    'p50 ms': round(quantile(times, 0.5)),
    'p99 ms': round(quantile(times, 0.99)),
    'bytes/change': Math.round((after.bytes - before.bytes) / changes),
    'first sync ms': Math.round(syncMs),
  };
}

async function measureRestart({ services, endpoints, clients, variant }) {
  const { server, crowd } = await open({ services, endpoints, clients, variant, port: PORT });
  await server.kill();
  await sleep(1000);
  const begunMs = performance.now();
  const again = new Child('./server.mjs', [services, endpoints, PORT], ['--expose-gc']);
  await again.ready;
  const readyMs = performance.now() - begunMs;
  // The clients' own patience is part of it: they come back after up to a second.
  const syncMs = await untilSynced(crowd, clients);
  const { cpu } = await again.ask({ op: 'usage' });
  await crowd.kill();
  await again.kill();
  return {
    variant,
    services,
    endpoints,
    clients,
    'ready after ms': Math.round(readyMs),
    'all synced after ms': Math.round(readyMs + syncMs),
    'CPU ms': Math.round((cpu.user + cpu.system) / 1000),
  };
}

async function measureRollout({ clients, variant }) {
  const { server, crowd } = await open({ services: 1, endpoints: 1000, clients, variant, perClient: 1 });
  const before = await server.ask({ op: 'usage' });
  const begunMs = performance.now();
  const changes = 100;
  for (let change = 0; change < changes; change++) {
    await server.ask({ op: 'change', service: 0 });
    await sleep(Math.max(0, begunMs + (change + 1) * 100 - performance.now()));
  }
  const after = await server.ask({ op: 'usage' });
  const seconds = (performance.now() - begunMs) / 1000;
  await crowd.kill();
  await server.kill();
  const cpuSeconds = (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / 1e6;
  return {
    variant,
    clients,
    cores: round(cpuSeconds / seconds),
    'MB/s sent': round((after.bytes - before.bytes) / 1e6 / seconds),
    'RSS MB': mb(after.rss),
  };
}

async function measureLoad(services, endpoints) {
  const server = new Child('./server.mjs', [services, endpoints, 0], ['--expose-gc']);
  const { loadMs } = await server.ready;
  const { rss, heapUsed } = await server.ask({ op: 'usage' });
  await server.kill();
  return {
    services,
    endpoints,
    'ms to load': Math.round(loadMs),
    'RSS MB': mb(rss),
    'heap MB': mb(heapUsed),
  };
}

function quantile(sorted, at) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? NaN;
}

function mb(bytes) {
  return Math.round(bytes / 1024 / 1024);
}

function round(value) {
  return Number(value.toPrecision(3));
}

function printTable(title, list) {
  process.stdout.write(`\n${title}\n\n`);
  const keys = Object.keys(list[0] ?? {});
  process.stdout.write(`| ${keys.join(' | ')} |\n|${keys.map(() => '--:').join('|')}|\n`);
  for (const row of list) process.stdout.write(`| ${keys.map((key) => row[key]).join(' | ')} |\n`);
}
