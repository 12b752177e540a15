import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { ConfigDirectory } from './config-directory.js';
import { createEchoClient, type EchoClient, type EchoClientOptions } from './echo-client.js';
import type { Addressed } from './mesh.js';
import { startRun, type WeirProcess } from './weir-process.js';

/** A server with what a configuration says of it. */
export interface MeshEndpoint {
  readonly server: Pick<Addressed, 'address'>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly locality?: string;
  readonly weight?: number;
}

/** A ServiceEntry `host` on one or more ports, of endpoints that each have a port of their own. */
export function serviceEntryOf(
  host: string,
  endpoints: readonly MeshEndpoint[],
  ports: readonly number[] = [50051],
): string {
  return JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: host.replaceAll('.', '-') },
    spec: {
      hosts: [host],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: ports.map((number) => ({ name: `grpc-${number}`, number, protocol: 'GRPC' })),
      endpoints: endpoints.map(({ server, ...more }) => {
        const colon = server.address.lastIndexOf(':');
        const local = Number(server.address.slice(colon + 1));
        return {
          address: server.address.slice(0, colon),
          ports: Object.fromEntries(ports.map((number) => [`grpc-${number}`, local])),
          ...more,
        };
      }),
    },
  });
}

/**
 * Many services behind one `weir run`, each under a name of its own with policies of its own, so that one process
 * serves a whole file of tests. Callers come in by HTTP CONNECT and dial the name.
 */
export class ServiceMesh {
  readonly directory = new ConfigDirectory();
  readonly #clients: EchoClient[] = [];
  /** Documents of the directory's one file, by what they are of. */
  readonly #documents = new Map<string, string>();
  #weir: WeirProcess | undefined;

  /** Adds a service; with its rules in YAML, if it has any. */
  service(
    host: string,
    endpoints: readonly MeshEndpoint[],
    rules = '',
    ports: readonly number[] = [50051],
  ): void {
    if (rules !== '') this.#documents.set(`rules of ${host}`, rules.trim());
    this.replace(host, serviceEntryOf(host, endpoints, ports));
  }

  /** Writes the service anew, as `serviceEntryOf` makes it, with the rules that it has. */
  replace(host: string, serviceEntry: string): void {
    this.#documents.set(host, serviceEntry);
    this.directory.write('services.yaml', `${[...this.#documents.values()].join('\n---\n')}\n`);
  }

  async start(...args: readonly string[]): Promise<void> {
    this.#weir = await startRun(this.directory.path, ...args);
    await this.#weir.ready();
  }

  get weir(): WeirProcess {
    if (this.#weir === undefined) throw new Error('not started');
    return this.#weir;
  }

  /** A client of `host:port` with a connection of its own, closed with the mesh. */
  client(host: string, port = 50051, grpc: EchoClientOptions['grpc'] = {}): EchoClient {
    const client = createEchoClient(`${host}:${port}`, { connectProxy: this.weir.outbound, grpc });
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.#weir?.process.kill();
    this.directory.destroy();
  }
}

/** What became of a call, whether or not it failed. */
export interface CallResult {
  /** gRPC status; 0 is OK. */
  readonly code: number;
  readonly details: string;
  /** Response headers, and of a Trailers-Only answer its fields. */
  readonly headers: Metadata;
  readonly trailers: Metadata;
  /** From the call to its end. */
  readonly tookMs: number;
}

export interface PathCall {
  /** Default: Unary of the echo service. */
  readonly path?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly timeoutMs?: number;
}

/** A unary call of any path; never rejects. */
export function callPath(client: EchoClient, call: PathCall = {}): Promise<CallResult> {
  const { path = '/weir.test.Echo/Unary', body = Buffer.alloc(0), timeoutMs = 10_000 } = call;
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(call.metadata ?? {})) metadata.set(name, value);
  const begunMs = performance.now();
  const same = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    let headers = new Metadata();
    let failed: ServiceError | null = null;
    const made = client.makeUnaryRequest(
      path,
      same,
      same,
      body,
      metadata,
      { deadline: Date.now() + timeoutMs },
      (error) => (failed = error),
    );
    made.on('metadata', (received) => (headers = received));
    made.on('status', ({ code, details, metadata: trailers }) => {
      // grpc-js gives the fields of a Trailers-Only answer as trailers.
      const all = failed === null ? headers : mergeMetadata(headers, trailers);
      resolve({ code, details, headers: all, trailers, tookMs: performance.now() - begunMs });
    });
  });
}

function mergeMetadata(headers: Metadata, trailers: Metadata): Metadata {
  const merged = headers.clone();
  merged.merge(trailers);
  return merged;
}
