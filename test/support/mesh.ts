import type { ClientOptions } from '@grpc/grpc-js';
import { ConfigDirectory } from './config-directory.js';
import { createEchoClient, type EchoClient } from './echo-client.js';
import { startRun, type WeirProcess } from './weir-process.js';

/**
 * With `WEIR_TEST_DIRECT=1` clients dial the servers themselves. The tests of the calls must pass that way too:
 * whatever fails through Weir alone is Weir's fault.
 */
export const direct = process.env['WEIR_TEST_DIRECT'] === '1';

/** For tests that have no meaning without the proxy. */
export const needsWeir = direct ? { skip: 'needs the proxy' } : {};

export interface Addressed {
  readonly name: string;
  readonly address: string;
}

/** The service `echo:50051` over the given servers, and `weir run` in front of it. */
export class Mesh {
  readonly directory = new ConfigDirectory();
  readonly #servers: readonly Addressed[];
  readonly #clients: EchoClient[] = [];
  #weir: WeirProcess | undefined;

  constructor(servers: readonly Addressed[]) {
    this.#servers = servers;
  }

  async start(args: readonly string[]): Promise<void> {
    this.directory.service('echo');
    for (const { name, address } of this.#servers) this.directory.endpoint('echo', name, address);
    if (direct) return;
    // In turn by default: most tests are about something else, and need to meet every server.
    const balancer = args.includes('--balancer') ? [] : ['--balancer', 'round_robin'];
    const listen = ['--listen', 'echo:50051=127.0.0.1:0'];
    this.#weir = await startRun(this.directory.path, ...listen, ...balancer, ...args);
    await this.#weir.ready();
  }

  get weir(): WeirProcess {
    if (this.#weir === undefined) throw new Error('there is no weir process in a direct run');
    return this.#weir;
  }

  /** `host:port` to dial for one connection: the proxy's port for the service, or the first server. */
  get address(): string {
    return direct ? (this.#servers[0]?.address ?? '') : this.weir.listener('echo:50051');
  }

  /** A client of the service, closed with the mesh. */
  client(grpc: ClientOptions = {}): EchoClient {
    const target = direct ? `ipv4:${this.#servers.map(({ address }) => address).join(',')}` : this.address;
    const balanced: ClientOptions = direct
      ? { 'grpc.service_config': '{"loadBalancingConfig":[{"round_robin":{}}]}', ...grpc }
      : grpc;
    return this.keep(createEchoClient(target, { grpc: balanced }));
  }

  /** Closes `client` with the mesh. */
  keep(client: EchoClient): EchoClient {
    this.#clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.#weir?.process.kill();
    this.directory.destroy();
  }
}

export async function startMesh(servers: readonly Addressed[], ...args: readonly string[]): Promise<Mesh> {
  const mesh = new Mesh(servers);
  try {
    await mesh.start(args);
    return mesh;
  } catch (error) {
    await mesh.close();
    throw error;
  }
}
