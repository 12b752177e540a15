import { isDeepStrictEqual } from 'node:util';
import {
  type AttemptFeedback,
  CircuitBreaker,
  ClusterBalancer,
  type Endpoint,
  type EndpointState,
  type Hash64,
  needsHash,
  OutlierDetector,
  type ProbeSender,
  type Random,
  RetryBudget,
} from '@weir/core';
import type { Direction } from '../../admin/direction.js';
import type { ClusterSettings } from './cluster-settings/read-cluster.js';
import type { PoolSettings } from './cluster-settings/read-pool.js';
import { HostSet, type HostSetOptions } from './host-set.js';
import { DEFAULT_OVERPROVISIONING_PERCENT } from './read-load-assignment.js';
import { type Portion, portionOfLimits, WHOLE } from '../portion.js';
import { atPlace, type BalancingHere, type ProxyPlace } from './proxy-place.js';
import type { UpstreamHost } from './upstream-host.js';

export interface ClusterOptions extends HostSetOptions {
  readonly random: Random;
  /** The part of its limits that is this process's; default all. */
  readonly portion?: Portion;
  /** Which traffic it is for; default `outbound`. */
  readonly direction?: Direction;
  /** Where this proxy is, and who; default: it does not know. */
  readonly place?: ProxyPlace | undefined;
  /** Asks the hosts of a cluster for their load; default: nobody does. */
  readonly probes?: ((cluster: Cluster) => ProbeSender<UpstreamHost>) | undefined;
}

/**
 * A group of endpoints that can stand in for each other, and the balancer that picks among them. What has
 * been learnt and what is going on outlives every update of settings and endpoints.
 */
export class Cluster {
  readonly name: string;
  /** Host name of the service, for people and metrics. */
  readonly service: string;
  readonly direction: Direction;
  /** Keeps retries in proportion to the traffic; asked beside `limits.retries`. */
  readonly retryBudget: RetryBudget;
  /** How much may go on at a time; what is acquired is released by whoever acquired it. */
  readonly limits: CircuitBreaker;
  readonly #options: ClusterOptions;
  readonly #hosts: HostSet;
  readonly #pickContext: MutablePickContext = {
    excluded: undefined,
    hash: undefined,
    avoidedPriorities: undefined,
  };
  readonly #probes: ProbeSender<UpstreamHost> | undefined;
  #settings: ClusterSettings;
  #portion: Portion;
  #balancing: BalancingHere;
  #balancer: ClusterBalancer<UpstreamHost>;
  #outlier: OutlierDetector<UpstreamHost> | undefined;
  #endpoints: readonly Endpoint[] = [];

  constructor(settings: ClusterSettings, options: ClusterOptions) {
    this.name = settings.name;
    this.service = serviceOf(settings.name);
    this.direction = options.direction ?? 'outbound';
    this.#options = options;
    this.#hosts = new HostSet(options);
    this.#settings = settings;
    this.retryBudget = new RetryBudget(settings.retryBudget);
    this.#portion = options.portion ?? WHOLE;
    this.limits = new CircuitBreaker(portionOfLimits(settings.limits, this.#portion));
    this.#balancing = { ...settings.balancing, overprovisioningPercent: DEFAULT_OVERPROVISIONING_PERCENT };
    this.#probes = options.probes?.(this);
    this.#balancer = this.#createBalancer();
    this.#configureOutlier();
  }

  /** The hosts by address, of any health. */
  get hosts(): ReadonlyMap<string, UpstreamHost> {
    return this.#hosts.hosts;
  }

  get connectTimeoutMs(): number {
    return this.#settings.connectTimeoutMs;
  }

  /** Name of the ClusterLoadAssignment that its endpoints come from. */
  get assignmentName(): string {
    return this.#settings.assignmentName;
  }

  get policyName(): string {
    return this.#balancer.name;
  }

  /** Whether requests are bound to hosts, so that it is worth computing their hash. */
  get bindsByHash(): boolean {
    return needsHash(this.#balancing.policy);
  }

  /** Percent of the requests that each priority has. */
  get priorityLoads(): ReadonlyMap<number, number> {
    return this.#balancer.loads;
  }

  /** How many priorities use all of their hosts as too few are available. */
  get panickingPriorities(): number {
    return this.#balancer.panicking;
  }

  /** How connections to the hosts are kept; to be asked whenever it matters, as it may change. */
  get pool(): PoolSettings {
    return this.#settings.pool;
  }

  /** Who fails too often; to be told the outcome of every attempt. `undefined`: nobody wants to know. */
  get outlier(): OutlierDetector<UpstreamHost> | undefined {
    return this.#outlier;
  }

  /** Why there is nothing behind it, as the control plane says; empty when there is. */
  get missing(): string {
    return this.#settings.missing;
  }

  /**
   * A healthy host for a request; `undefined` when there is none that the request has not tried. Allocates
   * nothing. Counting the request as begun (`host.stats.begin()`) is up to the caller.
   *
   * @param hash of what the request is bound to, where `bindsByHash`
   * @param avoidedPriorities of hosts that are taken only when there are no others
   */
  pick(
    excluded?: ReadonlySet<EndpointState>,
    hash?: Hash64,
    avoidedPriorities?: ReadonlySet<number>,
  ): UpstreamHost | undefined {
    const context = this.#pickContext;
    context.excluded = excluded;
    context.hash = hash;
    context.avoidedPriorities = avoidedPriorities;
    const host = this.#balancer.pick(context);
    context.excluded = undefined;
    context.avoidedPriorities = undefined;
    return host;
  }

  /** Every attempt ends here, however it went, so that balancers can learn from it. Allocates nothing. */
  attemptEnded(host: UpstreamHost, feedback: AttemptFeedback): void {
    this.#balancer.onAttemptEnd(host, feedback);
  }

  /** Whether the balancer would rather ask hosts before it picks: `pickAfterProbes` is for whoever can wait. */
  get asksFirst(): boolean {
    return this.#balancer.pickAfterProbes !== undefined;
  }

  /** As `pick`, by what hosts say when they are asked now. Only where `asksFirst`; `onPicked` is called once. */
  pickAfterProbes(hash: Hash64 | undefined, onPicked: (host: UpstreamHost | undefined) => void): void {
    this.#balancer.pickAfterProbes!({ excluded: undefined, hash }, onPicked);
  }

  /** Takes new settings; hosts, statistics, connections and what is going on stay. */
  configure(settings: ClusterSettings): void {
    if (settings === this.#settings) return;
    this.#settings = settings;
    this.retryBudget.configure(settings.retryBudget);
    this.limits.configure(portionOfLimits(settings.limits, this.#portion));
    this.#configureOutlier();
    this.#balance({ ...this.#balancing, ...settings.balancing });
  }

  /** Takes the part of its limits that is this process's; what is going on beyond it goes on. */
  takePortion(portion: Portion): void {
    this.#portion = portion;
    this.limits.configure(portionOfLimits(this.#settings.limits, portion));
  }

  /**
   * Takes the endpoints as they are now; the pools of those that are gone are drained.
   *
   * @param overprovisioningPercent see `PrioritySettings`; default as in Envoy
   */
  applyEndpoints(
    endpoints: readonly Endpoint[],
    overprovisioningPercent = DEFAULT_OVERPROVISIONING_PERCENT,
  ): void {
    if (overprovisioningPercent !== this.#balancing.overprovisioningPercent) {
      this.#balance({ ...this.#balancing, overprovisioningPercent });
    }
    if (endpoints === this.#endpoints) return;
    this.#endpoints = endpoints;
    this.#hosts.update(endpoints);
    this.#outlier?.setHosts(this.hosts.values());
    // Who comes back may have been ejected when there was still somebody to let it in again.
    if (this.#outlier === undefined) for (const { stats } of this.hosts.values()) stats.ejected = false;
    this.#updateBalancer();
  }

  /** Takes leave of every host: pools are drained, nothing is remembered. */
  close(): void {
    this.#endpoints = [];
    this.#outlier?.close();
    this.#outlier = undefined;
    this.#hosts.clear();
    this.#balancer.update([]);
    this.#balancer.close();
  }

  #configureOutlier(): void {
    const { outlier: settings } = this.#settings;
    if (settings === undefined) {
      this.#outlier?.close();
      this.#outlier = undefined;
    } else if (this.#outlier !== undefined) {
      this.#outlier.configure(settings);
    } else {
      const { clock, random } = this.#options;
      this.#outlier = new OutlierDetector(settings, clock, random, () => this.#updateBalancer());
      this.#outlier.setHosts(this.hosts.values());
    }
  }

  /** Makes a balancer when what there is says something else; what hosts remember is not the balancer's. */
  #balance(balancing: BalancingHere): void {
    if (isDeepStrictEqual(balancing, this.#balancing)) return;
    this.#balancing = balancing;
    this.#balancer.close();
    this.#balancer = this.#createBalancer();
    this.#updateBalancer();
  }

  #createBalancer(): ClusterBalancer<UpstreamHost> {
    const { random, clock, place } = this.#options;
    return new ClusterBalancer(atPlace(this.#balancing, place), random, clock, this.#probes);
  }

  #updateBalancer(): void {
    this.#balancer.update([...this.hosts.values()]);
  }
}

interface MutablePickContext {
  excluded: ReadonlySet<EndpointState> | undefined;
  hash: Hash64 | undefined;
  avoidedPriorities: ReadonlySet<number> | undefined;
}

/** Istio's names are `outbound|50051|subset|host`; any other name stands for itself. */
function serviceOf(clusterName: string): string {
  const parts = clusterName.split('|');
  return parts.length === 4 ? (parts[3] ?? clusterName) : clusterName;
}
