import type { Endpoint, EndpointStats } from '@weir/core';
import type { Direction } from './direction.js';

/** The running proxy as the admin pages see it; each is read only while a page is being made. */
export interface ProxyView {
  /** Whether new traffic is welcome; a string says why not. */
  readiness(): true | string;
  /** Whether the stream to the control plane is up. */
  readonly xdsConnected: boolean;
  readonly config: ConfigView;
  readonly clusters: Iterable<ClusterView>;
}

export interface ConfigView {
  readonly configured: boolean;
  /** Grows with every change that may alter a routing decision. */
  readonly configVersion: number;
  /** One for each resource type, in the order in which they build on each other. */
  readonly types: readonly ConfigTypeView[];
  /** What is in the configuration and has no effect here, for people. */
  readonly warnings: readonly string[];
}

export interface ConfigTypeView {
  readonly typeUrl: string;
  /** `version_info` of the last response that was accepted; '' before the first. */
  readonly version: string;
  /** Wall-clock time of that response; 0 before the first. */
  readonly updatedWallMs: number;
  readonly acceptedTotal: number;
  readonly rejectedTotal: number;
  /** The errors of the last response, if it was rejected. */
  readonly errors: readonly string[];
  readonly resources: readonly ConfigResourceView[];
}

export interface ConfigResourceView {
  readonly name: string;
  readonly version: string;
  readonly updatedWallMs: number;
  /** As received last; may wait for resources it builds on before it is in force. */
  readonly value: Uint8Array;
}

export interface ClusterView extends GuardsView {
  readonly name: string;
  /** Host name of the service, for people and metrics. */
  readonly service: string;
  readonly direction: Direction;
  readonly policyName: string;
  readonly connectTimeoutMs: number;
  /** Percent of the requests that each priority of its hosts has. */
  readonly priorityLoads: ReadonlyMap<number, number>;
  /** How many priorities use all of their hosts as too few are available. */
  readonly panickingPriorities: number;
  readonly hosts: ReadonlyMap<string, HostView>;
}

/** What keeps a cluster from being overburdened, and requests from endpoints that fail. */
export interface GuardsView {
  readonly limits: {
    readonly connections: LimitView;
    readonly pendingRequests: LimitView;
    readonly requests: LimitView;
    readonly retries: LimitView;
  };
  readonly retryBudget: { readonly activeRetries: number; readonly maxRetries: number };
  /** `undefined`: nobody looks who fails. */
  readonly outlier: OutlierView | undefined;
}

export interface LimitView {
  /** `Infinity` for no limit. */
  readonly max: number;
  readonly active: number;
  /** How often it was reached. */
  readonly refused: number;
}

export interface OutlierView {
  /** By the reason why: how many ejections were due, and how many were carried out. */
  readonly counts: ReadonlyMap<string, { readonly detected: number; readonly enforced: number }>;
  /** Ejections that would have left too few hosts. */
  readonly overflows: number;
}

export interface HostView {
  readonly endpoint: Endpoint;
  readonly stats: StatsView;
  readonly pool: PoolView | undefined;
  /** Of HTTP/1.1, where that is told apart. */
  readonly http1?: PoolView | undefined;
}

/** The connections of all protocols to a host. */
export function poolOf({ pool, http1 }: Pick<HostView, 'pool' | 'http1'>): PoolView {
  return {
    connections: (pool?.connections ?? 0) + (http1?.connections ?? 0),
    activeStreams: (pool?.activeStreams ?? 0) + (http1?.activeStreams ?? 0),
    pendingStreams: (pool?.pendingStreams ?? 0) + (http1?.pendingStreams ?? 0),
  };
}

/** Numbers of an endpoint, and what balancers have learnt of it, if they have. */
export interface StatsView extends Pick<EndpointStats, 'inFlight' | 'ejected'> {
  readonly latency?: { readonly latencyMs: number; readonly penaltyMs: number } | undefined;
  readonly results?: { readonly failureShare: number } | undefined;
  readonly orca?: EndpointStats['orca'];
  readonly probe?: EndpointStats['probe'];
}

export interface PoolView {
  readonly connections: number;
  readonly activeStreams: number;
  /** Waiting for a connection. */
  readonly pendingStreams: number;
}
