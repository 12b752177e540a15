import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatHostPort, parseHostPort } from '../parse-address.js';
import type { HostPort } from '../parse-address.js';
import { Child, indent } from './child.js';
import { SERVICE, SERVICE_PORT } from './pods.js';
import type { Pod } from './pods.js';

const WEIR = fileURLToPath(new URL('../../../bin/weir.js', import.meta.url));
/** The build puts the greeter beside the compiled commands. */
const GREETER = new URL('../../greeter/', import.meta.url);
const ANY_PORT = '127.0.0.1:0';
const UP_WITHIN_MS = 15_000;
/** How long a process may take to end after SIGTERM before it is killed. */
const PATIENCE_MS = 2_000;

/** The Service's manifest, the very file that is deployed in Kubernetes. */
export const SERVICE_MANIFEST = fileURLToPath(new URL('deploy/service.yaml', GREETER));

/** A process of the cast and where it listens. */
export interface Running {
  readonly child: Child;
  readonly address: HostPort;
}

export interface RunningServer {
  readonly child: Child;
  readonly pod: Pod;
}

export interface RunningProxy {
  readonly child: Child;
  readonly outbound: HostPort;
  readonly admin: HostPort;
}

/** The processes of the story: what is started here is gone after {@link Cast.close}. */
export class Cast {
  readonly #onUntimelyEnd: (error: Error) => void;
  readonly #children = new Set<Child>();

  /** @param onUntimelyEnd called when a process ends without having been stopped by the cast. */
  constructor(onUntimelyEnd: (error: Error) => void) {
    if (!existsSync(SERVICE_MANIFEST)) throw new Error('the greeter is not built yet; run: npm run build');
    this.#onUntimelyEnd = onUntimelyEnd;
  }

  /**
   * A greeter server that is named like a pod. Each call takes 5 ms, so that some are in flight at any time.
   */
  async startServer(name: string): Promise<RunningServer> {
    const env = { POD_NAME: name, HTTP_PORT: '0', DELAY_MS: '5' };
    const child = this.#startGreeter(`pod ${name}`, 'server', env);
    return child.waitForLine((line) => {
      const [, httpPort, address] = / \(http:\S+:(\d+)\/healthz\) listening on (\S+)$/.exec(line) ?? [];
      if (address === undefined) return undefined;
      return { child, pod: { name, address: parseHostPort(address), httpPort: Number(httpPort) } };
    }, UP_WITHIN_MS);
  }

  /** The client program, which dials the address of the Service's name that a hosts file would say. */
  startClientOfBalancer(balancer: HostPort): Promise<Running> {
    const hosts = `${SERVICE}:${SERVICE_PORT}=${formatHostPort(balancer)}`;
    return this.#startClient({ GREETER_HOSTS: hosts });
  }

  /**
   * The same client program with one more environment variable, which gRPC libraries understand by
   * themselves.
   */
  startClientOfProxy(outbound: HostPort): Promise<Running> {
    return this.#startClient({ grpc_proxy: `http://${formatHostPort(outbound)}` });
  }

  /** `weir control` on a directory of YAML; its address is that of its xDS port. */
  async startControl(directory: string): Promise<Running> {
    const child = this.#startWeir('control', '-f', directory, '--xds', ANY_PORT, '--http', ANY_PORT);
    const address = await child.waitForLine((line) => addressIn(line, 'xds'), UP_WITHIN_MS);
    return { child, address };
  }

  /** `weir proxy`, configured over xDS. */
  async startProxy(xds: HostPort): Promise<RunningProxy> {
    const ways = ['--outbound', ANY_PORT, '--admin', ANY_PORT, '--drain-time', '1s'];
    const child = this.#startWeir('proxy', '--xds', formatHostPort(xds), ...ways);
    return child.waitForLine((line) => {
      const [outbound, admin] = [addressIn(line, 'outbound'), addressIn(line, 'admin')];
      return outbound && admin && { child, outbound, admin };
    }, UP_WITHIN_MS);
  }

  /** Ends one process as Kubernetes does: SIGTERM, and later by force. */
  async stop(child: Child): Promise<void> {
    await child.stop(PATIENCE_MS);
    this.#children.delete(child);
  }

  /** Ends every process; resolves when the last one is gone. */
  async close(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.stop(child)));
  }

  /** What the weir processes last warned of, for an error message; empty when there was nothing. */
  warnings(): string {
    const lines = [...this.#children]
      .filter(({ title }) => title.startsWith('weir '))
      .flatMap(({ title, lastWords }) => lastWords.map((line) => `${title}: ${line}`))
      .filter((line) => !line.includes(' INFO '));
    return indent(lines);
  }

  /** Ends every process at once. */
  kill(): void {
    for (const child of this.#children) child.kill();
  }

  async #startClient(env: Readonly<Record<string, string>>): Promise<Running> {
    const child = this.#startGreeter('the client', 'client', env);
    const address = await child.waitForLine((line) => {
      const text = / listening on (\S+)$/.exec(line)?.[1];
      return text === undefined ? undefined : parseHostPort(text);
    }, UP_WITHIN_MS);
    return { child, address };
  }

  #startGreeter(title: string, program: 'server' | 'client', env: Readonly<Record<string, string>>): Child {
    const script = fileURLToPath(new URL(`dist/${program}.js`, GREETER));
    return this.#start(title, [script], { BIND_ADDRESS: '127.0.0.1', PORT: '0', ...env });
  }

  #startWeir(command: string, ...options: string[]): Child {
    return this.#start(`weir ${command}`, [WEIR, command, ...options, '-o', 'json'], {});
  }

  #start(title: string, args: readonly string[], env: Readonly<Record<string, string>>): Child {
    const child = new Child({ title, args, env, onUntimelyEnd: this.#onUntimelyEnd });
    this.#children.add(child);
    return child;
  }
}

/** The address under `key` in the line that a weir command prints when it listens. */
function addressIn(line: string, key: string): HostPort | undefined {
  if (!line.startsWith('{')) return undefined;
  const value = (JSON.parse(line) as Readonly<Record<string, unknown>>)[key];
  return typeof value === 'string' ? parseHostPort(value) : undefined;
}
