import assert from 'node:assert/strict';
import {
  compileRouteTable,
  type Endpoint,
  type ForwardAction,
  type RouteTable,
  seededRandom,
} from '@weir/core';
import { FakeClock, fakeEndpoint } from '@weir/core/testing';
import { noLimitHits } from '../../admin/limit-hits.js';
import { RequestMetrics } from '../../admin/request-metrics.js';
import { TrafficCounters } from '../../admin/traffic-counters.js';
import { FieldInterner } from '../../http2/hpack/header-field.js';
import { DEFAULT_CONNECTION_OPTIONS, type ConnectionOptions } from '../../http2/options.js';
import { SegmentPool } from '../../http2/segment-pool.js';
import type { Logger } from '../../system/logger.js';
import { clusterSettings } from '../config/cluster-settings/cluster-settings.test.support.js';
import type { ClusterSettings } from '../config/cluster-settings/read-cluster.js';
import { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { UpstreamConnection } from '../upstream/upstream-connection.js';
import { Upstreams } from '../upstream/upstreams.js';
import { DownstreamConnection } from './downstream-connection.js';
import { MemoryWire } from './memory-wire.test.support.js';
import { Peer, type PeerCall } from './peer.test.support.js';
import { Patrol } from './patrol.js';
import { RateLimits } from './rate-limits.js';
import type { ByteMeter, RelayContext } from './relay-context.js';
import { DEFAULT_RELAY_OPTIONS, type RelayOptions } from './relay-options.js';
import { Router } from './router.js';

/** An address that the relay may dial, and the connections that it made to it. */
export interface FakeEndpoint {
  readonly endpoint: Endpoint;
  /** What a dial meets. */
  mode: 'accept' | 'refuse' | 'silent';
  /** Settings of connections to come. */
  options: Partial<ConnectionOptions>;
  onCall: (call: PeerCall) => void;
  onDial: (peer: Peer) => void;
  dials: number;
  readonly connections: { readonly peer: Peer; readonly wire: MemoryWire }[];
  /** The calls of all connections. */
  readonly calls: readonly PeerCall[];
}

export interface RigOptions {
  readonly endpoints?: number;
  readonly relay?: Partial<RelayOptions>;
  readonly http2?: Partial<ConnectionOptions>;
  /** What the route says besides where it leads. */
  readonly route?: Partial<ForwardAction>;
  readonly cluster?: Partial<ClusterSettings>;
  readonly seed?: number;
}

const SILENT_LOGGER: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * The relay between callers and endpoints that the test plays, without a socket and on a fake clock. One
 * service, `echo:50051`, balanced in turn.
 */
export class RelayRig {
  readonly clock = new FakeClock();
  readonly counters = new TrafficCounters();
  readonly metrics = new RequestMetrics();
  readonly endpoints: FakeEndpoint[] = [];
  readonly cluster: Cluster;
  readonly context: RelayContext;
  readonly #wires: MemoryWire[] = [];
  #callers = 0;
  readonly #hosts = new Set<UpstreamHost>();
  readonly #connections: (DownstreamConnection | UpstreamConnection)[] = [];
  readonly #table: RouteTable;

  constructor(options: RigOptions = {}) {
    const { clock, counters, metrics } = this;
    const random = seededRandom(options.seed ?? 1);
    this.cluster = new Cluster(clusterSettings('echo', options.cluster), {
      clock,
      random,
      graceMs: 0,
      onForgotten: () => {},
    });
    this.#table = tableFor('echo:50051', 'echo', options.route);
    this.context = {
      clock,
      random,
      logger: SILENT_LOGGER,
      counters,
      limits: noLimitHits(),
      patrol: new Patrol(clock, { ...DEFAULT_RELAY_OPTIONS, ...options.relay }),
      metrics,
      config: {
        configured: true,
        reason: '',
        configVersion: 1,
        route: () => this.#table,
        cluster: (name) => (name === 'echo' ? this.cluster : undefined),
        knows: () => true,
      },
      shared: { segments: new SegmentPool(), interner: new FieldInterner(), nowMs: () => clock.nowMs() },
      http2: { ...DEFAULT_CONNECTION_OPTIONS, ...options.http2 },
      options: { ...DEFAULT_RELAY_OPTIONS, ...options.relay },
      upstreams: new Upstreams(() => this.context),
      rateLimits: new RateLimits(clock),
      dial: (endpoint, connection, _settings, events) => {
        const fake = this.endpoints.find((one) => one.endpoint.address === endpoint.address)!;
        fake.dials++;
        const peer = new Peer('server', this.context.shared, fake.options);
        peer.onCall = (call) => fake.onCall(call);
        fake.onDial(peer);
        const onOpen = (): void => {
          events.onOpen();
          peer.connection.start();
        };
        const wire = new MemoryWire(connection, peer, { ...events, onOpen });
        this.#wires.push(wire);
        wire.silent = fake.mode === 'silent';
        if (fake.mode === 'refuse') wire.lose(new Error(`connect ECONNREFUSED ${endpoint.address}`));
        if (fake.mode === 'accept') fake.connections.push({ peer, wire });
        return wire;
      },
      openConnections: new Recorder((meter) =>
        this.#connections.push(meter as DownstreamConnection | UpstreamConnection),
      ),
    };
    for (let at = 1; at <= (options.endpoints ?? 1); at++) this.#addFake(at);
    this.applyEndpoints(this.endpoints);
  }

  /** Puts these endpoints, and no others, in force. */
  applyEndpoints(endpoints: readonly FakeEndpoint[]): void {
    this.cluster.applyEndpoints(endpoints.map(({ endpoint }) => endpoint));
    for (const host of this.cluster.hosts.values()) this.#hosts.add(host);
  }

  host(endpoint: FakeEndpoint): UpstreamHost {
    return this.cluster.hosts.get(endpoint.endpoint.address)!;
  }

  /** A caller with a connection to the relay. */
  connect(options: Partial<ConnectionOptions> = {}) {
    const peer = new Peer('client', this.context.shared, options);
    const router = new Router(this.context, 50051, 'echo:50051', true);
    let wire!: MemoryWire;
    const connection = new DownstreamConnection(
      this.context,
      (http2, onGone) => {
        wire = new MemoryWire(http2, peer, { onGone });
        this.#wires.push(wire);
        return wire;
      },
      { ip: '127.0.0.1', connection: `127.0.0.1:${40_000 + this.#callers++}` },
      router,
      () => {},
    );
    peer.connection.start();
    connection.start(peer.take()!);
    this.settle();
    return { peer, wire, connection };
  }

  /** Lets everything happen that can happen without time passing. */
  settle(): void {
    for (let moved = true; moved;) {
      moved = false;
      for (const wire of [...this.#wires]) {
        if (wire.step()) moved = true;
      }
    }
  }

  advance(ms: number): void {
    this.clock.advance(ms);
    this.settle();
  }

  /** Everything that must be zero when no call is under way. */
  books(): Record<string, number> {
    const hosts = [...this.#hosts];
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    return {
      inFlight: sum(hosts.map(({ stats }) => stats.inFlight)),
      pending: sum(hosts.map(({ pool }) => pool?.pendingStreams ?? 0)),
      activeRequests: this.cluster.retryBudget.activeRequests,
      activeRetries: this.cluster.retryBudget.activeRetries,
      downstreamStreams: this.counters.downstreamStreams,
      heldBytes: sum(this.#connections.map(({ credit }) => credit.heldBytes)),
      openStreams: sum(
        this.#connections.map(({ connection }) => (connection.failed ? 0 : connection.activeStreams)),
      ),
    };
  }

  #addFake(number: number): void {
    const connections: FakeEndpoint['connections'] = [];
    this.endpoints.push({
      endpoint: fakeEndpoint(number),
      mode: 'accept',
      options: {},
      onCall: () => {},
      onDial: () => {},
      dials: 0,
      connections,
      get calls() {
        return connections.flatMap(({ peer }) => peer.calls);
      },
    });
  }
}

/** Checks that no call has left anything behind, once the callers of early answers have been told to stop. */
export function assertNothingHeld(rig: RelayRig): void {
  rig.advance(100);
  assert.deepEqual(rig.books(), {
    inFlight: 0,
    pending: 0,
    activeRequests: 0,
    activeRetries: 0,
    downstreamStreams: 0,
    heldBytes: 0,
    openStreams: 0,
  });
}

/** A set that tells of everything ever put into it. */
class Recorder extends Set<ByteMeter> {
  readonly #tell: (meter: ByteMeter) => void;

  constructor(tell: (meter: ByteMeter) => void) {
    super();
    this.#tell = tell;
  }

  override add(meter: ByteMeter): this {
    this.#tell(meter);
    return super.add(meter);
  }
}

export function tableFor(domain: string, cluster: string, route: Partial<ForwardAction> = {}): RouteTable {
  return compileRouteTable({
    version: '1',
    virtualHosts: [
      {
        name: domain,
        domains: [domain],
        routes: [
          {
            name: 'default',
            match: { path: { kind: 'prefix', value: '/' }, headers: [] },
            action: { kind: 'forward', clusters: [{ cluster, weight: 1 }], timeoutMs: 0, ...route },
          },
        ],
      },
    ],
  });
}
