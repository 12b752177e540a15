import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../support/node-process.js';

/** Of `core/v1 Container` what this kubelet looks at. */
export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
  }[];
  readonly restartPolicy?: string;
  readonly securityContext?: SecurityContext;
  readonly startupProbe?: ProbeSpec;
  readonly readinessProbe?: ProbeSpec;
}

export interface SecurityContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
}

export interface ProbeSpec {
  readonly httpGet?: { readonly path?: string; readonly port: number | string };
  readonly tcpSocket?: { readonly port: number | string };
  readonly grpc?: { readonly port: number };
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
}

/** What a container is started with besides its own words. */
export interface ContainerSurroundings {
  /** Name of the network namespace. */
  readonly network: string;
  /** Values of the downward API, by `fieldPath`. */
  readonly fields: Readonly<Record<string, string>>;
  readonly podUser: number | undefined;
  /** A folder with `token`, `ca.crt` and `namespace`, and where the API server is. */
  readonly account: { readonly folder: string; readonly host: string; readonly port: number };
}

/** Programs that stand for images: what their entry point is, and where they run. */
const IMAGES: readonly (readonly [pattern: RegExp, entryPoint: readonly string[], folder: string])[] = [
  [/^weir\/greeter(:|$)/, ['node'], 'examples/greeter'],
  [/^weir(:|$)/, ['node', 'packages/mesh/bin/weir.js'], '.'],
  // For tests: the command says it all.
  [/^node(:|$)/, [], '.'],
];

const DEFAULT_USER = 1000;

/** A container as a process in the pod's network, as its user, with its ServiceAccount where pods look for it. */
export class ContainerProcess {
  readonly name: string;
  readonly exited: Promise<number>;
  readonly #child: ChildProcess;
  readonly #log: string[] = [];
  #exitCode: number | undefined;

  constructor(spec: ContainerSpec, surroundings: ContainerSurroundings) {
    const { network, account, podUser } = surroundings;
    this.name = spec.name;
    const found = IMAGES.find(([pattern]) => pattern.test(spec.image));
    if (found === undefined) throw new Error(`nothing here stands for the image ${spec.image}`);
    const [, entryPoint, folder] = found;
    const env = environment(spec, surroundings);
    const words = (spec.command ?? entryPoint).concat(spec.args ?? []).map((word) => expand(word, env));
    const user = spec.securityContext?.runAsUser ?? podUser ?? DEFAULT_USER;
    const group = spec.securityContext?.runAsGroup ?? user;
    // In a mount namespace of its own (ip netns exec makes one) the ServiceAccount is where every pod has it.
    const mounts =
      'mount -t tmpfs tmpfs /run && mkdir -p /run/secrets/kubernetes.io && ' +
      'cp -r "$0" /run/secrets/kubernetes.io/serviceaccount && chmod -R a+rX /run/secrets && exec "$@"';
    // Another user may read this tree wherever it lies, and nothing else that root may.
    const asUser =
      user === 0
        ? []
        : [
            ...['setpriv', `--reuid=${user}`, `--regid=${group}`, '--clear-groups'],
            ...['--inh-caps=-all,+dac_read_search', '--ambient-caps=-all,+dac_read_search'],
          ];
    this.#child = spawn(
      'ip',
      ['netns', 'exec', network, 'sh', '-c', mounts, account.folder, ...asUser, ...words],
      {
        cwd: join(repositoryRoot, folder),
        env: {
          PATH: process.env['PATH'],
          NO_COLOR: '1',
          KUBERNETES_SERVICE_HOST: account.host,
          KUBERNETES_SERVICE_PORT: String(account.port),
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#log.push(text));
    }
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#exitCode = code ?? (signal === null ? 255 : 128);
        running.delete(this.#child);
        resolve(this.#exitCode);
      });
    });
    running.add(this.#child);
  }

  /** Everything it has said. */
  get log(): string {
    return this.#log.join('');
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** How long its main thread could have run and was not let, so far; 0 where the kernel does not say. */
  get queuedMs(): number {
    try {
      return Math.round(Number(readFileSync(`/proc/${this.pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6);
    } catch {
      return 0;
    }
  }

  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** Nothing may outlive a test run, whatever ends it. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function environment({ env = [] }: ContainerSpec, { fields }: ContainerSurroundings): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { name, value = '', valueFrom } of env) {
    values[name] =
      valueFrom === undefined ? expand(value, values) : (fields[valueFrom.fieldRef.fieldPath] ?? '');
  }
  return values;
}

/** `$(NAME)` in arguments and values, as the kubelet expands them. */
function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (whole, name: string) => values[name] ?? whole);
}
