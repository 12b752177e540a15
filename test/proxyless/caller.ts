import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { echoService, type EchoRequest } from '../support/echo-service.js';
import type { Answer, CallOrder, Order } from './caller-protocol.js';

/** How a client of the table is started. */
export interface CallerProgram {
  /** Head of its column: `grpc-js-xds 1.14.1`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

export interface CallOptions {
  readonly request?: EchoRequest;
  readonly method?: 'Unary' | 'ClientStream';
  readonly metadata?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** A running client program. */
export class Caller {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting: ((answer: Answer) => void)[] = [];
  readonly stderr: string[] = [];

  constructor({ command, args, environment }: CallerProgram, bootstrapFile: string) {
    this.#child = spawn(command, args, {
      env: { ...process.env, ...environment, GRPC_XDS_BOOTSTRAP: bootstrapFile },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    createInterface(this.#child.stderr).on('line', (line) => this.stderr.push(line));
    const lines = createInterface(this.#child.stdout);
    lines.once('line', () => {
      lines.on('line', (line) => this.#waiting.shift()?.(JSON.parse(line) as Answer));
    });
    // A write to a program that died is followed by its exit, which says more.
    this.#child.stdin.on('error', () => {});
  }

  /** `count` calls, `concurrency` at a time. */
  calls(
    target: string,
    count: number,
    options: CallOptions & { readonly concurrency?: number; readonly staggerMs?: number } = {},
  ): Promise<Answer> {
    const { concurrency = 1, staggerMs = 0, ...call } = options;
    return this.#tell({ op: 'calls', count, concurrency, staggerMs, ...orderOf(target, call) });
  }

  /** Begins to call without a pause. */
  async start(target: string, options: CallOptions = {}): Promise<void> {
    await this.#tell({ op: 'start', ...orderOf(target, options) });
  }

  /** Ends that, and tells what came of it. */
  stop(): Promise<Answer> {
    return this.#tell({ op: 'stop' });
  }

  async forget(target: string): Promise<void> {
    await this.#tell({ op: 'forget', target: `xds:///${target}` });
  }

  async policies(target: string): Promise<readonly string[]> {
    return (await this.#tell({ op: 'policies', target: `xds:///${target}` })).policies ?? [];
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }

  #tell(order: Order): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const died = (): void => reject(new Error(`the caller died:\n${this.stderr.join('\n')}`));
      if (this.#child.exitCode !== null) return died();
      this.#child.once('exit', died);
      this.#waiting.push((answer) => {
        this.#child.off('exit', died);
        resolve(answer);
      });
      this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    });
  }
}

function orderOf(
  target: string,
  { request = {}, method = 'Unary', metadata = {}, timeoutMs = 10_000 }: CallOptions,
): CallOrder {
  const bytes = echoService['Unary']?.requestSerialize(request) ?? Buffer.alloc(0);
  return {
    target: `xds:///${target}`,
    method: `/weir.test.Echo/${method}`,
    request: bytes.toString('base64'),
    metadata,
    timeoutMs,
  };
}
