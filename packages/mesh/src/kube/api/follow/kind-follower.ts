import type { Clock, Random } from '@weir/core';
import {
  formatFailure,
  jsonEqual,
  Reflector,
  type KubeChange,
  type KubeTransport,
  type ReflectorFailure,
  type ReflectorPhase,
} from '@weir/core/kube';
import type { LoadedObject } from '../../directory/manifest-set.js';
import type { Problem } from '../../problem.js';
import { objectKey, type KubeObject } from '../../resources/kinds.js';
import type { FollowedKind, PolicyKind } from './followed-kinds.js';
import type { InternPool } from './intern.js';
import { isUrgent } from './is-urgent.js';
import { readPolicy, stripPolicy, type PolicyReading, type PolicyRecord } from './policy-objects.js';

/** Replicas ask at their own times, and an API server that is back should be seen soon. */
const BACKOFF = { baseMs: 200, capMs: 5000 };

export interface KindFollowerOptions {
  readonly kind: FollowedKind;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly pool: InternPool;
  /** @param urgent whether it may take something out of use, so that it cannot wait */
  readonly onChange: (urgent: boolean) => void;
  readonly onFailure: (failure: ReflectorFailure) => void;
  readonly onRecovered: () => void;
  /** A rule or policy has been read; undefined: it is gone. */
  readonly onPolicy: (
    record: PolicyRecord,
    reading: PolicyReading | undefined,
    keptLastGood: boolean,
  ) => void;
}

/** How well one kind is followed. */
export interface FollowedStatus {
  readonly kind: string;
  readonly phase: ReflectorPhase;
  readonly objects: number;
  /** 0 while it is followed; undefined before it was listed. */
  readonly ageSeconds: number | undefined;
  /** What keeps it from being followed, with what to do. */
  readonly failure: string | undefined;
}

const NOWHERE = { line: 0, column: 0 };

/** The objects of one kind in a cluster, as the registry takes them. */
export class KindFollower {
  readonly #options: KindFollowerOptions;
  readonly #reflector: Reflector<KubeObject | PolicyRecord>;
  readonly #loaded = new Map<string, LoadedObject>();
  readonly #problems = new Map<string, readonly Problem[]>();
  #answered = false;

  constructor(options: KindFollowerOptions) {
    this.#options = options;
    const { kind, namespace, transport, clock, random, pool, onFailure, onRecovered } = options;
    this.#reflector = new Reflector<KubeObject | PolicyRecord>({
      transport,
      clock,
      random,
      resource: kind.resource,
      otherVersions: kind.otherVersions,
      // Nodes belong to none.
      namespace: kind.kind === 'Node' ? undefined : namespace,
      metadataOnly: kind.metadataOnly,
      backoff: BACKOFF,
      strip: (raw) => (kind.role === 'policy' ? stripPolicy(raw, kind.definition) : kind.strip(raw, pool)),
      onChange: (changes) => this.#apply(changes),
      onFailure: (failure) => {
        this.#answered ||= failure.error.status === 404;
        onFailure(failure);
      },
      onRecovered,
    });
  }

  get objects(): Iterable<LoadedObject> {
    return this.#loaded.values();
  }

  get problems(): Iterable<readonly Problem[]> {
    return this.#problems.values();
  }

  /** Whether it is known what there is, or that the kind is not installed. */
  get isSettled(): boolean {
    return this.#reflector.isSynced || this.#answered;
  }

  get status(): FollowedStatus {
    const { phase, objects, ageMs, failure } = this.#reflector;
    return {
      kind: this.#options.kind.kind,
      phase,
      objects: objects.size,
      ageSeconds: ageMs === undefined ? undefined : ageMs / 1000,
      failure: failure === undefined || phase === 'absent' ? undefined : formatFailure(failure),
    };
  }

  start(): void {
    this.#reflector.start();
  }

  close(): void {
    this.#reflector.close();
  }

  #apply(changes: readonly KubeChange<KubeObject | PolicyRecord>[]): void {
    const { kind } = this.#options;
    let urgent = false;
    let changed = !this.#answered;
    this.#answered = true;
    for (const change of changes) {
      if (kind.role === 'policy') {
        // People look at what they have just changed.
        urgent = true;
        changed = this.#applyPolicy(kind, change as KubeChange<PolicyRecord>) || changed;
        continue;
      }
      const { key, object, previous } = change as KubeChange<KubeObject>;
      changed = true;
      urgent ||= isUrgent(previous, object);
      if (object === undefined) this.#loaded.delete(key);
      else this.#load(key, object);
    }
    if (changed) this.#options.onChange(urgent);
  }

  /** True when the objects in force have changed. */
  #applyPolicy(kind: PolicyKind, { key, object: record, previous }: KubeChange<PolicyRecord>): boolean {
    if (record === undefined) {
      this.#problems.delete(key);
      const was = this.#loaded.delete(key);
      if (previous !== undefined) this.#options.onPolicy(previous, undefined, false);
      return was;
    }
    const reading = readPolicy(record, kind.definition, `${kind.kind} ${key}`);
    if (reading.problems.length === 0) this.#problems.delete(key);
    else this.#problems.set(key, reading.problems);
    const inForce = this.#loaded.get(key);
    this.#options.onPolicy(record, reading, reading.object === undefined && inForce !== undefined);
    // Of an invalid object the last valid version stays in force.
    if (reading.object === undefined) return false;
    if (inForce !== undefined && jsonEqual(inForce.object, reading.object)) return false;
    this.#load(key, reading.object);
    return true;
  }

  #load(key: string, object: KubeObject): void {
    const name = objectKey(object);
    this.#loaded.set(key, { key: name, object, file: name, line: 0, locate: () => NOWHERE });
  }
}
