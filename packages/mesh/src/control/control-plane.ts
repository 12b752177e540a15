import type { Clock, Timer } from '@weir/core';
import type { LoadedObject } from '../kube/directory/manifest-set.js';
import type { FollowedStatus } from '../kube/api/follow/kind-follower.js';
import type { IgnoredKind } from '../kube/manifest/parse-manifest.js';
import type { Problem } from '../kube/problem.js';
import type { Logger } from '../system/logger.js';
import { analyzeModel } from './analyze/analyze-model.js';
import type { ControlState } from './http/status.js';
import { PublishedSnapshots } from './push/published-snapshots.js';
import { PushSchedule } from './push/push-schedule.js';
import { EMPTY_MODEL, type Model } from './registry/model.js';
import { Registry } from './registry/registry.js';
import { withdraws } from './registry/withdrawal.js';
import type { SourceLog } from './source-log.js';
import type { BalancerName } from './translate/sidecar/balancer.js';

/** What the control plane needs of a source of Kubernetes objects. */
export interface ObjectSource {
  readonly objects: readonly LoadedObject[];
  readonly problems: readonly Problem[];
  readonly ignored: readonly IgnoredKind[];
  readonly fileCount: number;
  /** Milliseconds since it was last seen whole. */
  readonly ageMs: number;
  /** Of a cluster: how well each kind is followed. */
  readonly followed?: readonly FollowedStatus[];
}

export interface ControlPlaneOptions {
  readonly source: ObjectSource;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: SourceLog;
  readonly balancer: BalancerName;
  readonly clusterDomain: string | undefined;
}

/** How long a change of endpoints may wait to be looked through for people. */
const ANALYSIS_DELAY_MS = 1000;

/** From source to snapshots, without a socket: objects → model → what clients get. */
export class ControlPlane {
  readonly snapshots: PublishedSnapshots;
  readonly #options: ControlPlaneOptions;
  readonly #registry: Registry;
  readonly #schedule: PushSchedule;
  #objects: readonly LoadedObject[] = [];
  /** As of the last change of the source. */
  #model: Model = EMPTY_MODEL;
  /** What does not fit together in it. */
  #findings: readonly Problem[] = [];
  /** What clients have been given. */
  #published: Model = EMPTY_MODEL;
  /** The source has changes that are not in the model yet. */
  #unread = false;
  #pushes = 0;
  #nacks = 0;
  #publishedMs = 0;
  #publishMs = 0;
  #analysis: Timer | undefined;
  #analyzedShape: object | undefined;

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
    this.#registry = new Registry(options.clusterDomain);
    this.#schedule = new PushSchedule({ clock: options.clock, push: () => this.#publish() });
    const epoch = Math.floor(options.clock.wallMs() / 1000).toString(36);
    this.snapshots = new PublishedSnapshots({ ...options, epoch });
  }

  /** Publishes what the source has. */
  start(): void {
    this.#readSource();
    this.#schedule.now();
  }

  /**
   * The source has changed.
   *
   * @param urgent false: nothing is taken out of use, so not even looking at it is urgent
   */
  changed(urgent = true): void {
    this.#unread = true;
    if (!urgent) {
      this.#schedule.soon();
      return;
    }
    this.#readSource();
    // Against what clients have, not what was read last: a withdrawal is one even if additions wait before it.
    if (withdraws(this.#published, this.#model)) this.#schedule.now();
    else this.#schedule.soon();
  }

  nacked(): void {
    this.#nacks++;
  }

  stop(): void {
    this.#schedule.stop();
    this.#analysis?.cancel();
  }

  state(): Omit<ControlState, 'clients' | 'origin' | 'limitsOf' | 'pushMetrics' | 'loadReports'> {
    const { source, clock } = this.#options;
    return {
      fileCount: source.fileCount,
      followed: source.followed ?? [],
      problems: [...source.problems, ...this.#findings],
      model: this.#model,
      versions: this.snapshots.versions,
      wallMs: clock.wallMs(),
      pushes: this.#pushes,
      nacks: this.#nacks,
      publishSeconds: this.#publishMs / 1000,
      snapshotAgeSeconds: (clock.nowMs() - this.#publishedMs) / 1000,
      sourceAgeSeconds: source.ageMs / 1000,
    };
  }

  #readSource(): void {
    const { source, log } = this.#options;
    this.#unread = false;
    this.#objects = source.objects;
    this.#model = this.#registry.update(this.#objects);
    log.reportIgnored(source.ignored);
  }

  /** After clients have been given what is new: people can wait for longer than calls. */
  #analyze(): void {
    this.#analysis?.cancel();
    this.#analysis = undefined;
    this.#analyzedShape = this.#model.shape;
    this.#findings = [...this.#model.problems, ...analyzeModel(this.#model, this.#objects)];
    this.#options.log.reportUnfit(this.#findings);
  }

  #publish(): void {
    const { clock } = this.#options;
    const begunMs = clock.nowMs();
    if (this.#unread) this.#readSource();
    this.#published = this.#model;
    this.#pushes++;
    this.snapshots.publish(this.#model);
    this.#publishedMs = clock.nowMs();
    this.#publishMs += this.#publishedMs - begunMs;
    this.#analyzeInTime();
    let endpoints = 0;
    for (const { ports } of this.#model.services)
      for (const port of ports) endpoints += port.endpoints.length;
    this.#options.logger.info('published', { services: this.#model.services.length, endpoints });
  }

  /** At once where rules changed; endpoints come and go too often for that, and little hangs on them. */
  #analyzeInTime(): void {
    if (this.#analyzedShape !== this.#model.shape) this.#analyze();
    else this.#analysis ??= this.#options.clock.setTimer(ANALYSIS_DELAY_MS, () => this.#analyze());
  }
}
