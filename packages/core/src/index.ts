export type { Balancer, PickContext } from './balancer/balancer.js';
export type { BalancerPolicy } from './balancer/create-balancer.js';
export { createBalancer, defaultBalancerPolicy } from './balancer/create-balancer.js';
export type { Clock, Timer } from './clock.js';
export type { EndpointDiff } from './endpoint/diff-endpoints.js';
export { diffEndpoints } from './endpoint/diff-endpoints.js';
export { EndpointSet } from './endpoint/endpoint-set.js';
export type { EndpointState } from './endpoint/endpoint-state.js';
export { EndpointStats } from './endpoint/endpoint-stats.js';
export type { Endpoint, EndpointHealth } from './endpoint/endpoint.js';
export { sameEndpoint } from './endpoint/endpoint.js';
export type { Fraction } from './fraction.js';
export { isDrawn } from './fraction.js';
export type { Hash64 } from './hash/hash64.js';
export type { Random } from './random.js';
export { seededRandom } from './random.js';
export type { BackoffSettings } from './resilience/backoff.js';
export { backoffDelayMs, defaultBackoff } from './resilience/backoff.js';
export type { AbortStatus, FaultPolicy } from './resilience/fault.js';
export type { HedgingPolicy } from './resilience/hedging.js';
export type { LocalRateLimitPolicy } from './resilience/local-rate-limit.js';
export type { RetryBudgetSettings } from './resilience/retry-budget.js';
export { defaultRetryBudget, RetryBudget } from './resilience/retry-budget.js';
export type { RetryCondition, RetryOn } from './resilience/retry-on.js';
export type { RetryPolicy } from './resilience/retry-policy.js';
export { decide, decideWithin, findVirtualHost } from './route/decide.js';
export type {
  DirectResponseAction,
  ForwardAction,
  Mirror,
  RedirectAction,
  RouteAction,
  WeightedCluster,
} from './route/actions.js';
export type { Route } from './route/compile-route.js';
export type {
  Decision,
  DirectResponseDecision,
  ForwardDecision,
  NoRouteDecision,
  RateLimitInForce,
  RedirectDecision,
} from './route/decision.js';
export type {
  RouteDescription,
  RouteTableDescription,
  SettingName,
  VirtualHostDescription,
} from './route/description.js';
export type { HashPolicy } from './route/hash-policy.js';
export type { HeaderOperation } from './route/header-operations.js';
export type {
  HeaderMatcher,
  PathMatcher,
  Pattern,
  QueryMatcher,
  RouteMatch,
  TextMatcher,
} from './route/match.js';
export type { Overrides } from './route/overrides.js';
export type { RouteRequest } from './route/request.js';
export type { HostRewrite, PathRewrite, ReplacingPattern } from './route/rewrite.js';
export type { RouteTable, VirtualHost } from './route/route-table.js';
export { clustersOf, compileRouteTable, decisionCacheable } from './route/route-table.js';
export type { Source } from './route/source.js';
