import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { repositoryRoot } from '../support/node-process.js';
import type { Case, ClientId } from './case.js';
import { Caller, type CallerProgram } from './caller.js';
import { change } from './cases/change.js';
import { discovery } from './cases/discovery.js';
import { resilience } from './cases/resilience.js';
import { routing } from './cases/routing.js';
import { runGuide } from './guide.js';
import { Stage } from './stage.js';
import { formatTable, tableIn, type Column } from './table.js';

/**
 * Runs every case with every client that is installed, prints the table, and compares it with the documented one.
 * Arguments: parts of the names of cases to run alone.
 */

const DOCUMENT = join(repositoryRoot, 'docs/reference/proxyless.md');
const python = process.env['PYTHON'] ?? '/usr/bin/python3';

const cases: readonly Case[] = [...discovery, ...routing, ...resilience, ...change];

function programs(): readonly (readonly [ClientId, CallerProgram])[] {
  const require = createRequire(import.meta.url);
  // Its exports map hides package.json.
  const path = join(require.resolve('@grpc/grpc-js-xds'), '../../../package.json');
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  const found: (readonly [ClientId, CallerProgram])[] = [
    [
      'node',
      {
        name: `grpc-js-xds ${version}`,
        command: process.execPath,
        args: [join(repositoryRoot, 'test/dist/proxyless/node-caller.js')],
      },
    ],
  ];
  const [, node] = found[0] ?? [];
  if (node !== undefined) {
    found.push([
      'weir',
      { ...node, name: `${node.name} with @weir/client`, environment: { WEIR_CLIENT: '1' } },
    ]);
  }
  const grpcio = execFileSync(python, ['-c', 'import grpc; print(grpc.__version__)'], { encoding: 'utf8' });
  const [major, minor] = grpcio.split('.');
  found.push([
    'core',
    {
      name: `grpcio (C-core) ${major}.${minor}`,
      command: python,
      args: [join(repositoryRoot, 'test/proxyless/python_caller.py')],
    },
  ]);
  return found;
}

async function runColumn(client: ClientId, program: CallerProgram, chosen: readonly Case[]): Promise<Column> {
  const stage = new Stage();
  const results = new Map<string, string | undefined>();
  try {
    await stage.start();
    const caller = new Caller(program, stage.bootstrapFile);
    for (const { feature, run } of chosen) {
      const begunMs = performance.now();
      let failure: string | undefined;
      try {
        await run(stage, caller, client);
      } catch (error) {
        failure = error instanceof Error ? error.message : String(error);
        if (process.env['VERBOSE'] === '1') console.error(error, caller.stderr.slice(-20).join('\n'));
      }
      results.set(feature, failure);
      const seconds = ((performance.now() - begunMs) / 1000).toFixed(1);
      process.stdout.write(
        `${failure === undefined ? 'ok  ' : 'FAIL'} ${program.name}: ${feature} (${seconds} s)\n`,
      );
      if (failure !== undefined) process.stdout.write(`     ${failure}\n`);
    }
    await caller.kill();
  } finally {
    await stage.close();
  }
  return { client, name: program.name, results };
}

const wanted = process.argv.slice(2);
const chosen = cases.filter(
  ({ feature }) => wanted.length === 0 || wanted.some((part) => feature.includes(part)),
);
const only = process.env['CLIENT'];
const columns: Column[] = [];
for (const [client, program] of programs()) {
  if (only === undefined || only === client) columns.push(await runColumn(client, program, chosen));
}
const isWhole = wanted.length === 0 && only === undefined;
const guideFailure = isWhole ? runGuide() : undefined;
if (isWhole)
  process.stdout.write(`${guideFailure === undefined ? 'ok  ' : 'FAIL'} the guide, Python included\n`);
if (guideFailure !== undefined) process.stdout.write(`${guideFailure}\n`);
const table = formatTable(chosen, columns);
process.stdout.write(`\n${table}\n`);
const failed = columns.some(({ results }) => [...results.values()].some((failure) => failure !== undefined));
const isDocumented = !isWhole || tableIn(readFileSync(DOCUMENT, 'utf8')) === table;
if (!isDocumented) process.stdout.write(`\nthe table in ${DOCUMENT} is another one: copy this one there\n`);
process.exitCode = failed || !isDocumented || guideFailure !== undefined ? 1 : 0;
