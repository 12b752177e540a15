import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDocumentedCommands } from '../support/documented-commands.js';
import { repositoryRoot } from '../support/node-process.js';

const LIMIT_MS = 90_000;

/** Runs the guide from an empty folder with everything in it, also what `npm test` leaves out because it needs Python. */
export function runGuide(): string | undefined {
  const text = readFileSync(join(repositoryRoot, 'docs/guide/proxyless.md'), 'utf8');
  const { script } = readDocumentedCommands(text.replaceAll('```sh not-run', '```sh'));
  const directory = mkdtempSync(join(tmpdir(), 'weir-guide-'));
  for (const name of ['node_modules', 'packages', 'examples', 'package.json']) {
    symlinkSync(join(repositoryRoot, name), join(directory, name));
  }
  // What the session starts in the background ends with it.
  const session = `trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${script}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-x', '-c', session], {
    cwd: directory,
    encoding: 'utf8',
    timeout: LIMIT_MS,
  });
  rmSync(directory, { recursive: true, force: true });
  return status === 0 ? undefined : `${stdout}\n${stderr}`;
}
