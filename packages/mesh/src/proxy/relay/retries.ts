import { backoffDelayMs, defaultBackoff, type EndpointState, type Timer } from '@weir/core';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { AttemptFailure } from './attempt-failure.js';
import type { RelayContext } from './relay-context.js';

/** Attempts for one request, however harmless; bounds the walk over a dead cluster. */
const MAX_ATTEMPTS = 6;

/** Decides about one request whose attempts were not processed: whether it is sent again, where and when. */
export class Retries {
  readonly #context: RelayContext;
  readonly #cluster: Cluster;
  readonly #tried = new Set<EndpointState>();
  #attempts = 0;
  #refusals = 0;
  #pause: Timer | undefined = undefined;
  /** A retry of the cluster's budget is ours. */
  #holdsBudget = false;

  constructor(context: RelayContext, cluster: Cluster) {
    this.#context = context;
    this.#cluster = cluster;
  }

  /**
   * Takes note of an unprocessed attempt at `host`.
   *
   * @param start - called with the host for the next attempt, at once or after a pause; with undefined when
   *   the pause found no host left
   * @returns false, without calling `start`, when the failure has to be answered
   */
  plan(
    failure: AttemptFailure,
    host: UpstreamHost,
    start: (host: UpstreamHost | undefined) => void,
  ): boolean {
    this.#tried.add(host);
    if (++this.#attempts >= MAX_ATTEMPTS) return false;
    if (failure.kind === 'refused') return this.#planAfterRefusal(start);
    const next = this.#pick();
    if (next === undefined) return false;
    // The request reached no application, so another try adds no load to any: neither counted nor delayed
    // (gRFC A6, "transparent retries").
    const { counters } = this.#context;
    if (failure.kind === 'goaway') counters.retriesGoaway++;
    else counters.retriesConnectFailure++;
    start(next);
    return true;
  }

  /** The attempt made again is over, or will not be made: the budget is another's. */
  end(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
    if (!this.#holdsBudget) return;
    this.#holdsBudget = false;
    this.#cluster.retryBudget.retryEnded();
  }

  /** A refusal is a sign of overload: limited in number, by the cluster's budget, and after a pause. */
  #planAfterRefusal(start: (host: UpstreamHost | undefined) => void): boolean {
    const { counters, options, random, clock } = this.#context;
    if (this.#refusals >= options.maxRefusedRetries) return false;
    if (!this.#cluster.retryBudget.tryStartRetry()) {
      counters.retriesOverBudget++;
      return false;
    }
    this.#holdsBudget = true;
    this.#refusals++;
    counters.retriesRefusedStream++;
    const delayMs = backoffDelayMs(this.#refusals, defaultBackoff, random);
    this.#pause = clock.setTimer(delayMs, () => start(this.#pick()));
    return true;
  }

  #pick(): UpstreamHost | undefined {
    return this.#context.upstreams.pickReachable(this.#cluster, this.#tried);
  }
}
