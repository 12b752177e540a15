// Runs the compiled tests with Node's own runner.
//
//   npm test                      every test but those of the suites below
//   npm test -- hpack relay       the files whose path contains one of these words
//   npm test -- --test-only       what starts with a dash goes to `node --test`
//
// Only tests whose source still exists are run: a stale file in dist/ is passed over, and a run that finds
// no test at all is an error, so that a mistyped filter can't look like success.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** One hung test must not hang the run: a test that needs longer says so itself. */
const testTimeoutMs = 120_000;

/** Suites with a command of their own, which .ci/run calls: they would make `npm test` longer than two minutes. */
const SUITES = [
  'test/dist/attacks/',
  'test/dist/conformance/',
  'test/dist/integration/kube/',
  'test/dist/integration/policy-',
  'test/dist/library/',
  'test/dist/netns/',
  'test/dist/pack/',
  'test/dist/simulation/marks/',
];

/** Every file below `folder`, as paths relative to the root; none if the folder is missing. */
function filesBelow(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** The output folders that may hold tests, each with the folder its sources are in. */
function outputFolders() {
  const members = ['packages', 'examples'].flatMap((parent) =>
    existsSync(join(root, parent)) ? readdirSync(join(root, parent)).map((name) => `${parent}/${name}`) : [],
  );
  return [
    ...members.map((member) => ({ output: `${member}/dist`, source: `${member}/src` })),
    { output: 'test/dist', source: 'test' },
  ];
}

function compiledTests() {
  return outputFolders().flatMap(({ output, source }) =>
    filesBelow(output).filter((file) => {
      if (!file.endsWith('.test.js')) return false;
      const origin = `${source}${file.slice(output.length, -'.js'.length)}.ts`;
      return existsSync(join(root, origin));
    }),
  );
}

const given = process.argv.slice(2);
const flags = given.filter((word) => word.startsWith('-'));
const words = given.filter((word) => !word.startsWith('-'));
const files = compiledTests()
  .filter((file) =>
    words.length === 0
      ? !SUITES.some((suite) => file.startsWith(suite))
      : words.some((word) => file.includes(word)),
  )
  .toSorted();

if (files.length === 0) {
  const why =
    words.length > 0
      ? `whose path contains ${words.join(' or ')}`
      : 'in any dist/ folder; run `npm run build` first';
  console.error(`No test found ${why}.`);
  process.exit(1);
}

/** One more than there are cores, since many tests wait for processes that they started. */
const concurrency = Math.min(4, availableParallelism() + 1);

const runner = spawn(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${testTimeoutMs}`,
    '--test-reporter=spec',
    ...flags,
    ...files,
  ],
  { cwd: root, stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => runner.kill(signal));
runner.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
