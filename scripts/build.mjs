// Builds everything that is not committed: xDS types from Envoy's proto files, then TypeScript.
// Incremental: a second run with nothing changed takes about a second.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the workspace root and ends the build with its exit code if it fails. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (existsSync(new URL('./generate-xds.mjs', import.meta.url)))
  run(process.execPath, ['scripts/generate-xds.mjs']);
run(process.execPath, [
  'node_modules/typescript/bin/tsc',
  '-b',
  'packages/core/tsconfig.test.json',
  'tsconfig.json',
]);

// `weir demo` runs the greeter, so the package carries it: its programs, proto file and manifests.
const greeter = new URL('../examples/greeter/', import.meta.url);
const packaged = new URL('../packages/mesh/dist/greeter/', import.meta.url);
rmSync(packaged, { recursive: true, force: true });
for (const part of ['dist', 'deploy', 'helloworld.proto']) {
  cpSync(new URL(part, greeter), new URL(part, packaged), {
    recursive: true,
    filter: (file) => !/\.test\.|\.d\.ts|\.map$|\.tsbuildinfo$/.test(basename(file)),
  });
}
