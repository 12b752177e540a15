import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export interface ChildSpec {
  /** What it is, for messages: `weir proxy`. */
  readonly title: string;
  /** The arguments of `node`: a script and its own arguments. */
  readonly args: readonly string[];
  /** Set on top of the demo's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Called when it ends without having been asked to. */
  readonly onUntimelyEnd: (error: Error) => void;
}

const LEASH = new URL('./leash.js', import.meta.url).href;
const MAX_LAST_WORDS = 12;

/** The machine's own proxies would stand between the parts of the story. */
export function environmentWithoutProxies(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(\w+_)?proxy$/i.test(name)));
}

/** A Node.js program that runs beside the demo and never outlives it. */
export class Child {
  readonly title: string;
  /** Settles when the process is gone and its last words have been read. */
  readonly gone: Promise<void>;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lastWords: string[] = [];
  readonly #onLine = new Set<(line: string) => void>();
  #ending = '';
  #stopping = false;

  constructor({ title, args, env, onUntimelyEnd }: ChildSpec) {
    this.title = title;
    this.#process = spawn(process.execPath, ['--import', LEASH, ...args], {
      env: { ...environmentWithoutProxies(process.env), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      // Its own process group: Ctrl-C in a terminal must reach the demo alone, which then stops its children
      // in order.
      detached: true,
    });
    this.#process.stdin.on('error', () => {});
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      for (const listener of this.#onLine) listener(line);
    });
    createInterface({ input: this.#process.stderr }).on('line', (line) => this.#remember(line));
    this.gone = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        this.#ending = `could not be started: ${error.message}`;
        resolve();
      });
      this.#process.once('close', (code, signal) => {
        this.#ending ||= signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
        resolve();
      });
    });
    void this.gone.then(() => {
      if (!this.#stopping) onUntimelyEnd(this.#complaint(this.#ending));
    });
  }

  /** The last lines it wrote to stderr. */
  get lastWords(): readonly string[] {
    return this.#lastWords;
  }

  /**
   * Waits for the first line on stdout from which `parse` reads something.
   *
   * @throws Error with its last lines when it ends before, or has said nothing of the kind within
   * `timeoutMs`.
   */
  async waitForLine<T>(parse: (line: string) => T | undefined, timeoutMs: number): Promise<T> {
    let listener: (line: string) => void = () => {};
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        listener = (line) => {
          const found = parse(line);
          if (found !== undefined) resolve(found);
        };
        this.#onLine.add(listener);
        timer = setTimeout(
          () => reject(this.#complaint(`was not up after ${timeoutMs / 1000} s`)),
          timeoutMs,
        );
        void this.gone.then(() => reject(this.#complaint(this.#ending)));
      });
    } finally {
      clearTimeout(timer);
      this.#onLine.delete(listener);
    }
  }

  /** Sends SIGTERM and waits for its end; after `patienceMs` it is killed. */
  async stop(patienceMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#ending !== '') return;
    this.#process.kill('SIGTERM');
    const killer = setTimeout(() => this.kill(), patienceMs);
    await this.gone;
    clearTimeout(killer);
  }

  /** Ends it at once. */
  kill(): void {
    this.#stopping = true;
    this.#process.kill('SIGKILL');
  }

  #complaint(what: string): Error {
    return new Error(`${this.title} ${what}${indent(this.#lastWords)}`);
  }

  #remember(line: string): void {
    this.#lastWords.push(line);
    if (this.#lastWords.length > MAX_LAST_WORDS) this.#lastWords.shift();
  }
}

/** Lines as they stand below the first line of an error message. */
export function indent(lines: readonly string[]): string {
  return lines.map((line) => `\n    ${line}`).join('');
}
