import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ConfigDirectory } from '../support/config-directory.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { repositoryRoot } from '../support/node-process.js';
import { until } from '../support/until.js';
import { startControl, type WeirProcess } from '../support/weir-process.js';

/** Longer than a file takes to be read and a change to be published. */
const QUIET_MS = 250;

const program = join(repositoryRoot, 'packages/mesh/bin/weir.js');

/** A server and the labels of its pod. */
export interface Pod {
  readonly server: EchoServer;
  readonly labels: Readonly<Record<string, string>>;
}

/** `weir control` over a directory of YAML, and servers on this machine. */
export class Stage {
  readonly directory = new ConfigDirectory();
  readonly bootstrapFile = join(this.directory.path, 'bootstrap.txt');
  readonly #servers: EchoServer[] = [];
  #control: WeirProcess | undefined;
  #services = 0;

  get control(): WeirProcess {
    if (this.#control === undefined) throw new Error('the control plane does not run');
    return this.#control;
  }

  async start(): Promise<void> {
    this.#control = await startControl(this.directory.path);
    const args = [program, 'bootstrap', '--service-account', 'referee', '--pod', 'referee-1'];
    await promisify(execFile)(process.execPath, [
      ...args,
      '--server',
      this.#control.xds,
      '--output',
      this.bootstrapFile,
    ]);
  }

  /** Ends the control plane without a word; `start` on the same ports brings it back. */
  async kill(): Promise<void> {
    await this.control.process.kill();
  }

  async restart(): Promise<void> {
    const { xds, http } = this.control;
    this.#control = await startControl(this.directory.path, '--xds', xds, '--http', http);
  }

  /** A new service with a server for each entry of `versions`, which is its pod's label `version`; returns its name. */
  async service(
    ...versions: readonly string[]
  ): Promise<{ readonly name: string; readonly servers: EchoServer[] }> {
    this.#services += 1;
    const name = `echo-${this.#services}`;
    const servers: EchoServer[] = [];
    for (const [index, version] of versions.entries()) {
      const server = await startEchoServer({ name: `${version}-${index}` });
      this.#servers.push(server);
      servers.push(server);
      this.addPod(name, `${name}-${version}-${index}`, server, { version });
    }
    this.directory.service(name);
    // Rules that come before the pods they choose by label would find none.
    const known = `"address": "${servers.at(-1)?.address}"`;
    await until(`the control plane knows ${name}`, async () => {
      const { body } = await this.control.getControl('/status');
      return body.includes(`"host": "${name}.`) && (servers.length === 0 || body.includes(known));
    });
    await this.#settled();
    return { name, servers };
  }

  addPod(service: string, pod: string, server: EchoServer, labels: Pod['labels'] = {}): void {
    this.directory.write(`pod-${pod}.yaml`, podYaml(pod, labels));
    this.directory.endpoint(service, pod, server.address);
  }

  /** Istio rules of a service, as JSON, which is YAML too; resolves when the control plane has published them. */
  async rules(service: string, http: readonly object[], trafficPolicy?: object): Promise<void> {
    const before = await this.#pushes();
    const host = `${service}.default.svc.cluster.local`;
    const documents = [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: service },
        spec: { hosts: [host], http },
      },
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule',
        metadata: { name: service },
        spec: {
          host,
          ...(trafficPolicy !== undefined && { trafficPolicy }),
          subsets: ['v1', 'v2'].map((version) => ({ name: version, labels: { version } })),
        },
      },
    ];
    const used = http.length > 0 ? documents : documents.slice(1);
    this.directory.write(
      `rules-${service}.yaml`,
      used.map((document) => JSON.stringify(document)).join('\n---\n'),
    );
    await until(`the rules of ${service} are published`, async () => (await this.#pushes()) > before);
    await this.#settled();
  }

  /** What was read is published, and nothing more comes. */
  async #settled(): Promise<void> {
    let before = -1;
    await until('publications come to rest', async () => {
      const now = await this.#pushes();
      const isSame = now === before;
      before = now;
      if (!isSame) await sleep(QUIET_MS);
      return isSame;
    });
  }

  async #pushes(): Promise<number> {
    const { body } = await this.control.getControl('/metrics');
    return Number(/^weir_control_pushes_total (\d+)$/m.exec(body)?.[1]);
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.destroy();
    await this.#control?.process.kill();
    this.directory.destroy();
  }
}

function podYaml(name: string, labels: Pod['labels']): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels },
    spec: { containers: [{ name: 'app', image: 'app' }] },
  });
}
