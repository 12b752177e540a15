// Builds everything that is not committed: xDS types from Envoy's proto files, then TypeScript.
// Incremental: a second run with nothing changed takes about a second.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the workspace root and ends the build with its exit code if it fails. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (existsSync(new URL('./generate-xds.mjs', import.meta.url))) run(process.execPath, ['scripts/generate-xds.mjs']);
run(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'packages/core/tsconfig.test.json', 'tsconfig.json']);
