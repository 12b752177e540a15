// Runs the tests that need a cluster: each file of test/dist/netns/ in a network namespace of its own, one after the
// other, as each starts a cluster and measures it.
//
//   npm run test:netns                        all of them
//   npm run test:netns -- rollout             the files whose path contains one of these words
//   npm run test:netns -- --rate 500 --rollouts 10   the load, in calls per second, and how often it is rolled
//
// Linux, root, iproute2, iptables and kubectl: what is missing is said, and is a failure.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = 'test/dist/netns';
const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { rate: { type: 'string' }, rollouts: { type: 'string' } },
});

function fail(reason) {
  console.error(`test:netns: ${reason}`);
  process.exit(1);
}

function isThere(program, ...args) {
  return spawnSync(program, args, { stdio: 'ignore' }).error === undefined;
}

if (process.platform !== 'linux')
  fail('network namespaces are Linux’s; run it there, in a container as root');
const missing = [
  ['ip', '-V'],
  ['iptables', '-V'],
  ['setpriv', '--version'],
  ['kubectl', 'version', '--client'],
].filter((command) => !isThere(...command));
if (missing.length > 0) {
  fail(`not here: ${missing.map(([program]) => program).join(', ')}; scripts/install-system-tools.sh helps`);
}
if (spawnSync('unshare', ['--net', '--', 'true']).status !== 0) {
  fail('this user may make no network namespace; run it as root, with CAP_SYS_ADMIN and CAP_NET_ADMIN');
}

const files = readdirSync(join(root, folder), { recursive: true })
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => existsSync(join(root, 'test/netns', `${file.slice(0, -'.js'.length)}.ts`)))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .toSorted();
if (files.length === 0)
  fail(`no test found in ${folder}${words.length > 0 ? ` for ${words.join(' or ')}` : ''}`);

const env = {
  ...process.env,
  ...(values.rate !== undefined && { WEIR_NETNS_RATE: values.rate }),
  ...(values.rollouts !== undefined && { WEIR_NETNS_ROLLOUTS: values.rollouts }),
};
const begunMs = Date.now();
const failed = files.filter((file) => {
  const command = ['--net', '--', process.execPath, '--enable-source-maps', '--test-reporter=spec'];
  const run = spawnSync('unshare', [...command, '--test-timeout=300000', join(folder, file)], {
    cwd: root,
    stdio: 'inherit',
    env,
  });
  return run.status !== 0;
});
console.log(`${files.length} files in ${((Date.now() - begunMs) / 1000).toFixed(0)} s`);
if (failed.length > 0) fail(`failed: ${failed.join(', ')}`);
