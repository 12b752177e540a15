import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEchoClient, type EchoClient } from './echo-client.js';
import { startEchoServer, type EchoServer } from './echo-server.js';
import { KubeApiServer, type KubeApiServerOptions } from './kube-apiserver/kube-api-server.js';
import {
  podManifest,
  serviceManifest,
  writeSlices,
  type PodEndpoint,
  type SliceOptions,
} from './kube-apiserver/endpoint-slices.js';
import { startProxy, startWeir, type WeirProcess } from './weir-process.js';

const anyPort = '127.0.0.1:0';

/** A pod of the Service `echo`: a real gRPC server on a loopback address of its own, and what the cluster says of it. */
interface EchoPod {
  readonly server: EchoServer;
  endpoint: PodEndpoint;
}

/**
 * A cluster of one Service, a control plane that reads it, and a sidecar before it. All pods listen on one port, each
 * on its own address, as in a real cluster.
 */
export class KubeMesh {
  readonly api: KubeApiServer;
  readonly #directory = mkdtempSync(join(tmpdir(), 'weir-kube-'));
  readonly #pods = new Map<string, EchoPod>();
  readonly #clients: EchoClient[] = [];
  readonly #processes: WeirProcess[] = [];
  #port = 0;
  #nextHost = 11;
  slices: SliceOptions = {};
  control!: WeirProcess;
  proxy!: WeirProcess;

  private constructor(api: KubeApiServer) {
    this.api = api;
  }

  static async create(options: KubeApiServerOptions = {}): Promise<KubeMesh> {
    const mesh = new KubeMesh(await KubeApiServer.start(options));
    await mesh.api.apply(serviceManifest('echo'));
    return mesh;
  }

  /** Starts control plane and sidecar. */
  async start(...controlArgs: readonly string[]): Promise<void> {
    this.control = await this.startControl(...controlArgs);
    this.proxy = await startProxy(this.control.xds, '--listen', `echo:50051=${anyPort}`);
    this.#processes.push(this.proxy);
    await this.proxy.ready();
  }

  async startControl(...args: readonly string[]): Promise<WeirProcess> {
    const xds = args.includes('--xds') ? [] : ['--xds', anyPort];
    const control = await startWeir(
      'control',
      '--kubeconfig',
      this.kubeconfig(),
      ...xds,
      '--http',
      anyPort,
      ...args,
    );
    this.#processes.push(control);
    return control;
  }

  /** Path of a kubeconfig. */
  kubeconfig(token?: string): string {
    const path = join(this.#directory, `kubeconfig-${token ?? 'admin'}`);
    writeFileSync(path, this.api.kubeconfig(token), { mode: 0o600 });
    return path;
  }

  client(): EchoClient {
    const client = createEchoClient(this.proxy.listener('echo:50051'));
    this.#clients.push(client);
    return client;
  }

  /** A pod that runs, and that nobody knows yet. */
  async addPod(name: string, endpoint: Partial<PodEndpoint> = {}): Promise<EchoServer> {
    const host = `127.0.0.${this.#nextHost++}`;
    const server = await startEchoServer({ name, host, port: this.#port });
    this.#port = server.port;
    this.#pods.set(name, { server, endpoint: { pod: name, address: host, ...endpoint } });
    await this.api.apply(podManifest(name, { app: 'echo' }));
    return server;
  }

  /** Changes what the cluster says of a pod; `publish` tells it. */
  mark(name: string, endpoint: Partial<PodEndpoint>): void {
    const pod = this.#pods.get(name);
    if (pod === undefined) throw new Error(`there is no pod ${name}`);
    pod.endpoint = { ...pod.endpoint, ...endpoint };
  }

  /** The pod ends, and the cluster forgets it. */
  async removePod(name: string): Promise<void> {
    const pod = this.#pods.get(name);
    this.#pods.delete(name);
    await this.publish();
    await this.api.remove('v1', 'Pod', name);
    pod?.server.destroy();
  }

  /** Writes the slices of what pods there are now. */
  async publish(): Promise<void> {
    const endpoints = [...this.#pods.values()].map(({ endpoint }) => endpoint);
    const ports = [{ name: 'grpc', port: this.#port }];
    await writeSlices(this.api, 'echo', endpoints, { ports, ...this.slices });
  }

  async destroy(): Promise<void> {
    for (const client of this.#clients) client.close();
    for (const { process } of this.#processes) await process.kill();
    for (const { server } of this.#pods.values()) server.destroy();
    await this.api.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
