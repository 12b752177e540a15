import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../support/kube-apiserver/kube-api-server.js';
import { KubeApiServer } from '../support/kube-apiserver/kube-api-server.js';
import { callApi } from '../support/kube-apiserver/kube-client.js';
import type { ApiObject } from '../support/kube-apiserver/objects/api-object.js';
import { repositoryRoot } from '../support/node-process.js';
import { until } from '../support/until.js';
import type { ContainerSurroundings } from './container.js';
import { hashOf, nextStep, type DeploymentSpec, type OwnPod } from './deployment-controller.js';
import { endpointSliceOf, type ServiceObject, type SlicePod } from './endpoint-slices.js';
import { KubeletPod, type PodSpec } from './kubelet-pod.js';
import { KubeProxy, type ServicePort } from './kube-proxy.js';
import { ip, outputOf } from './machine.js';
import { hostsFile } from './hosts-file.js';
import { hasLabels, keyOf } from './names.js';
import { PodHistory } from './pod-history.js';
import { NodeNetwork } from './pod-network.js';

/** Where the API server is, for the node and for every pod. */
const NODE_ADDRESS = '10.244.255.1';
const RECONCILE_MS = 25;

interface PodObject extends ApiObject {
  readonly spec: PodSpec;
}

/**
 * A cluster of one node on this machine, to be run in a network namespace of its own (`unshare --net`): the fake API
 * server, and of the other parts of Kubernetes what makes pods run and Services work. Pods are network namespaces,
 * started from what the API server returns, so through the webhooks.
 */
export class Cluster {
  readonly api: KubeApiServer;
  readonly kubeconfig: string;
  readonly history: PodHistory;
  readonly #folder: string;
  readonly #network: NodeNetwork;
  readonly #proxy = new KubeProxy();
  readonly #pods = new Map<string, KubeletPod>();
  readonly #failures: string[] = [];
  #slices = new Map<string, string>();
  #hosts = '';
  #dirty = true;
  #closed = false;
  #reconciled: Promise<void> = Promise.resolve();

  private constructor(api: KubeApiServer, folder: string, network: NodeNetwork) {
    this.api = api;
    this.history = new PodHistory(api.storage, api.types.findKind('discovery.k8s.io/v1', 'EndpointSlice')!);
    this.#folder = folder;
    this.#network = network;
    this.kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(this.kubeconfig, api.kubeconfig(), { mode: 0o600 });
  }

  static async start(): Promise<Cluster> {
    const network = new NodeNetwork(`weir-${process.pid}`);
    ip(`addr add ${NODE_ADDRESS}/32 dev lo`);
    const api = await KubeApiServer.start({ host: NODE_ADDRESS });
    await api.apply({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: 'node-1',
        labels: { 'topology.kubernetes.io/region': 'here', 'topology.kubernetes.io/zone': 'here-a' },
      },
    });
    const cluster = new Cluster(api, mkdtempSync(join(tmpdir(), 'weir-netns-')), network);
    cluster.#reconciled = cluster.#reconcileForever();
    return cluster;
  }

  /** Runs a shell command on the node, with kubectl and weir at hand; fails with what it said. */
  async shell(command: string, timeoutMs = 60_000): Promise<string> {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', command], {
      cwd: repositoryRoot,
      env: {
        ...process.env,
        KUBECONFIG: this.kubeconfig,
        NO_COLOR: '1',
        PATH: `${join(repositoryRoot, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    return outputOf(child, command, () => this.describe());
  }

  /** Runs a shell command in the first of these pods, as its application's user would: `kubectl exec`. */
  async exec(labels: Readonly<Record<string, string>>, command: string, timeoutMs = 20_000): Promise<string> {
    const [found] = this.pods(labels);
    if (found === undefined) throw new Error(`there is no pod ${JSON.stringify(labels)}`);
    const words = ['netns', 'exec', found.pod.network.name, 'setpriv', '--reuid=1000', '--clear-groups'];
    const child = spawn('ip', [...words, 'bash', '-euo', 'pipefail', '-c', command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    return outputOf(child, command, () => this.describe());
  }

  /** The pods whose labels contain all of these, but for those that failed. */
  pods(
    labels: Readonly<Record<string, string>>,
  ): readonly { readonly name: string; readonly pod: KubeletPod }[] {
    return this.#objects('v1', 'Pod')
      .filter(({ metadata }) => hasLabels(metadata.labels, labels))
      .flatMap(({ metadata }) => {
        const pod = this.#pods.get(keyOf(metadata));
        return pod === undefined || pod.phase === 'Failed' ? [] : [{ name: metadata.name, pod }];
      });
  }

  /** Waits until a workload has this many pods that are ready, and no other. */
  async settled(labels: Readonly<Record<string, string>>, count: number, timeoutMs = 60_000): Promise<void> {
    try {
      await until(
        `${count} ready pods of ${JSON.stringify(labels)}`,
        () => {
          if (this.#failures.length > 0) return true;
          const pods = this.pods(labels);
          return pods.length === count && pods.every(({ pod }) => pod.ready);
        },
        timeoutMs,
      );
    } catch (cause) {
      throw new Error(this.describe(), { cause });
    }
    if (this.#failures.length > 0) throw new Error(this.#failures.join('\n'));
  }

  /** What every pod has said. */
  describe(): string {
    return [...this.#pods]
      .map(([name, pod]) => `\n=== ${name} ${pod.phase}${pod.ready ? ' ready' : ''}\n${pod.log}`)
      .concat(this.#failures, this.#lastError)
      .join('\n');
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#reconciled;
    for (const pod of this.#pods.values()) pod.kill();
    await this.api.stop();
    this.#network.destroy();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #reconcileForever(): Promise<void> {
    let revision = -1;
    while (!this.#closed) {
      if (this.#dirty || this.api.storage.revision !== revision) {
        this.#dirty = false;
        revision = this.api.storage.revision;
        try {
          await this.#reconcile();
        } catch (error) {
          // A webhook that is not there yet, a conflict: tried again, as every controller does.
          this.#lastError = String(error);
          this.#dirty = true;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, RECONCILE_MS));
    }
  }

  /** What the last round of the controllers failed with, for whoever waits in vain. */
  #lastError = '';

  async #reconcile(): Promise<void> {
    this.#writeHosts();
    await this.#writeSlices();
    for (const deployment of this.#objects('apps/v1', 'Deployment')) await this.#deploy(deployment);
    for (const job of this.#objects('batch/v1', 'Job')) await this.#runJob(job);
    await this.#collectOrphans();
    for (const pod of this.#objects('v1', 'Pod')) this.#look(pod as PodObject);
  }

  /** Ends the pods whose workload is gone. */
  async #collectOrphans(): Promise<void> {
    const workloads = [...this.#objects('apps/v1', 'Deployment'), ...this.#objects('batch/v1', 'Job')];
    const owners = new Set(workloads.map(({ metadata }) => keyOf(metadata)));
    for (const { metadata } of this.#objects('v1', 'Pod')) {
      const { name, namespace = 'default', labels, deletionTimestamp } = metadata;
      const owner = labels?.['weir.test/owner'];
      if (owner === undefined || deletionTimestamp !== undefined) continue;
      if (!owners.has(keyOf({ name: owner, namespace })))
        await this.#api('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`);
    }
  }

  #objects(apiVersion: string, kind: string): readonly ApiObject[] {
    return this.api.types.findKind(apiVersion, kind) === undefined ? [] : this.api.list(apiVersion, kind);
  }

  // ---- workloads

  async #deploy(deployment: ApiObject): Promise<void> {
    const spec = deployment['spec'] as DeploymentSpec;
    const { name, namespace = 'default' } = deployment.metadata;
    const own = this.#objects('v1', 'Pod').filter(
      ({ metadata }) =>
        metadata.namespace === namespace &&
        metadata.labels?.['weir.test/owner'] === name &&
        this.#pods.get(keyOf(metadata))?.phase !== 'Failed',
    );
    const hash = hashOf(spec.template);
    const pods = own.map(({ metadata }): OwnPod => ({
      name: metadata.name,
      hash: metadata.labels?.['pod-template-hash'] ?? '',
      ready: this.#pods.get(keyOf(metadata))?.ready ?? false,
      terminating: metadata.deletionTimestamp !== undefined,
    }));
    for (const step of nextStep(spec.replicas ?? 1, hash, pods)) {
      if (step.kind === 'create') await this.#create(name, namespace, spec.template, hash);
      else await this.#api('DELETE', `/api/v1/namespaces/${namespace}/pods/${step.name}`);
    }
    const updated = pods.filter((pod) => pod.hash === hash && !pod.terminating);
    const status = {
      observedGeneration: deployment.metadata.generation,
      replicas: pods.filter(({ terminating }) => !terminating).length,
      updatedReplicas: updated.length,
      readyReplicas: pods.filter(({ ready }) => ready).length,
      availableReplicas: updated.filter(({ ready }) => ready).length,
    };
    if (JSON.stringify(status) !== JSON.stringify(deployment['status'])) {
      await this.api.apply({ ...deployment, status } as unknown as Manifest);
    }
  }

  async #runJob(job: ApiObject): Promise<void> {
    const { name, namespace = 'default' } = job.metadata;
    const own = this.#objects('v1', 'Pod').find(
      ({ metadata }) => metadata.labels?.['weir.test/owner'] === name,
    );
    const { template } = job['spec'] as DeploymentSpec;
    if (own === undefined) return this.#create(name, namespace, template, 'job');
    const phase = this.#pods.get(keyOf(own.metadata))?.phase;
    const status = { succeeded: Number(phase === 'Succeeded'), failed: Number(phase === 'Failed') };
    if (JSON.stringify(status) !== JSON.stringify(job['status'])) {
      await this.api.apply({ ...job, status } as unknown as Manifest);
    }
  }

  #serial = 0;

  async #create(
    owner: string,
    namespace: string,
    template: DeploymentSpec['template'],
    hash: string,
  ): Promise<void> {
    this.#serial += 1;
    const name = `${owner}-${hash}-${this.#serial.toString(36)}`;
    const labels = { ...template.metadata?.labels, 'pod-template-hash': hash, 'weir.test/owner': owner };
    const metadata = { ...template.metadata, name, labels };
    const spec = { ...template.spec, nodeName: 'node-1' };
    await this.#api('POST', `/api/v1/namespaces/${namespace}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec,
    });
  }

  async #api(method: string, path: string, body?: unknown): Promise<void> {
    const { status, body: answer } = await callApi(this.api, path, { method, body });
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
  }

  // ---- the kubelet

  #look(object: PodObject): void {
    const key = keyOf(object.metadata);
    const running = this.#pods.get(key);
    const { deletionTimestamp } = object.metadata;
    if (running === undefined) {
      if (deletionTimestamp === undefined) this.#startPod(key, object);
      else void this.api.remove('v1', 'Pod', object.metadata.name, object.metadata.namespace).catch(() => {});
      return;
    }
    if (deletionTimestamp !== undefined && !this.#stopping.has(key)) this.#stopPod(key, object, running);
  }

  readonly #stopping = new Set<string>();

  #startPod(key: string, object: PodObject): void {
    const { name, namespace = 'default', labels = {} } = object.metadata;
    const network = this.#network.addPod(this.#hosts);
    const surroundings: ContainerSurroundings = {
      network: network.name,
      podUser: object.spec.securityContext?.runAsUser,
      account: this.#accountOf(namespace, object.spec.serviceAccountName ?? 'default'),
      fields: {
        'metadata.name': name,
        'metadata.namespace': namespace,
        'status.podIP': network.address,
        'spec.nodeName': 'node-1',
        ...Object.fromEntries(
          Object.entries(labels).map(([label, value]) => [`metadata.labels['${label}']`, value]),
        ),
      },
    };
    const pod = new KubeletPod(object.spec, network, surroundings, () => {
      this.#dirty = true;
      void this.#writeStatus(object, pod);
    });
    this.#pods.set(key, pod);
    void this.#writeStatus(object, pod);
    pod.start().catch((error: unknown) => this.#failures.push(`pod ${key}: ${String(error)}`));
  }

  #stopPod(key: string, object: PodObject, pod: KubeletPod): void {
    this.#stopping.add(key);
    void pod.stop().then(async () => {
      // With its namespace it is gone already.
      await this.api.remove('v1', 'Pod', object.metadata.name, object.metadata.namespace).catch(() => {});
      this.history.noteEnd(object.metadata.name, pod.log);
      this.#pods.delete(key);
      this.#stopping.delete(key);
      this.#network.removePod(pod.network);
      this.#dirty = true;
    });
  }

  async #writeStatus(object: PodObject, pod: KubeletPod): Promise<void> {
    const { name, namespace } = object.metadata;
    const current = this.api.get('v1', 'Pod', name, namespace);
    if (current === undefined) return;
    const status = {
      phase: pod.phase,
      podIP: pod.network.address,
      podIPs: [{ ip: pod.network.address }],
      conditions: [{ type: 'Ready', status: pod.ready ? 'True' : 'False' }],
    };
    await this.api.apply({ ...current, status } as unknown as Manifest).catch(() => {});
  }

  #accountOf(namespace: string, name: string): ContainerSurroundings['account'] {
    const folder = mkdtempSync(join(this.#folder, 'account-'));
    writeFileSync(join(folder, 'token'), this.api.serviceAccountToken(namespace, name));
    writeFileSync(join(folder, 'ca.crt'), this.api.ca);
    writeFileSync(join(folder, 'namespace'), namespace);
    return { folder, host: NODE_ADDRESS, port: Number(new URL(this.api.url).port) };
  }

  // ---- Services

  async #writeSlices(): Promise<void> {
    const ports: ServicePort[] = [];
    const slices = new Map<string, string>();
    for (const service of this.#objects('v1', 'Service') as unknown as readonly ServiceObject[]) {
      const { name, namespace = 'default' } = service.metadata;
      const pods = this.#objects('v1', 'Pod')
        .filter(({ metadata }) => metadata.namespace === namespace)
        .filter(({ metadata }) => hasLabels(metadata.labels, service.spec.selector))
        .flatMap((object): readonly SlicePod[] => {
          const pod = this.#pods.get(keyOf(object.metadata));
          if (pod === undefined || pod.phase === 'Succeeded' || pod.phase === 'Failed') return [];
          const terminating = object.metadata.deletionTimestamp !== undefined;
          return [
            {
              name: object.metadata.name,
              address: pod.network.address,
              ready: pod.serving,
              terminating,
              spec: object['spec'] as PodSpec,
            },
          ];
        });
      if (service.spec.selector === undefined) continue;
      const { slice, servicePorts } = endpointSliceOf(service, pods);
      ports.push(...servicePorts);
      const text = JSON.stringify(slice);
      slices.set(`${namespace}/${name}`, text);
      if (this.#slices.get(`${namespace}/${name}`) !== text) await this.api.apply(slice);
    }
    this.#slices = slices;
    this.#proxy.sync(ports);
  }

  #writeHosts(): void {
    const services = this.#objects('v1', 'Service') as unknown as readonly ServiceObject[];
    const hosts = hostsFile(services, NODE_ADDRESS, (service) => this.#addressesOf(service));
    if (hosts === this.#hosts) return;
    this.#hosts = hosts;
    for (const { network } of this.#pods.values()) this.#network.setHosts(network, hosts);
  }

  #addressesOf(service: ServiceObject): readonly string[] {
    return this.pods(service.spec.selector ?? {})
      .filter(({ pod }) => pod.ready)
      .map(({ pod }) => pod.network.address);
  }
}
