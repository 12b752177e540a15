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
export type { Random } from './random.js';
export { seededRandom } from './random.js';
export type { BackoffSettings } from './resilience/backoff.js';
export { backoffDelayMs, defaultBackoff } from './resilience/backoff.js';
export type { RetryBudgetSettings } from './resilience/retry-budget.js';
export { defaultRetryBudget, RetryBudget } from './resilience/retry-budget.js';
export { decide, decideWithin, findVirtualHost } from './route/decide.js';
export type { Decision } from './route/decision.js';
export type {
  ForwardAction,
  HeaderMatcher,
  PathMatcher,
  RouteDescription,
  RouteMatch,
  RouteTableDescription,
  VirtualHostDescription,
  WeightedCluster,
} from './route/description.js';
export type { RouteRequest } from './route/request.js';
export type { Route, RouteTable, VirtualHost } from './route/route-table.js';
export { compileRouteTable, decisionCacheable } from './route/route-table.js';
