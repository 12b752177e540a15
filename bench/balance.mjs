// The contest of the balancers with real processes: eight backends, each behind its own sidecar, two callers' sidecars,
// open-loop load, neighbours that take processor from some of the backends and move on. One algorithm at a time, in
// turns. Run by `npm run bench:balance`; `-- --help` lists what can be set.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startCallers, startFleet, stopAll } from './balance/fleet.mjs';
import { runLoad } from './balance/load.mjs';
import { formatScenario } from './balance/table.mjs';
import {
  antagonists,
  calm,
  CALLERS,
  CAPACITY,
  CORES,
  ENDPOINTS,
  MOVE_MS,
  WORK_MS,
} from './balance/world.mjs';
import { runWithCleanUp } from './relay/children.mjs';
import { cpuMicros } from './relay/usage.mjs';

const POLICIES = [
  { title: 'round robin', name: 'round_robin', yaml: '{ roundRobin: {} }' },
  { title: 'least request', name: 'least_request', yaml: '{ leastRequest: {} }' },
  { title: 'peak EWMA', name: 'p2c_ewma', yaml: '{ p2cEwma: {} }' },
  { title: 'Prequal', name: 'prequal', yaml: '{ prequal: {} }' },
];
const MORE = [
  { title: 'Prequal, sync', name: 'prequal', yaml: '{ prequal: { mode: sync } }' },
  { title: 'go-zero', name: 'go_zero_p2c', yaml: '{ goZeroP2c: {} }' },
];

const { values } = parseArgs({
  options: {
    levels: { type: 'string', default: '0.9,1.0,1.1' },
    calm: { type: 'string', default: '0.75' },
    seconds: { type: 'string', default: '12' },
    passes: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    hot: { type: 'string', default: String(HOT_SPEED) },
    more: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(`npm run bench:balance -- [options]
  --levels LIST   loads with moving neighbours, in parts of what the endpoints are entitled to (${values.levels})
  --calm LIST     loads without them (${values.calm})
  --seconds N     length of a run (${values.seconds})
  --passes N      runs of each algorithm at each load (${values.passes})
  --seed N        of arrivals, work and neighbours, the same for every algorithm (${values.seed})
  --hot N         what neighbours leave to an endpoint, in parts of what it is entitled to (${values.hot})
  --more          also Prequal in sync mode and go-zero's algorithm
`);
  process.exit(0);
}
const list = (text) => text.split(',').filter(Boolean).map(Number);
const lengthMs = Number(values.seconds) * 1000;
const warmUpMs = Math.min(3000, lengthMs / 4);
const policies = values.more ? [...POLICIES, ...MORE] : POLICIES;

await runWithCleanUp(async () => {
  const fleet = await startFleet();
  process.stdout.write(
    `${ENDPOINTS} backends of ${CORES} virtual cores, ${CALLERS} callers, work ${WORK_MS} ms on average, ` +
      `1.00 is ${CAPACITY.toFixed(0)} requests/s; neighbours leave ${values.hot} and move every ${MOVE_MS / 1000} s; seed ${values.seed}\n`,
  );
  const moving = (seed, ms) => antagonists(seed, ms, Number(values.hot));
  for (const level of list(values.levels)) await contest(fleet, `neighbours, load ${level}`, level, moving);
  for (const level of list(values.calm)) await contest(fleet, `calm, load ${level}`, level, calm);
  fleet.backends[0].child.send({ failFast: true });
  await contest(fleet, 'calm, load 0.75, one endpoint fails in 1 ms', 0.75, calm, 0);
});

/** Every algorithm in turn, as often as asked, under the same load. */
async function contest(fleet, title, level, speedsOf, watched) {
  const results = policies.map((policy) => ({
    policy,
    latencies: [],
    failures: 0,
    counts: [],
    cpuMicros: 0,
  }));
  for (let pass = 0; pass < Number(values.passes); pass++) {
    const seed = Number(values.seed) * 1000 + pass;
    for (const result of results) {
      progress(`${title}: ${result.policy.title}, pass ${pass + 1}`);
      const callers = await startCallers(fleet, result.policy);
      await served(fleet);
      const beforeMicros = callers.reduce((sum, { child }) => sum + cpuMicros(child.pid), 0);
      const speeds = speedsOf(seed, lengthMs);
      const run = await runLoad({ ...fleet, callers, speeds, level, seed, lengthMs, warmUpMs });
      result.cpuMicros += callers.reduce((sum, { child }) => sum + cpuMicros(child.pid), 0) - beforeMicros;
      result.counts.push(await served(fleet));
      result.latencies.push(run.latencies);
      result.failures += Object.values(run.failures).reduce((sum, count) => sum + count, 0);
      await stopAll(callers);
    }
  }
  progress('');
  process.stdout.write(`${formatScenario(title, results, watched)}\n`);
}

/** One line, for whoever watches. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** Requests that each backend has had since this was last asked. */
function served({ backends }) {
  return Promise.all(
    backends.map(async ({ child }) => {
      const answer = once(child, 'message');
      child.send({ ask: 'served' });
      const [{ served: count }] = await answer;
      return count;
    }),
  );
}
