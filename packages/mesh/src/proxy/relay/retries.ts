import {
  afterRetry,
  avoidedPriorities,
  type AttemptOutcome,
  type Deadline,
  type EndpointState,
  noRetriesYet,
  type Hash64,
  type RetryObstacle,
  type RetryPolicy,
  type RetrySkipReason,
  type RetryState,
  shouldRetry,
  type Timer,
  defaultTransparentLimits,
} from '@weir/core';
import { SKIPPED_RETRIES } from '../../admin/traffic-counters.js';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { RelayContext } from './relay-context.js';

/** Decides about one request whose attempt is over: whether it is sent again, where and when. */
export class Retries {
  readonly #context: RelayContext;
  readonly #cluster: Cluster;
  readonly #policy: RetryPolicy | undefined;
  readonly deadline: Deadline | undefined;
  readonly #hash: Hash64 | undefined;
  readonly #tried: Set<EndpointState>;
  /** One for each attempt, as `previous_priorities` counts them. */
  readonly #hosts: EndpointState[] = [];
  #state: Omit<RetryState, 'nowMs' | 'deadlineMs' | 'obstacle'> = noRetriesYet;
  #pause: Timer | undefined = undefined;
  /** A retry of the cluster's budget and limit is ours. */
  #counted = false;
  /** A retry that was wanted is not made: there will be none. */
  #over = false;

  /**
   * @param policy - the route's; without it only what was not processed is sent again
   * @param deadline - the call's
   * @param hash - what the request is bound to, for balancers that go by it
   * @param tried - hosts that the call has tried, and what it tries from now on
   */
  constructor(
    context: RelayContext,
    cluster: Cluster,
    policy: RetryPolicy | undefined,
    deadline: Deadline | undefined,
    hash: Hash64 | undefined,
    tried = new Set<EndpointState>(),
  ) {
    this.#context = context;
    this.#cluster = cluster;
    this.#policy = policy;
    this.deadline = deadline;
    this.#hash = hash;
    this.#tried = tried;
  }

  /** Retries that the policy asked for: what `grpc-previous-rpc-attempts` says. */
  get made(): number {
    return this.#state.retries;
  }

  get #exhausted(): boolean {
    return this.#policy !== undefined && this.made >= this.#policy.maxRetries;
  }

  /**
   * Takes note of an attempt at `host` that is over, or is as good as over.
   *
   * @param obstacle - what stands in the way, whatever the outcome
   * @param start - called with the host for the next attempt, at once when the endpoint has not seen the
   *   request, else after a pause; with undefined when the pause found no host left
   * @returns false, without calling `start`, when the outcome has to be the caller's
   */
  plan(
    outcome: AttemptOutcome,
    host: UpstreamHost,
    obstacle: RetryObstacle | undefined,
    start: (host: UpstreamHost | undefined) => void,
  ): boolean {
    if (this.#over) return false;
    const { clock, random } = this.#context;
    const state: RetryState = {
      ...this.#state,
      nowMs: clock.nowMs(),
      deadlineMs: this.deadline?.atMs ?? Infinity,
      // What is not held back any more as no attempts are left was not in the way.
      obstacle: outcome.kind === 'answered' && this.#exhausted ? undefined : obstacle,
    };
    const decision = shouldRetry(outcome, this.#policy, state, random, {
      ...defaultTransparentLimits,
      maxRefusalRetries: this.#context.options.maxRefusedRetries,
    });
    if (!decision.retry) return this.#skip(decision.reason);
    this.#tried.add(host);
    this.#hosts.push(host);
    // The request reached no application, so another try adds no load to any: neither limited nor delayed
    // (gRFC A6, "transparent retries").
    if (decision.countsAs === 'transparent') {
      const next = this.#pick(true);
      if (next === undefined) return this.#skip('no_host');
      this.#note(outcome, state, decision);
      start(next);
      return true;
    }
    const refused = this.#count();
    if (refused !== undefined) return this.#skip(refused);
    this.#note(outcome, state, decision);
    const avoid = decision.countsAs === 'refusal' || this.#policy?.avoidPreviousHosts === true;
    this.#pause = clock.setTimer(decision.afterMs, () => {
      this.#pause = undefined;
      start(this.#pick(avoid));
    });
    return true;
  }

  /** The attempt made again is over, or will not be made: its place is another's. */
  end(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
    if (!this.#counted) return;
    this.#counted = false;
    this.#cluster.retryBudget.retryEnded();
    this.#cluster.limits.retries.release();
  }

  /** Takes a place among the retries under way; says why there is none. */
  #count(): RetrySkipReason | undefined {
    this.end();
    const { retryBudget, limits } = this.#cluster;
    if (!limits.retries.tryAcquire()) return 'max_retries';
    if (!retryBudget.tryStartRetry()) {
      limits.retries.release();
      return 'budget';
    }
    this.#counted = true;
    return undefined;
  }

  #skip(reason: RetrySkipReason): false {
    if (reason === 'not_retriable') return false;
    this.#over = true;
    this.#context.counters[SKIPPED_RETRIES[reason]]++;
    return false;
  }

  #note(outcome: AttemptOutcome, state: RetryState, decision: Parameters<typeof afterRetry>[1]): void {
    this.#state = afterRetry(state, decision);
    const { counters } = this.#context;
    switch (outcome.kind) {
      case 'connect-failure':
      case 'unsent':
        counters.retriesConnectFailure++;
        break;
      case 'goaway':
        counters.retriesGoaway++;
        break;
      case 'refused-stream':
        counters.retriesRefusedStream++;
        break;
      case 'per-try-timeout':
        counters.retriesTimeout++;
        break;
      case 'reset':
      case 'overflow':
        counters.retriesReset++;
        break;
      case 'answered':
        counters.retriesStatus++;
    }
  }

  #pick(avoidTried: boolean): UpstreamHost | undefined {
    return this.#context.upstreams.pickReachable(
      this.#cluster,
      avoidTried ? this.#tried : undefined,
      this.#hash,
      avoidedPriorities(this.#hosts, this.#policy?.previousPrioritiesUpdateFrequency ?? 0),
    );
  }
}
