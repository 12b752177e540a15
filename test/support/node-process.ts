import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { until } from './until.js';

export const repositoryRoot = fileURLToPath(new URL('../../../', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that says on its first line of output, in JSON, that it is ready. */
export class ProgramProcess {
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  readonly exited: Promise<Exit>;
  #exit: Exit | undefined;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;

  constructor(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(program, args, {
      cwd: repositoryRoot,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    createInterface(this.#child.stdout).on('line', (line) => this.stdout.push(line));
    createInterface(this.#child.stderr).on('line', (line) => this.stderr.push(line));
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
    children.add(this.#child);
    void this.exited.then(() => children.delete(this.#child));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** The object on the first line of standard output. Throws with what the program logged if none comes. */
  async firstLine(timeoutMs = 40_000): Promise<Record<string, unknown>> {
    try {
      await until(
        'the first line of output',
        () => this.stdout.length > 0 || this.#exit !== undefined,
        timeoutMs,
      );
      return JSON.parse(this.stdout[0] ?? '') as Record<string, unknown>;
    } catch (cause) {
      throw new Error(`the program did not start; it logged:\n${this.stderr.join('\n')}`, { cause });
    }
  }

  /** Waits for a line on standard error and returns it. */
  async logged(pattern: RegExp, timeoutMs = 5_000): Promise<string> {
    await until(
      `a line like ${pattern} on standard error`,
      () => this.stderr.some((line) => pattern.test(line)),
      timeoutMs,
    );
    return this.stderr.find((line) => pattern.test(line)) ?? '';
  }

  /** Resident memory in bytes. */
  residentBytes(): number {
    if (process.platform === 'linux') {
      const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
    }
    const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(this.pid)], { encoding: 'utf8' });
    return Number(stdout) * 1024;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it without asking and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.#exit !== undefined) return;
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}

/** A Node program that says on its first line of output, in JSON, that it is ready. */
export class NodeProcess extends ProgramProcess {
  constructor(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    super(process.execPath, args, environment);
  }
}

/** Nothing may outlive a test run, whatever ends it. */
const children = new Set<ChildProcessByStdio<null, Readable, Readable>>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
