// gRPC's interop cases with every pair of client and server, directly and through the sidecar.
//
//   npm run test:interop                    all; fails if docs/reference/interop.md says something else
//   npm run test:interop -- --write         all; rewrites the tables in docs/reference/interop.md
//   npm run test:interop -- ping_pong       some
//   npm run test:interop -- -o json         one object of JSON instead of tables
import { parseArgs } from 'node:util';
import { documentProblem, writeDocument } from './document.js';
import { CASES, type CaseName } from './matrix.js';
import { formatTables } from './results.js';
import { runInterop } from './run.js';

const { values, positionals } = parseArgs({
  options: { output: { type: 'string', short: 'o' }, write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !(CASES as readonly string[]).includes(name));
if (unknown.length > 0) {
  console.error(`No such case: ${unknown.join(', ')}. There are: ${CASES.join(', ')}.`);
  process.exit(2);
}
if (values.output !== undefined && values.output !== 'json') {
  console.error(`Output ${values.output} is unknown: -o json, or nothing for tables.`);
  process.exit(2);
}
const whole = positionals.length === 0;
const names = whole ? CASES : (positionals as readonly CaseName[]);

const begun = performance.now();
const { libraries, results, log } = await runInterop(names);
const seconds = Math.round(performance.now() - begun) / 1_000;
const failures = results.filter(({ outcome }) => outcome === 'fail');

const problems = failures.map(
  ({ case: name, client, server, way, error }) =>
    `${name}, ${client} → ${server}, ${way === 'weir' ? 'through Weir' : 'without Weir'}: ${error}`,
);
if (whole && failures.length === 0) {
  if (values.write) writeDocument(results);
  else problems.push(...documentProblem(results));
}

if (values.output === 'json') {
  console.log(JSON.stringify({ ok: problems.length === 0, seconds, libraries, problems, results }));
} else {
  console.log(`${libraries.join('; ')}\n\n${formatTables(results)}\n`);
  for (const problem of problems) console.log(`FAIL ${problem}`);
  if (failures.some(({ way }) => way === 'weir') && log.length > 0)
    console.log(`weir logged:\n${log.join('\n')}`);
  const passed = results.filter(({ outcome }) => outcome === 'pass').length;
  console.log(`${passed} passed, ${failures.length} failed, ${seconds} s`);
}
process.exitCode = problems.length === 0 ? 0 : 1;
