import { spawnSync } from 'node:child_process';

/**
 * Runs a program of the system to its end.
 *
 * @throws with what it said when it fails
 */
export function run(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8' });
  if (error !== undefined) throw new Error(`${program}: ${error.message}`);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr || stdout}`);
  return stdout;
}

/** Runs `ip` with these words. */
export function ip(words: string): string {
  return run('ip', words.split(' '));
}
