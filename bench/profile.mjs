/**
 * Shows where the sidecar's time goes in one case: starts it under V8's sampling profiler, loads it, and
 * prints the functions with the most time of their own.
 *
 *     node bench/profile.mjs [CASE] [--seconds S] [--top N] [--keep FILE.cpuprofile] [--checkout DIR] [--policies]
 */
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { weir, weirOf } from './peers/weir.mjs';
import { weirWithPolicies } from './peers/weir-variants.mjs';
import { CASES } from './relay/cases.mjs';
import { runWithCleanUp, temporaryDirectory } from './relay/children.mjs';
import { Rig } from './relay/rig.mjs';

const INTERVAL_MICROS = 200;
const LIMIT_MS = 60_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '3' },
    top: { type: 'string', default: '40' },
    keep: { type: 'string' },
    checkout: { type: 'string' },
    policies: { type: 'boolean', default: false },
  },
});

await runWithCleanUp(main);

async function main() {
  const name = positionals[0] ?? '8x32';
  const one = CASES.find((known) => known.name === name);
  if (one === undefined)
    throw new Error(`"${name}" is none of ${CASES.map((known) => known.name).join(', ')}`);
  const shipped = values.policies ? weirWithPolicies : weir;
  const peer = values.checkout === undefined ? shipped : weirOf(resolve(values.checkout), 'weir', 'Weir');
  const directory = await temporaryDirectory();
  const rig = await Rig.open([one]);
  const nodeArgs = ['--cpu-prof', `--cpu-prof-dir=${directory}`, `--cpu-prof-interval=${INTERVAL_MICROS}`];
  const running = await rig.startPeer(peer, one, { nodeArgs });
  const warm = await rig.measure(running, one, one.up + one.down > 100_000 ? 500 : 50_000, LIMIT_MS);
  const requests = Math.round(warm.requestsPerSecond * Number(values.seconds));
  const begin = nowMicros();
  const result = await rig.measure(running, one, requests, LIMIT_MS);
  const end = nowMicros();
  await rig.stopPeer(running);
  const file = (await readdir(directory)).find((entry) => entry.endsWith('.cpuprofile'));
  const profile = JSON.parse(await readFile(join(directory, file), 'utf8'));
  if (values.keep !== undefined) await copyFile(join(directory, file), values.keep);
  print(one, result, selfTimes(profile, begin, end));
}

/** V8 and Node both count from the same monotonic clock. */
function nowMicros() {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Self time in microseconds by function, of the samples between two instants. */
function selfTimes({ nodes, samples, timeDeltas, startTime }, begin, end) {
  const labels = new Map(nodes.map(({ id, callFrame }) => [id, label(callFrame)]));
  const totals = new Map();
  let at = startTime;
  for (let index = 0; index < samples.length; index++) {
    at += timeDeltas[index];
    if (at < begin || at > end) continue;
    const name = labels.get(samples[index]);
    totals.set(name, (totals.get(name) ?? 0) + timeDeltas[index]);
  }
  return totals;
}

function label({ functionName, url, lineNumber }) {
  const place = url === '' ? '' : ` ${url.startsWith('node:') ? url : basename(url)}:${lineNumber + 1}`;
  return `${functionName || '(anonymous)'}${place}`;
}

function print(one, result, totals) {
  totals.delete('(idle)');
  const busy = [...totals.values()].reduce((sum, micros) => sum + micros, 0);
  process.stdout.write(
    `${one.title}: ${result.requests} requests, ${result.cpuMicrosPerRequest.toFixed(1)} µs CPU each under the profiler\n`,
  );
  const ranked = [...totals].sort((a, b) => b[1] - a[1]).slice(0, Number(values.top));
  for (const [name, micros] of ranked) {
    const share = ((micros / busy) * 100).toFixed(1).padStart(5);
    const each = (micros / result.requests).toFixed(3).padStart(9);
    process.stdout.write(`${share} %  ${each} µs/request  ${name}\n`);
  }
}
