// npm run simulate -- [--full] [--seeds N] [--only PART,PART…] [--threads N] [--out DIR] [--draw]
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { policyNamed } from './policies/registry.js';
import { fillIn } from './report/page.js';
import { plotOf } from './report/plots.js';
import { type PartResult, readResult, writeResult } from './report/results.js';
import { tablesOf } from './report/tables.js';
import type { Outcome } from './run/outcome.js';
import { fullSize, type Part, parts, shortSize } from './run/parts.js';
import { runAll } from './run/pool.js';
import { summaryOf, timeLineOf } from './run/summary.js';
import { merged } from './run/outcome.js';
import { disturbed } from './scenarios/registry.js';

const { values: options } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    draw: { type: 'boolean', default: false },
    only: { type: 'string' },
    seeds: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    out: { type: 'string', default: 'docs/balancing' },
  },
});
const usual = options.full ? fullSize : shortSize;
const size =
  options.seeds === undefined
    ? usual
    : { ...usual, seeds: Number(options.seeds), scenarioSeeds: Number(options.seeds) };

async function run(part: Part): Promise<PartResult> {
  const points = part.points(size);
  const jobs = points.flatMap((point) => point.jobs);
  const begunMs = performance.now();
  const tell = (done: number): void => {
    const seconds = (performance.now() - begunMs) / 1000;
    const left = done === 0 ? '' : `, ${((seconds * (jobs.length - done)) / done).toFixed(0)} s left`;
    const end = process.stderr.isTTY ? '\r' : '\n';
    if (process.stderr.isTTY || done % Math.ceil(jobs.length / 10) === 0) {
      process.stderr.write(`${part.name}: ${done} of ${jobs.length} runs${left}   ${end}`);
    }
  };
  tell(0);
  const outcomes = await runAll(jobs, Number(options.threads), tell);
  if (process.stderr.isTTY) process.stderr.write('\n');
  let next = 0;
  const results = points.map(({ policy, group, x, jobs: own }) => {
    const mine = outcomes.slice(next, (next += own.length));
    return { policy, title: policyNamed(policy).title, group, x, ...keptOf(part, mine) };
  });
  return { part: part.name, seeds: points[0]!.jobs.length, points: results };
}

function keptOf(part: Part, outcomes: readonly Outcome[]) {
  const summary = summaryOf(outcomes);
  if (part.name === 'shares') return { summary, perReplica: merged(outcomes).perReplica };
  if (outcomes[0]!.steps.length > 0) return { summary, timeLine: timeLineOf(outcomes) };
  return { summary };
}

function wantedParts(): readonly Part[] {
  const names = options.only?.split(',') ?? parts.map(({ name }) => name);
  return names.map((name) => {
    const part = parts.find((one) => one.name === name);
    if (part === undefined) {
      throw new RangeError(`no part ${name}; there are: ${parts.map((one) => one.name).join(', ')}`);
    }
    return part;
  });
}

try {
  const chosen = wantedParts();
  mkdirSync(options.out, { recursive: true });
  for (const part of chosen) {
    // What is drawn is what is kept, so that it can be drawn again.
    if (!options.draw) writeResult(options.out, await run(part));
    const result = readResult(options.out, part.name);
    if (result === undefined) continue;
    writeFileSync(join(options.out, `${part.name}.svg`), plotOf(result));
    const tables = tablesOf(
      result,
      disturbed.find(({ name }) => name === part.name),
    );
    console.log(`\n## ${part.name}\n\n${tables}`);
    fillIn(join(options.out, 'README.md'), part.name, tables);
  }
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
