import type { Fraction } from '../fraction.js';
import type { HedgingPolicy } from '../resilience/hedging.js';
import type { RetryPolicy } from '../resilience/retry-policy.js';
import type { HashPolicy } from './hash-policy.js';
import type { Overrides } from './overrides.js';
import type { HostRewrite, PathRewrite } from './rewrite.js';
import type { Source } from './source.js';

/** What is done with a request that a route is for. */
export type RouteAction = ForwardAction | RedirectAction | DirectResponseAction;

/** Every time is in milliseconds, and 0, the default, means none. */
export interface ForwardAction {
  readonly kind: 'forward';
  /**
   * At least one. With several, requests are divided in proportion to the weights, whose sum is at least 1.
   */
  readonly clusters: readonly WeightedCluster[];
  /**
   * From the request to the end of the response, all attempts and pauses included (`RouteAction.timeout`).
   */
  readonly timeoutMs: number;
  /**
   * The longest that the caller may ask for with `grpc-timeout` (`max_grpc_timeout`,
   * `max_stream_duration.grpc_timeout_header_max`). A caller's shorter time counts in any case.
   */
  readonly maxGrpcTimeoutMs?: number;
  /** Longest life of a stream, however busy (`max_stream_duration.max_stream_duration`). */
  readonly maxStreamDurationMs?: number;
  /** Longest time without a byte in either direction (`RouteAction.idle_timeout`). */
  readonly idleTimeoutMs?: number;
  /** Default: the virtual host's. */
  readonly retry?: RetryPolicy;
  /** Default: the virtual host's. */
  readonly hedging?: HedgingPolicy;
  readonly mirrors?: readonly Mirror[];
  readonly pathRewrite?: PathRewrite;
  readonly hostRewrite?: HostRewrite;
  /** What binds a request to an endpoint, for clusters that balance by hash; in order of precedence. */
  readonly hash?: readonly HashPolicy[];
}

export interface WeightedCluster extends Overrides {
  readonly cluster: string;
  /** An integer of at least 0. */
  readonly weight: number;
  /** Replaces the route's (`ClusterWeight.host_rewrite_literal`). */
  readonly hostRewrite?: HostRewrite;
  readonly source?: Source;
}

/** A copy of the request whose answer nobody waits for (`RequestMirrorPolicy`). */
export interface Mirror {
  readonly cluster: string;
  readonly fraction: Fraction;
  /** The copy's authority gets no `-shadow` (`disable_shadow_host_suffix_append`). Default: false. */
  readonly keepsAuthority?: boolean;
}

/** Sends the caller elsewhere; what is left out stays as it was requested (`RedirectAction`). */
export interface RedirectAction {
  readonly kind: 'redirect';
  /** `https`. */
  readonly scheme?: string;
  readonly host?: string;
  /** 0, the default, keeps it. */
  readonly port?: number;
  /** A whole path, possibly with a query of its own, or a change to the requested one. */
  readonly path?: { readonly kind: 'replace'; readonly value: string } | PathRewrite;
  /** 301, 302, 303, 307 or 308. */
  readonly status: number;
  /** Default: false. */
  readonly stripQuery?: boolean;
}

/** Answers in the endpoint's place (`DirectResponseAction`). */
export interface DirectResponseAction {
  readonly kind: 'direct-response';
  /** HTTP status, 200 to 599. */
  readonly status: number;
  readonly body: string;
}
