import type { Clock, Random, Timer } from '@weir/core';
import { formatFailure, type KubeTransport, type ReflectorFailure } from '@weir/core/kube';
import type { LoadedObject } from '../../directory/manifest-set.js';
import { formatProblem, type Problem } from '../../problem.js';
import { FOLLOWED_KINDS, type FollowedKind } from './followed-kinds.js';
import { InternPool } from './intern.js';
import { KindFollower, type FollowedStatus } from './kind-follower.js';
import type { PolicyReading, PolicyRecord } from './policy-objects.js';

/** News about what is followed, for people. */
export type ClusterReport =
  /** A kind cannot be followed; what was known of it stays in force. */
  | {
      readonly event: 'watch-lost';
      readonly kind: string;
      readonly message: string;
      /** Nothing but a change of permissions or credentials helps; otherwise trying again may. */
      readonly isLasting: boolean;
    }
  | { readonly event: 'watch-back'; readonly kind: string }
  /** A kind of rules is not installed, or is now. */
  | { readonly event: 'kind-absent'; readonly kind: string }
  | {
      readonly event: 'problems';
      /** `VirtualService shop/reviews`. */
      readonly file: string;
      readonly problems: readonly Problem[];
      readonly refused: { readonly keptObjects: number } | undefined;
    }
  | { readonly event: 'fixed'; readonly file: string };

/** A rule or policy of which something is to be said in its status. */
export interface PolicyVerdict {
  readonly kind: FollowedKind;
  readonly record: PolicyRecord;
  readonly isInForce: boolean;
  readonly problems: readonly Problem[];
}

export interface ClusterSourceOptions {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  readonly random: Random;
  /** Default: all. */
  readonly namespace?: string | undefined;
  /**
   * The objects in force have changed; read `objects`. Not called before `start` has resolved.
   *
   * @param urgent whether that may take something out of use
   */
  readonly onChange: (urgent: boolean) => void;
  readonly onReport: (report: ClusterReport) => void;
  /** A rule or policy has been read. */
  readonly onVerdict?: (verdict: PolicyVerdict) => void;
}

/** A kind that stays away is spoken of again after this time. */
const REMIND_MS = 60_000;

interface Lost {
  message: string;
  saidMs: number;
}

/**
 * The Kubernetes objects of a cluster, kept up to date: the other source beside the directory of YAML. What cannot
 * be followed stays as it was last known.
 */
export class ClusterSource {
  /** Nothing is passed over here: other kinds are not asked for. */
  readonly ignored = [];
  readonly fileCount = 0;
  readonly #options: ClusterSourceOptions;
  readonly #followers: readonly KindFollower[];
  readonly #lost = new Map<string, Lost>();
  readonly #troubled = new Map<string, string>();
  #objects: readonly LoadedObject[] | undefined;
  #resolveStart: (() => void) | undefined;
  #started = false;
  /** A change waits for the end of what the connections have just read. */
  #pending: { urgent: boolean } | undefined;
  #timer: Timer | undefined;

  constructor(options: ClusterSourceOptions) {
    this.#options = options;
    const { transport, clock, random, namespace } = options;
    const pool = new InternPool();
    this.#followers = FOLLOWED_KINDS.map(
      (kind) =>
        new KindFollower({
          kind,
          namespace,
          transport,
          clock,
          random,
          pool,
          onChange: (urgent) => this.#onChange(urgent),
          onFailure: (failure) => this.#onFailure(kind.kind, failure),
          onRecovered: () => this.#onRecovered(kind.kind),
          onPolicy: (record, reading, kept) => this.#onPolicy(kind, record, reading, kept),
        }),
    );
  }

  /** In force now. */
  get objects(): readonly LoadedObject[] {
    this.#objects ??= this.#followers.flatMap((follower) => [...follower.objects]);
    return this.#objects;
  }

  get problems(): readonly Problem[] {
    return this.#followers.flatMap((follower) => [...follower.problems].flat());
  }

  /** How well each kind is followed. */
  get followed(): readonly FollowedStatus[] {
    return this.#followers.map(({ status }) => status);
  }

  /** Milliseconds since all of it was known to be current. */
  get ageMs(): number {
    const ages = this.followed.map(({ ageSeconds = 0, phase }) => (phase === 'absent' ? 0 : ageSeconds));
    return Math.max(0, ...ages) * 1000;
  }

  /**
   * Resolves when everything there is has been listed; a kind of rules may be absent. Until then nothing is known
   * well enough to act on, so it waits for as long as that takes, and reports why.
   */
  async start(): Promise<void> {
    const listed = new Promise<void>((resolve) => (this.#resolveStart = resolve));
    for (const follower of this.#followers) follower.start();
    this.#settle();
    await listed;
  }

  close(): void {
    this.#timer?.cancel();
    for (const follower of this.#followers) follower.close();
  }

  #settle(): void {
    if (this.#started || !this.#followers.every(({ isSettled }) => isSettled)) return;
    this.#started = true;
    this.#resolveStart?.();
  }

  #onChange(urgent: boolean): void {
    this.#objects = undefined;
    if (!this.#started) {
      this.#settle();
      return;
    }
    if (this.#pending !== undefined) {
      this.#pending.urgent ||= urgent;
      return;
    }
    this.#pending = { urgent };
    // Not at once, but after everything the connections have brought meanwhile: what comes while the last change is
    // worked at is one change, so that there is no more work the more changes there are.
    this.#timer = this.#options.clock.setTimer(0, () => {
      const pending = this.#pending;
      this.#pending = undefined;
      if (pending !== undefined) this.#options.onChange(pending.urgent);
    });
  }

  #onFailure(kind: string, failure: ReflectorFailure): void {
    const isAbsent = failure.error.status === 404;
    const message = isAbsent ? '' : formatFailure(failure);
    const nowMs = this.#options.clock.nowMs();
    const known = this.#lost.get(kind);
    const isNews = known === undefined || known.message !== message;
    if (isNews || (!isAbsent && nowMs - known.saidMs >= REMIND_MS)) {
      this.#lost.set(kind, { message, saidMs: nowMs });
      this.#options.onReport(
        isAbsent
          ? { event: 'kind-absent', kind }
          : { event: 'watch-lost', kind, message, isLasting: [401, 403].includes(failure.error.status) },
      );
    }
    this.#settle();
  }

  #onRecovered(kind: string): void {
    if (this.#lost.delete(kind)) this.#options.onReport({ event: 'watch-back', kind });
  }

  #onPolicy(
    kind: FollowedKind,
    record: PolicyRecord,
    reading: PolicyReading | undefined,
    keptLastGood: boolean,
  ): void {
    const file = `${kind.kind} ${record.namespace}/${record.name}`;
    const problems = reading?.problems ?? [];
    const isInForce = reading?.object !== undefined;
    const text = problems.map(formatProblem).join('\n');
    if (text !== (this.#troubled.get(file) ?? '')) {
      if (text === '') {
        this.#troubled.delete(file);
        this.#options.onReport({ event: 'fixed', file });
      } else {
        this.#troubled.set(file, text);
        const refused = isInForce ? undefined : { keptObjects: keptLastGood ? 1 : 0 };
        this.#options.onReport({ event: 'problems', file, problems, refused });
      }
    }
    if (reading !== undefined) this.#options.onVerdict?.({ kind, record, isInForce, problems });
  }
}
