import {
  type Balancer,
  type BalancerPolicy,
  createBalancer,
  type Endpoint,
  type EndpointState,
  type Hash64,
  type Random,
  RetryBudget,
} from '@weir/core';
import { HostSet, type HostSetOptions } from './host-set.js';
import type { ClusterSettings } from './read-cluster.js';
import type { UpstreamHost } from './upstream-host.js';

export interface ClusterOptions extends HostSetOptions {
  readonly random: Random;
}

/** A group of endpoints that can stand in for each other, and the balancer that picks among them. */
export class Cluster {
  readonly name: string;
  /** Host name of the service, for people and metrics. */
  readonly service: string;
  /** Keeps the retries of refused requests in proportion to the traffic. */
  readonly retryBudget = new RetryBudget();
  readonly #random: Random;
  readonly #hosts: HostSet;
  readonly #pickContext: MutablePickContext = { excluded: undefined, hash: undefined };
  #settings: ClusterSettings;
  #balancer: Balancer<UpstreamHost>;
  #endpoints: readonly Endpoint[] = [];

  constructor(settings: ClusterSettings, options: ClusterOptions) {
    this.name = settings.name;
    this.service = serviceOf(settings.name);
    this.#random = options.random;
    this.#hosts = new HostSet(options);
    this.#settings = settings;
    this.#balancer = createBalancer<UpstreamHost>(settings.policy, options.random);
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

  /**
   * A healthy host for a request; `undefined` when there is none that the request has not tried. Allocates
   * nothing. Counting the request as begun (`host.stats.begin()`) is up to the caller.
   */
  pick(excluded?: ReadonlySet<EndpointState>, hash?: Hash64): UpstreamHost | undefined {
    const context = this.#pickContext;
    context.excluded = excluded;
    context.hash = hash;
    const host = this.#balancer.pick(context);
    context.excluded = undefined;
    return host;
  }

  /** Takes new settings; hosts, statistics and connections stay. */
  configure(settings: ClusterSettings): void {
    if (settings === this.#settings) return;
    const before = this.#settings.policy;
    this.#settings = settings;
    if (isSamePolicy(before, settings.policy)) return;
    this.#balancer = createBalancer<UpstreamHost>(settings.policy, this.#random);
    this.#balancer.update([...this.hosts.values()]);
  }

  /** Takes the endpoints as they are now; the pools of those that are gone are drained. */
  applyEndpoints(endpoints: readonly Endpoint[]): void {
    if (endpoints === this.#endpoints) return;
    this.#endpoints = endpoints;
    this.#hosts.update(endpoints);
    this.#balancer.update([...this.hosts.values()]);
  }

  /** Takes leave of every host: pools are drained, nothing is remembered. */
  close(): void {
    this.#endpoints = [];
    this.#hosts.clear();
    this.#balancer.update([]);
  }
}

interface MutablePickContext {
  excluded: ReadonlySet<EndpointState> | undefined;
  hash: Hash64 | undefined;
}

/** Istio's names are `outbound|50051|subset|host`; any other name stands for itself. */
function serviceOf(clusterName: string): string {
  const parts = clusterName.split('|');
  return parts.length === 4 ? (parts[3] ?? clusterName) : clusterName;
}

function isSamePolicy(a: BalancerPolicy, b: BalancerPolicy): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
