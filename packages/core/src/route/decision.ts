import type { FaultPolicy } from '../resilience/fault.js';
import type { HedgingPolicy } from '../resilience/hedging.js';
import type { LocalRateLimitPolicy } from '../resilience/local-rate-limit.js';
import type { RetryPolicy } from '../resilience/retry-policy.js';
import type { DirectResponseAction, Mirror, RedirectAction } from './actions.js';
import type { HashPolicy } from './hash-policy.js';
import type { HeaderOperation } from './header-operations.js';
import type { PathMatcher } from './match.js';
import type { HostRewrite, PathRewrite } from './rewrite.js';

/**
 * Where a request goes, and by which rule. Made once for each rule and cluster; what depends on chance for
 * each request (faults, mirrors) is drawn from it by the caller.
 */
export type Decision = ForwardDecision | RedirectDecision | DirectResponseDecision | NoRouteDecision;

/** What is so whatever the rule does. */
export interface RuleDecision {
  /** The route that matched; empty when it has no name. */
  readonly routeName: string;
  readonly virtualHost: string;
  /** What the route compared the path with: a rewritten prefix is this one's. */
  readonly path: PathMatcher;
  /** All levels together, in the order in which they are to be made. */
  readonly responseHeaders: readonly HeaderOperation[];
  readonly fault: FaultPolicy | undefined;
  readonly rateLimit: RateLimitInForce | undefined;
}

/** Every time is in milliseconds; 0 means none. See `ForwardAction`. */
export interface ForwardDecision extends RuleDecision {
  readonly kind: 'forward';
  readonly cluster: string;
  readonly timeoutMs: number;
  readonly maxGrpcTimeoutMs: number;
  readonly maxStreamDurationMs: number;
  readonly idleTimeoutMs: number;
  readonly retry: RetryPolicy | undefined;
  readonly hedging: HedgingPolicy | undefined;
  readonly mirrors: readonly Mirror[];
  readonly pathRewrite: PathRewrite | undefined;
  readonly hostRewrite: HostRewrite | undefined;
  readonly hash: readonly HashPolicy[];
  /** All levels together, in the order in which they are to be made. */
  readonly requestHeaders: readonly HeaderOperation[];
}

export interface RedirectDecision extends RuleDecision {
  readonly kind: 'redirect';
  readonly redirect: RedirectAction;
}

export interface DirectResponseDecision extends RuleDecision {
  readonly kind: 'direct-response';
  readonly response: DirectResponseAction;
}

export interface NoRouteDecision {
  readonly kind: 'no-route';
  /** Nobody answers for the authority, or somebody does and none of the routes matches. */
  readonly reason: 'no-virtual-host' | 'no-matching-route';
  /** The virtual host whose routes did not match; empty when there is none. */
  readonly virtualHost: string;
}

export interface RateLimitInForce {
  readonly policy: LocalRateLimitPolicy;
  /**
   * The same for all requests that share one bucket, and from one configuration to the next: `virtual host`,
   * or `virtual host/route`, or `virtual host/route/cluster`, whichever the limit was written for.
   */
  readonly key: string;
}
