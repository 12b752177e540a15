import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '@weir/core';
import { repositoryRoot } from '../support/node-process.js';
import { frameTarget } from './frame-target.js';
import { distill, fuzz } from './fuzzer.js';
import type { FuzzTarget } from './fuzz-target.js';
import { hpackTarget } from './hpack-target.js';

// npm run test:fuzz -- [--seconds 20] [--seed 1] [--keep]     fuzz all targets, sharing the time
// npm run test:fuzz -- --replay FILE --target frames          run one input alone
//
// `--keep` puts into the corpus, beside what was recorded, the inputs that reach code which no shorter one reaches.

const targets: readonly FuzzTarget[] = [frameTarget, hpackTarget];
/** Below this the corpus or a target does not do its work any more. */
const LEAST_COVERAGE = 0.8;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    replay: { type: 'string' },
    target: { type: 'string' },
  },
});
const seed = Number(values.seed);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function folderOf(target: FuzzTarget): string {
  return join(repositoryRoot, 'test/fuzz/corpus', target.name);
}

function corpusOf(target: FuzzTarget): Buffer[] {
  const folder = folderOf(target);
  return readdirSync(folder)
    .toSorted()
    .map((file) => readFileSync(join(folder, file)));
}

function keep(target: FuzzTarget, inputs: readonly Buffer[]): void {
  const folder = folderOf(target);
  for (const file of readdirSync(folder)) if (file.startsWith('found-')) rmSync(join(folder, file));
  for (const input of distill(target, inputs, seed)) {
    const name = createHash('sha256').update(input).digest('hex').slice(0, 12);
    writeFileSync(join(folder, `found-${name}.bin`), input);
  }
}

/** True if all held. */
function check(target: FuzzTarget, seconds: number): boolean {
  const corpus = corpusOf(target);
  const report = fuzz(target, corpus, seconds, seed);
  const { runs, found, features, coverage, overall, failure } = report;
  const reached = [...coverage].map(([file, share]) => `${file} ${Math.round(share * 100)} %`).join(', ');
  say(
    `${target.name}: ${runs} inputs in ${report.seconds.toFixed(1)} s from ${corpus.length} of the corpus, seed ${seed}`,
  );
  say(
    `  ${features} features, ${found.length} new inputs; reached ${Math.round(overall * 100)} %: ${reached}`,
  );
  if (failure !== undefined) {
    const file = join(mkdtempSync(join(tmpdir(), 'weir-fuzz-')), 'input.bin');
    writeFileSync(file, failure.input);
    say(`  FAILED: ${failure.error instanceof Error ? failure.error.stack : String(failure.error)}`);
    say(`  the input, also in ${file}: ${failure.input.toString('hex')}`);
    say(`  again: npm run test:fuzz -- --target ${target.name} --replay ${file}`);
    return false;
  }
  if (values.keep) keep(target, [...corpus, ...found]);
  if (overall >= LEAST_COVERAGE) return true;
  say(
    `  FAILED: ${Math.round(overall * 100)} % of the code was reached, ${LEAST_COVERAGE * 100} % are expected`,
  );
  return false;
}

if (values.replay !== undefined) {
  const target = targets.find(({ name }) => name === values.target);
  if (target === undefined)
    throw new Error(`--target must be one of ${targets.map(({ name }) => name).join(', ')}`);
  for (const feature of target.run(readFileSync(values.replay), seededRandom(seed))) say(feature);
  say('nothing is wrong with this input');
} else {
  const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target);
  const results = chosen.map((target) => check(target, Number(values.seconds) / chosen.length));
  const failed = results.filter((held) => !held).length;
  say(`${results.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
