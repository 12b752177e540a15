import {
  type AttemptFeedback,
  type Balancer,
  type BalancerPolicy,
  type Clock,
  createBalancer,
  EndpointSet,
  GRPC_CODE_NAMES,
  type HostView,
  needsHash,
  type Random,
} from '@weir/core';
import { Attempt, type AttemptOwner } from './attempt.js';
import { ClientHost, endpointOf } from './client-host.js';
import type { ConnectionEvent, MeasuredAttempt, MetricSink } from '../telemetry/metric-sink.js';
import type {
  AttemptObserver,
  ConnectionState,
  PickRequest,
  Policy,
  PolicyChannel,
  PolicyDescription,
  ResolvedEndpoint,
  Verdict,
} from './policy.js';
import { Prober } from './prober.js';
import { hashOf } from './request-hash.js';

export interface BalancingConfig {
  readonly policy: BalancerPolicy;
  /** The metadata that binds a call to an endpoint, for policies that do so. */
  readonly hashHeader: string | undefined;
}

/** What a policy takes from its surroundings. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: MetricSink;
}

/**
 * So long, at the beginning, the first connection waits for the others: the calls that came meanwhile would all
 * go to the one endpoint that happens to be the fastest to connect.
 */
const FIRST_GRACE_MS = 20;
/** What was learnt of an endpoint that has left is kept for so long, since some come back. */
const REMEMBER_MS = 300_000;
/** With more endpoints than this, changes of connections that come together are taken together. */
const FEW_ENDPOINTS = 64;

/**
 * A balancer of Weir in a channel of grpc-js: keeps a connection to every endpoint, lets the balancer pick
 * among those that are up, and tells it how attempts end. Endpoints keep their connection and all that was
 * learnt about them for as long as they are in the resolver's list.
 */
export class BalancingPolicy implements Policy<BalancingConfig, ClientHost>, AttemptOwner {
  readonly #name: string;
  readonly #channel: PolicyChannel;
  readonly #around: Surroundings;
  readonly #set: EndpointSet<ClientHost>;
  readonly #context = { excluded: undefined, hash: undefined as ReturnType<typeof hashOf> };
  readonly #attemptsByCode = new Array<number>(GRPC_CODE_NAMES.length).fill(0);
  #balancer: Balancer<ClientHost> | undefined;
  #config: BalancingConfig | undefined;
  #state: ConnectionState = 'connecting';
  #failure = { failure: 'no endpoints yet' };
  #lastError = '';
  #grace: 'none' | 'running' | 'over' = 'none';
  #settling = false;
  #refreshDue = false;
  #closed = false;
  #waits = 0;
  /** Picked for, and the stream has yet to be opened. */
  #fresh: Attempt[] = [];
  /** Calls that wait for probes, and how many of them are being picked for again in vain. */
  #rounds = 0;
  #roundsPassedOver = 0;
  readonly #decided: ClientHost[] = [];

  constructor(name: string, channel: PolicyChannel, around: Surroundings) {
    this.#name = name;
    this.#channel = channel;
    this.#around = around;
    const memory = { clock: around.clock, rememberMs: REMEMBER_MS };
    this.#set = new EndpointSet((endpoint) => new ClientHost(endpoint), memory);
  }

  get clock(): Clock {
    return this.#around.clock;
  }

  update(endpoints: readonly ResolvedEndpoint[], config: BalancingConfig, note: string): boolean {
    this.#settling = true;
    this.#configure(config);
    const before = this.#set.hosts;
    const origins = new Map(endpoints.map((endpoint) => [endpoint.address, endpoint]));
    this.#set.update(endpoints.map(endpointOf));
    for (const host of before) if (this.#set.get(host.endpoint.address) !== host) host.detach();
    for (const host of this.#set.hosts) {
      if (!host.connected) this.#connectTo(host, origins.get(host.endpoint.address)!);
    }
    this.#settling = false;
    this.#lastError = endpoints.length === 0 ? `no endpoints${note === '' ? '' : `: ${note}`}` : '';
    this.#refresh();
    return true;
  }

  resolutionFailed(details: string): void {
    if (this.#set.hosts.length > 0) return;
    this.#lastError = details;
    this.#refresh();
  }

  pick(request: PickRequest): Verdict<ClientHost> {
    if (this.#state === 'failed') return this.#failure;
    const balancer = this.#balancer;
    if (this.#state !== 'ready' || balancer === undefined) return this.#wait();
    this.#context.hash = needsHash(this.#config!.policy)
      ? hashOf(request, this.#config!.hashHeader)
      : undefined;
    const host =
      balancer.pickAfterProbes === undefined ? balancer.pick(this.#context) : this.#pickAfterProbes(balancer);
    // Its connection has gone, or has yet to come: the call is picked for again as soon as anything changes.
    return host === undefined || host.state !== 'ready' ? this.#wait() : host;
  }

  begin(host: ClientHost): AttemptObserver {
    const attempt = new Attempt(host, this);
    if (this.#fresh.length === 0) this.clock.setTimer(0, () => this.#forgetUnopened());
    this.#fresh.push(attempt);
    return attempt;
  }

  attemptStarted(method: string): void {
    this.#around.metrics.attemptStarted(this.#channel.target, method);
  }

  attemptEnded(host: ClientHost, attempt: AttemptFeedback & MeasuredAttempt): void {
    if (attempt.load !== undefined) host.load = attempt.load;
    this.#attemptsByCode[attempt.grpcCode] = (this.#attemptsByCode[attempt.grpcCode] ?? 0) + 1;
    this.#balancer?.onAttemptEnd?.(host, attempt);
    this.#around.metrics.attemptEnded(this.#channel.target, attempt);
  }

  connect(): void {
    for (const { leaf } of this.#set.hosts) if (leaf.state === 'idle') leaf.connect();
  }

  describe(): PolicyDescription {
    const counted = this.#attemptsByCode.flatMap((count, code): [string, number][] =>
      count === 0 ? [] : [[GRPC_CODE_NAMES[code]!, count]],
    );
    return {
      policy: this.#name,
      config: this.#config?.policy ?? {},
      endpoints: this.#set.hosts.map((host) => host.describe()),
      attemptsByCode: Object.fromEntries(counted),
      waits: this.#waits,
    };
  }

  destroy(): void {
    this.#closed = true;
    this.#balancer?.close?.();
    for (const host of this.#set.hosts) host.detach();
  }

  #configure(config: BalancingConfig): void {
    const isSame = JSON.stringify(config) === JSON.stringify(this.#config);
    this.#config = config;
    if (isSame) return;
    const { random, clock } = this.#around;
    const prober = new Prober(clock);
    this.#balancer?.close?.();
    this.#balancer = createBalancer<ClientHost>(config.policy, random, clock, prober);
  }

  #connectTo(host: ClientHost, origin: ResolvedEndpoint): void {
    let before: ConnectionState = 'idle';
    const leaf = this.#channel.createLeaf(origin, (error) => {
      if (error !== undefined) this.#lastError = `${origin.address}: ${error}`;
      if (before === 'ready' && leaf.state !== 'ready') this.#channel.requestResolution();
      const event = eventOf(before, leaf.state);
      before = leaf.state;
      if (event !== undefined) this.#around.metrics.connectionChanged(this.#channel.target, event);
      this.#connectionChanged();
    });
    host.attach(leaf);
    leaf.connect();
  }

  #connectionChanged(): void {
    if (this.#settling || this.#refreshDue || this.#closed) return;
    if (this.#state !== 'ready' || this.#set.hosts.length <= FEW_ENDPOINTS) return this.#refresh();
    this.#refreshDue = true;
    this.clock.setTimer(0, () => {
      this.#refreshDue = false;
      if (!this.#closed) this.#refresh();
    });
  }

  /** Brings balancer, connections and channel up to what the endpoints are now. */
  #refresh(): void {
    const { hosts } = this.#set;
    this.#settling = true;
    // A connection that was lost is to come back.
    for (const { leaf } of hosts) if (leaf.state === 'idle') leaf.connect();
    this.#settling = false;
    this.#balancer?.update(hosts, needsHash(this.#config?.policy ?? { name: 'random' }) ? notFailed : ready);
    this.#state = this.#holdsBack(hosts) ? 'connecting' : stateOf(hosts);
    if (this.#state === 'failed') this.#failure = { failure: `${this.#name}: ${this.#lastError}` };
    this.#publish();
  }

  #holdsBack(hosts: readonly ClientHost[]): boolean {
    if (this.#grace === 'over' || this.#state !== 'connecting') return false;
    if (stateOf(hosts) !== 'ready') return false;
    if (!hosts.some(({ state }) => state === 'connecting')) {
      this.#grace = 'over';
      return false;
    }
    if (this.#grace === 'none') {
      this.#grace = 'running';
      this.clock.setTimer(FIRST_GRACE_MS, () => {
        this.#grace = 'over';
        if (!this.#closed) this.#refresh();
      });
    }
    return true;
  }

  /** Has the calls that wait picked for again. */
  #publish(): void {
    this.#roundsPassedOver = this.#rounds;
    this.#channel.publish(this.#state, this.#state === 'failed' ? this.#failure.failure : undefined);
    this.#roundsPassedOver = 0;
    this.#decided.length = 0;
  }

  /** grpc-js cannot be told of a pick later, but it asks again: by then the probes have answered. */
  #pickAfterProbes(balancer: Balancer<ClientHost>): ClientHost | undefined {
    const decided = this.#decided.shift();
    if (decided !== undefined) return decided;
    if (this.#roundsPassedOver > 0) {
      this.#roundsPassedOver -= 1;
      return undefined;
    }
    let isWaiting = false;
    let isDecided = false;
    let picked: ClientHost | undefined;
    balancer.pickAfterProbes!(this.#context, (host) => {
      isDecided = true;
      picked = host;
      if (isWaiting) this.#decide(host);
    });
    isWaiting = !isDecided;
    if (isWaiting) this.#rounds += 1;
    return picked;
  }

  #decide(host: ClientHost | undefined): void {
    this.#rounds -= 1;
    // Without a host the call waits for a connection like any other.
    if (host === undefined || this.#closed) return;
    this.#decided.push(host);
    this.#publish();
  }

  #wait(): 'wait' {
    this.#waits += 1;
    return 'wait';
  }

  #forgetUnopened(): void {
    for (const attempt of this.#fresh) attempt.forget();
    this.#fresh = [];
  }
}

/** Hosts that are connected. */
const ready: HostView = {
  isAvailable: (host) => (host as ClientHost).state === 'ready',
  weightOf: ({ endpoint }) => endpoint.weight,
};

/** Where calls are bound to hosts, one that is about to be connected is waited for (gRFC A42). */
const notFailed: HostView = {
  isAvailable: (host) => (host as ClientHost).state !== 'failed',
  weightOf: ({ endpoint }) => endpoint.weight,
};

function eventOf(before: ConnectionState, now: ConnectionState): ConnectionEvent | undefined {
  if (before === now) return undefined;
  if (now === 'ready') return 'connected';
  if (before === 'ready') return 'disconnected';
  return now === 'failed' ? 'connect failed' : undefined;
}

function stateOf(hosts: readonly ClientHost[]): ConnectionState {
  if (hosts.some(({ state }) => state === 'ready')) return 'ready';
  return hosts.some(({ state }) => state === 'connecting' || state === 'idle') ? 'connecting' : 'failed';
}
