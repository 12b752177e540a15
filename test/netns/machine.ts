import { type ChildProcessByStdio, spawnSync } from 'node:child_process';
import type { Readable } from 'node:stream';

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

/**
 * Waits for a program; everything it has said.
 *
 * @param describe what to add when it fails
 */
export async function outputOf(
  child: ChildProcessByStdio<null, Readable, Readable>,
  command: string,
  describe: () => string,
): Promise<string> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${command}\nended with ${code}:\n${output}${describe()}`);
  return output;
}
