// Nanoseconds and bytes per pick and per feedback of every balancer, and milliseconds per update:
// `npm run bench:balancer`, or `node bench/balancer.mjs prequal maglev` for some of them.
//
// A pick is made among hosts whose latency, load and failures are known and differ, with some requests in
// flight; Prequal's picks include the answers to the probes they send. Times are of the processor, so that who
// else works on the machine matters little, and the best of several rounds; bytes are what is put on the heap,
// likewise.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createBalancer, emptyLoadReport, EndpointStats, seededRandom } from '../packages/core/dist/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const COUNTS = [3, 100, 10_000];
const ROUND_MS = 60;
const ROUNDS = 8;

const slowStart = { windowMs: 60_000, minWeightPercent: 10, aggression: 1 };
const leastRequest = { name: 'least_request', choiceCount: 2, activeRequestBias: 1 };

/** Name in the table → policy, and whether the weights of the hosts differ. */
const CASES = {
  random: [{ name: 'random' }],
  'random, weighted': [{ name: 'random' }, true],
  'round robin': [{ name: 'round_robin' }],
  'round robin, weighted': [{ name: 'round_robin' }, true],
  'least request': [leastRequest],
  'least request, weighted': [leastRequest, true],
  'P2C peak EWMA': [{ name: 'p2c_ewma' }],
  'P2C peak EWMA, weighted': [{ name: 'p2c_ewma' }, true],
  'P2C peak EWMA, slow start': [{ name: 'p2c_ewma', slowStart }],
  'P2C peak EWMA, subset of 20': [{ name: 'p2c_ewma', subset: { clientId: 'bench', size: 20 } }],
  'go-zero p2c_ewma': [{ name: 'go_zero_p2c' }],
  'weighted round robin (ORCA)': [{ name: 'weighted_round_robin', blackoutMs: 0 }],
  'Prequal, asynchronous': [{ name: 'prequal' }],
  'ring hash': [{ name: 'ring_hash', minimumRingSize: 1_024, maximumRingSize: 8_388_608 }],
  maglev: [{ name: 'maglev', tableSize: 65_537 }],
};

/**
 * A clock that leaves nothing on the heap, so that what is counted is the balancer's. `performance.now()` may
 * leave its result there: the first row of the table says what a look at it costs by itself.
 */
class BenchClock {
  #nowMs = 0.5;
  nowMs() {
    this.#nowMs += 0.001;
    return this.#nowMs;
  }
  wallMs() {
    return 0;
  }
  setTimer() {
    return { cancel() {} };
  }
}

class ProcessClock {
  lastMs = 0.5;
  look() {
    this.lastMs = performance.now();
  }
}

function createHosts(count, weighted, random) {
  return Array.from({ length: count }, (_, index) => {
    const stats = new EndpointStats();
    stats.inFlight = random.int(4);
    const host = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
    return {
      endpoint: {
        address: `${host}:50051`,
        host,
        port: 50_051,
        weight: weighted ? 1 + random.int(5) : 1,
        health: 'healthy',
        locality: '',
        pod: '',
      },
      stats,
    };
  });
}

/** A balancer that knows its hosts, and what to do with it. */
function prepare([policy, weighted = false], count) {
  const random = seededRandom(count);
  const hosts = createHosts(count, weighted, random);
  const replies = [];
  const probes = { probe: (_, onReply) => void replies.push(onReply) };
  const balancer = createBalancer(policy, random, new BenchClock(), probes);
  balancer.update(hosts);
  const feedbacks = Array.from({ length: 64 }, (_, index) => ({
    latencyMs: 5 + random.int(40) + 0.25,
    failed: index === 0,
    grpcCode: index === 0 ? 14 : 0,
    pushbackMs: undefined,
    load: {
      ...emptyLoadReport,
      requestsInFlight: random.int(8),
      latencyMs: 5 + random.int(40) + 0.25,
      cpuUtilization: 0.25 + random.int(100) / 200,
      qps: 100 + random.int(50),
    },
  }));
  for (const [index, host] of hosts.entries()) balancer.onAttemptEnd?.(host, feedbacks[index % 64]);
  const report = feedbacks[7].load;
  const context = { excluded: undefined, hash: { high: 0, low: 0 } };
  let turn = 0;
  return {
    balancer,
    hosts,
    pick() {
      turn = (turn + 1) | 0;
      context.hash.high = Math.imul(turn, 0x9e3779b9) >>> 0;
      context.hash.low = Math.imul(turn, 0x85ebca6b) >>> 0;
      balancer.pick(context);
      while (replies.length > 0) replies.pop()(report);
    },
    feedback() {
      turn = (turn + 1) | 0;
      balancer.onAttemptEnd(hosts[(turn >>> 0) % count], feedbacks[turn & 63]);
    },
  };
}

/** Nanoseconds of the processor and bytes per call. */
function measure(act) {
  const times = callsPerRound(act);
  let bestNs = Infinity;
  let leastBytes = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const start = process.cpuUsage();
    for (let time = 0; time < times; time++) act();
    const tookUs = process.cpuUsage(start).user;
    leastBytes = Math.min(leastBytes, (process.memoryUsage().heapUsed - before) / times);
    bestNs = Math.min(bestNs, (tookUs * 1_000) / times);
  }
  return { ns: bestNs, bytes: Math.max(0, leastBytes) };
}

/** Also warms up. */
function callsPerRound(act) {
  let times = 0;
  const startMs = performance.now();
  while (performance.now() - startMs < ROUND_MS) {
    for (let time = 0; time < 1_000; time++) act();
    times += 1_000;
  }
  return Math.max(10_000, times);
}

function measureUpdate({ balancer, hosts }) {
  let bestMs = Infinity;
  for (let round = 0; round < 5; round++) {
    const changed = hosts.filter((_, index) => index % hosts.length !== round);
    const startMs = performance.now();
    balancer.update(changed);
    bestMs = Math.min(bestMs, performance.now() - startMs);
  }
  return bestMs;
}

const figure = (value) => (value < 10 ? value.toFixed(1) : String(Math.round(value)));
const row = (cells) =>
  console.log(
    `| ${cells.map((cell, index) => (index === 0 ? cell.padEnd(28) : cell.padStart(9))).join(' | ')} |`,
  );

const wanted = process.argv.slice(2);
const cases = Object.entries(CASES).filter(
  ([title, [{ name }]]) =>
    wanted.length === 0 || wanted.some((word) => title.includes(word) || name === word),
);
if (cases.length === 0) {
  console.error(`no balancer is called ${wanted.join(' ')}; there are: ${Object.keys(CASES).join(', ')}`);
  process.exit(1);
}
console.log(
  `Node ${process.version}; nanoseconds (bytes) per pick and per feedback, milliseconds per update\n`,
);
row(['', ...COUNTS.map((count) => `pick ${count}`), ...COUNTS.map((count) => `fb ${count}`), 'update 10k']);
row([':--', ...Array.from({ length: 7 }, () => '--:')]);
const processClock = new ProcessClock();
const show = ({ ns, bytes }) => `${figure(ns)} (${figure(bytes)})`;
row(['(a look at the clock)', show(measure(() => processClock.look())), '', '', '', '', '', '']);
for (const [title, given] of cases) {
  const rigs = COUNTS.map((count) => prepare(given, count));
  const picks = rigs.map((rig) => show(measure(rig.pick)));
  const feedbacks = rigs.map((rig) =>
    rig.balancer.onAttemptEnd === undefined ? '–' : show(measure(rig.feedback)),
  );
  row([title, ...picks, ...feedbacks, figure(measureUpdate(rigs.at(-1)))]);
  for (const { balancer } of rigs) balancer.close?.();
}
