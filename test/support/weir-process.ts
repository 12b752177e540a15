import { join } from 'node:path';
import { NodeProcess, repositoryRoot } from './node-process.js';
import { until } from './until.js';

const program = join(repositoryRoot, 'packages/mesh/bin/weir.js');

/** A running `weir` command with the addresses its first line of output told. */
export class WeirProcess {
  readonly process: NodeProcess;
  readonly #listening: Readonly<Record<string, unknown>>;

  constructor(child: NodeProcess, listening: Readonly<Record<string, unknown>>) {
    this.process = child;
    this.#listening = listening;
  }

  /** Where applications CONNECT to. */
  get outbound(): string {
    return this.#field('outbound');
  }

  get admin(): string {
    return this.#field('admin');
  }

  get xds(): string {
    return this.#field('xds');
  }

  /** The control plane's own HTTP address. */
  get http(): string {
    return this.#field('http');
  }

  /** The local address of a service given by `--listen`, for example `echo:50051`. */
  listener(service: string): string {
    const listeners = this.#listening['listeners'] as Readonly<Record<string, string>> | undefined;
    const address = listeners?.[service];
    if (address === undefined)
      throw new Error(`no listener ${service} in ${JSON.stringify(this.#listening)}`);
    return address;
  }

  /** Where callers of the application at `address` come in, given by `--inbound`. */
  inbound(application: string): string {
    const doors = this.#listening['inbound'] as Readonly<Record<string, string>> | undefined;
    const address = doors?.[application];
    if (address === undefined)
      throw new Error(`no inbound door to ${application} in ${JSON.stringify(this.#listening)}`);
    return address;
  }

  /** GETs a page of the proxy's admin address. */
  get(path: string): Promise<Page> {
    return fetchPage(this.admin, path);
  }

  /** GETs a page of the control plane's HTTP address. */
  getControl(path: string): Promise<Page> {
    return fetchPage(this.http, path);
  }

  async ready(timeoutMs = 5_000): Promise<void> {
    await until('/ready answers 200', async () => (await this.get('/ready')).status === 200, timeoutMs);
  }

  #field(name: string): string {
    const value = this.#listening[name];
    if (typeof value !== 'string') throw new Error(`no ${name} in ${JSON.stringify(this.#listening)}`);
    return value;
  }
}

export interface Page {
  readonly status: number;
  readonly body: string;
}

async function fetchPage(address: string, path: string): Promise<Page> {
  const response = await fetch(`http://${address}${path}`, { headers: { connection: 'close' } });
  return { status: response.status, body: await response.text() };
}

/** Starts `weir <args> -o json` and waits for its sockets. The caller kills it. */
export async function startWeir(...args: readonly string[]): Promise<WeirProcess> {
  const child = new NodeProcess([program, ...args, '-o', 'json']);
  return new WeirProcess(child, await child.firstLine());
}

const anyPort = '127.0.0.1:0';

/** `weir run`: control plane and proxy in one process, on free ports. */
export function startRun(directory: string, ...args: readonly string[]): Promise<WeirProcess> {
  return startWeir(
    'run',
    '-f',
    directory,
    '--outbound',
    anyPort,
    '--admin',
    anyPort,
    '--xds',
    anyPort,
    '--http',
    anyPort,
    ...args,
  );
}

export function startControl(directory: string, ...args: readonly string[]): Promise<WeirProcess> {
  const xds = args.includes('--xds') ? [] : ['--xds', anyPort];
  return startWeir('control', '-f', directory, ...xds, '--http', anyPort, ...args);
}

export function startProxy(xds: string, ...args: readonly string[]): Promise<WeirProcess> {
  return startWeir('proxy', '--xds', xds, '--outbound', anyPort, '--admin', anyPort, ...args);
}
