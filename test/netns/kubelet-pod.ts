import { ContainerProcess, type ContainerSpec, type ContainerSurroundings } from './container.js';
import type { PodNetwork } from './pod-network.js';
import { probe } from './probe.js';

/** Of `core/v1 PodSpec` what this kubelet looks at. */
export interface PodSpec {
  readonly containers: readonly ContainerSpec[];
  readonly initContainers?: readonly ContainerSpec[];
  readonly restartPolicy?: string;
  readonly serviceAccountName?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: { readonly runAsUser?: number };
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

const STARTUP_PERIOD_MS = 100;
const READINESS_PERIOD_MS = 200;
/** Kubernetes' own default of `failureThreshold`: a probe that is late once says nothing. */
const READINESS_FAILURE_THRESHOLD = 3;
/** How often the kubelet compares what runs with what it knows. */
const RELIST_PERIOD_MS = 1_000;
const DEFAULT_GRACE_SECONDS = 30;

/** A pod on this node: its containers in the order in which the kubelet starts and ends them (KEP-753). */
export class KubeletPod {
  readonly network: PodNetwork;
  readonly #spec: PodSpec;
  readonly #surroundings: ContainerSurroundings;
  readonly #onChange: () => void;
  readonly #sidecars: ContainerProcess[] = [];
  readonly #applications: ContainerProcess[] = [];
  readonly #initLogs: string[] = [];
  #phase: PodPhase = 'Pending';
  #ready = false;
  #stopping = false;
  /** How long after its beginning the sidecar was ready, in milliseconds. */
  sidecarStartMs: number | undefined = undefined;
  /** How long of that others had the processors. */
  sidecarQueuedMs = 0;

  constructor(spec: PodSpec, network: PodNetwork, surroundings: ContainerSurroundings, onChange: () => void) {
    this.#spec = spec;
    this.network = network;
    this.#surroundings = surroundings;
    this.#onChange = onChange;
  }

  get phase(): PodPhase {
    return this.#phase;
  }

  get ready(): boolean {
    return this.#ready && !this.#stopping;
  }

  /** Whether its readiness probe has succeeded last, also while it is being ended. */
  get serving(): boolean {
    return this.#ready;
  }

  /** What its containers have said, for whoever finds that it does not work. */
  get log(): string {
    const running = [...this.#sidecars, ...this.#applications].map(({ name, log }) => `--- ${name}\n${log}`);
    return [...this.#initLogs, ...running].join('\n');
  }

  container(name: string): ContainerProcess | undefined {
    return [...this.#sidecars, ...this.#applications].find((container) => container.name === name);
  }

  /** Starts the containers; resolves when the application's have been started. */
  async start(): Promise<void> {
    for (const spec of this.#spec.initContainers ?? []) {
      if (this.#stopping) return;
      const container = new ContainerProcess(spec, this.#surroundings);
      if (spec.restartPolicy === 'Always') {
        this.#sidecars.push(container);
        await this.#startedUp(spec, container);
        continue;
      }
      const code = await container.exited;
      this.#initLogs.push(`--- ${spec.name}\n${container.log}`);
      if (code !== 0) throw new Error(`init container ${spec.name} ended with ${code}: ${container.log}`);
    }
    if (this.#stopping) return;
    for (const spec of this.#spec.containers) {
      this.#applications.push(new ContainerProcess(spec, this.#surroundings));
    }
    this.#setPhase('Running');
    void this.#watchReadiness();
    void Promise.all(this.#applications.map(({ exited }) => exited)).then((codes) =>
      this.#onApplicationsEnded(codes),
    );
  }

  /** Ends the application, then the sidecars in reverse, all within the grace period; resolves when all are gone. */
  async stop(
    graceMs = (this.#spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000,
  ): Promise<void> {
    this.#stopping = true;
    this.#onChange();
    const deadline = Date.now() + graceMs;
    await end(this.#applications, deadline);
    for (const sidecar of this.#sidecars.toReversed()) await end([sidecar], deadline);
  }

  /** Ends all that runs in it without a word; the kubelet finds out when it looks again. */
  kill(): void {
    for (const container of [...this.#applications, ...this.#sidecars]) container.kill('SIGKILL');
    setTimeout(() => {
      this.#stopping = true;
      this.#ready = false;
      this.#setPhase('Failed');
    }, RELIST_PERIOD_MS).unref();
  }

  async #startedUp(spec: ContainerSpec, container: ContainerProcess): Promise<void> {
    const begun = Date.now();
    const { startupProbe = {} } = spec;
    while (!(await probe(startupProbe, spec, this.network.address))) {
      if (container.exitCode !== undefined) {
        throw new Error(`sidecar ${spec.name} ended with ${container.exitCode}: ${container.log}`);
      }
      if (this.#stopping) return;
      if (Date.now() - begun > 60_000)
        throw new Error(`sidecar ${spec.name} does not start: ${container.log}`);
      await pause(STARTUP_PERIOD_MS);
    }
    this.sidecarStartMs = Date.now() - begun;
    this.sidecarQueuedMs = container.queuedMs;
  }

  async #watchReadiness(): Promise<void> {
    const { containers } = this.#spec;
    let failures = 0;
    while (!this.#stopping && this.#phase === 'Running') {
      const results = await Promise.all(
        containers.map((spec, index) =>
          this.#applications[index]?.exitCode === undefined
            ? spec.readinessProbe === undefined || probe(spec.readinessProbe, spec, this.network.address)
            : false,
        ),
      );
      const succeeded = results.every(Boolean);
      failures = succeeded ? 0 : failures + 1;
      const ready = succeeded || (this.#ready && failures < READINESS_FAILURE_THRESHOLD);
      if (ready !== this.#ready) {
        this.#ready = ready;
        this.#onChange();
      }
      await pause(READINESS_PERIOD_MS);
    }
  }

  #onApplicationsEnded(codes: readonly number[]): void {
    if (this.#stopping) return;
    if (this.#spec.restartPolicy !== 'Never' && this.#spec.restartPolicy !== 'OnFailure') return;
    // Sidecars are not waited for: they are ended now that the work is done.
    const ended = codes.every((code) => code === 0) ? 'Succeeded' : 'Failed';
    const deadline = Date.now() + DEFAULT_GRACE_SECONDS * 1000;
    void Promise.all(this.#sidecars.map((sidecar) => end([sidecar], deadline))).then(() =>
      this.#setPhase(ended),
    );
  }

  #setPhase(phase: PodPhase): void {
    this.#phase = phase;
    this.#onChange();
  }
}

async function end(containers: readonly ContainerProcess[], deadline: number): Promise<void> {
  for (const container of containers) container.kill('SIGTERM');
  const late = setTimeout(
    () => {
      for (const container of containers) container.kill('SIGKILL');
    },
    Math.max(0, deadline - Date.now()),
  );
  await Promise.all(containers.map(({ exited }) => exited));
  clearTimeout(late);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
