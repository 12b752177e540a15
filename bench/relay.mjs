/**
 * Compares the sidecar as shipped with the proxies people would use instead, in one interleaved run.
 *
 *     npm run bench:relay -- [--quick] [--rounds N] [--cases A,B] [--peers A,B] [--added-latency | --memory | --policies]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { arch, cpus, platform, release } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isInstalled, PEERS, versionOf } from './peers/peers.mjs';
import { weir, weirOf } from './peers/weir.mjs';
import { weirWithPolicies } from './peers/weir-variants.mjs';
import { CASES } from './relay/cases.mjs';
import { runWithCleanUp } from './relay/children.mjs';
import { compare } from './relay/compare.mjs';
import { addedLatency, formatLatency } from './relay/latency.mjs';
import { measureMemory, TARGET_MIB } from './relay/memory.mjs';
import { drawPicture } from './relay/picture.mjs';
import { formatCase } from './relay/table.mjs';

const RESULTS = join(dirname(fileURLToPath(import.meta.url)), 'results');

const HELP = `npm run bench:relay -- [options]

  --quick          2 rounds of half a second, the cases 8x32, 32x1 and 1m-down; writes no results
  --rounds N       rounds per case (default 5)
  --seconds S      how long one peer is under load in one round (default 1.5)
  --cases A,B      ${CASES.map((one) => one.name).join(', ')}
  --peers A,B      ${PEERS.map((peer) => peer.name).join(', ')}
  --before DIR     also the sidecar of another, built, checkout: what a change has brought; may be repeated
  --added-latency  p99 at 30 % of HAProxy's most, for every peer and without one
  --memory         resident memory of the sidecar, idle and after load
  --policies       the sidecar with 20 rules, retries, a deadline and outlier detection against a plain route
  --no-write       print only
`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    cases: { type: 'string' },
    peers: { type: 'string' },
    before: { type: 'string', multiple: true },
    'added-latency': { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
    policies: { type: 'boolean', default: false },
    'no-write': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else await runWithCleanUp(main);

async function main() {
  for (const tool of ['h2load', 'nghttpd']) {
    if (!isInstalled(tool))
      throw new Error(`${tool} is missing: run scripts/install-system-tools.sh --bench`);
  }
  const say = createProgress();
  if (values.memory) return reportMemory(say);
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
  const seconds = Number(values.seconds ?? (values.quick ? 0.5 : 1.5));
  if (values.policies) return reportPolicies({ rounds, seconds }, say);
  const peers = chosen(values.peers, PEERS).filter(({ needs, title }) => {
    if (needs === undefined || isInstalled(needs)) return true;
    say(
      `${title} is left out: ${needs} is not installed (scripts/install-system-tools.sh --bench installs it)`,
    );
    return false;
  });
  for (const checkout of values.before ?? []) {
    const name = basename(resolve(checkout));
    peers.push(weirOf(resolve(checkout), `weir-${name}`, `Weir in ${name}`));
  }
  if (values['added-latency']) return reportLatency(peers, { rounds, seconds }, say);
  const cases = chosen(values.cases ?? (values.quick ? '8x32,32x1,1m-down' : undefined), CASES);
  const results = await compare(cases, peers, { rounds, seconds }, say);
  for (const result of results) process.stdout.write(`${formatCase(result)}\n`);
  if (values.quick || values['no-write']) return;
  const host = describeHost(peers);
  await write(
    'relay.json',
    `${JSON.stringify({ host, rounds, secondsPerRound: seconds, results }, undefined, 2)}\n`,
  );
  const caption = `${host.cpus} × ${host.cpu}, Linux ${host.kernel}, Node ${process.version}; median of ${rounds} interleaved rounds, whiskers: smallest and largest`;
  await write('relay.svg', drawPicture(results, caption));
}

async function reportLatency(peers, options, say) {
  const names = values.cases ?? '8x32,32x1';
  const reports = [];
  for (const one of chosen(names, CASES)) {
    const report = await addedLatency(one, peers, options, say);
    process.stdout.write(`${formatLatency(report, one)}\n`);
    reports.push(report);
  }
  if (values.quick || values['no-write']) return;
  await write(
    'added-latency.json',
    `${JSON.stringify({ host: describeHost(peers), reports }, undefined, 2)}\n`,
  );
}

async function reportPolicies(options, say) {
  const cases = chosen(values.cases ?? (values.quick ? '8x32' : '8x32,32x1'), CASES);
  const results = await compare(cases, [weir, weirWithPolicies], options, say);
  for (const result of results) {
    process.stdout.write(`${formatCase(result)}\n`);
    const { cpuRatioToWeir: ratio } = result.peers[1];
    if (ratio === undefined) continue;
    const [least, middle, most] = [ratio.min, ratio.median, ratio.max].map((each) => each.toFixed(2));
    process.stdout.write(
      `policies cost ${middle} (${least} to ${most}) times the CPU of a plain route; goal 1.25\n\n`,
    );
  }
  if (values.quick || values['no-write']) return;
  await write('policies.json', `${JSON.stringify({ host: describeHost([weir]), results }, undefined, 2)}\n`);
}

async function reportMemory(say) {
  const figures = await measureMemory(say);
  process.stdout.write(`\nresident memory of the sidecar, MiB (target idle ≤ ${TARGET_MIB})\n`);
  for (const [label, mib] of Object.entries(figures)) {
    process.stdout.write(`${label.padEnd(44)} ${mib.toFixed(1).padStart(6)}\n`);
  }
  if (values['no-write']) return;
  await write(
    'memory.json',
    `${JSON.stringify({ node: process.version, residentMib: figures }, undefined, 2)}\n`,
  );
}

function chosen(names, all) {
  if (names === undefined) return all;
  return names.split(',').map((name) => {
    const found = all.find((one) => one.name === name);
    if (found === undefined) throw new Error(`"${name}" is none of ${all.map((one) => one.name).join(', ')}`);
    return found;
  });
}

function describeHost(peers) {
  const versions = Object.fromEntries(peers.map((peer) => [peer.name, versionOf(peer)]));
  const [first] = cpus();
  return {
    cpus: cpus().length,
    cpu: first.model,
    platform: platform(),
    arch: arch(),
    kernel: release(),
    versions,
  };
}

async function write(name, content) {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, name), content);
}

function createProgress() {
  const begin = Date.now();
  return (line) =>
    process.stderr.write(`${String(Math.round((Date.now() - begin) / 1000)).padStart(4)} s  ${line}\n`);
}
