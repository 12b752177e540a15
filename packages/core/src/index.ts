export type { AttemptFeedback } from './balancer/attempt-feedback.js';
export type { Balancer, PickContext } from './balancer/balancer.js';
export type { ClusterBalancing } from './balancer/cluster-balancer.js';
export { ClusterBalancer } from './balancer/cluster-balancer.js';
export type { BalancerPolicy } from './balancer/create-balancer.js';
export { createBalancer, defaultBalancerPolicy, needsHash } from './balancer/create-balancer.js';
export type { HostView } from './balancer/host-view.js';
export type { P2cEwmaSettings } from './balancer/p2c-ewma.js';
export { defaultP2cEwma } from './balancer/p2c-ewma.js';
export type { PrequalSettings } from './balancer/prequal-settings.js';
export { defaultPrequal } from './balancer/prequal-settings.js';
export type { ProbeSender } from './balancer/probe-sender.js';
export type { SlowStartSettings } from './balancer/slow-start.js';
export type { SubsetSettings } from './balancer/subset.js';
export type { WeightedRoundRobinSettings } from './balancer/weighted-round-robin.js';
export { defaultWeightedRoundRobin } from './balancer/weighted-round-robin.js';
export type { ZoneAwareSettings } from './balancer/zone-aware.js';
export type { Clock, Timer } from './clock.js';
export type { EndpointDiff } from './endpoint/diff-endpoints.js';
export { diffEndpoints } from './endpoint/diff-endpoints.js';
export type { EndpointMemory } from './endpoint/endpoint-set.js';
export { EndpointSet } from './endpoint/endpoint-set.js';
export type { EndpointState } from './endpoint/endpoint-state.js';
export { EndpointStats } from './endpoint/endpoint-stats.js';
export type { Endpoint, EndpointHealth } from './endpoint/endpoint.js';
export { sameEndpoint } from './endpoint/endpoint.js';
export type { Fraction } from './fraction.js';
export { isDrawn } from './fraction.js';
export type { Hash64 } from './hash/hash64.js';
export { xxHash64 } from './hash/xxhash64.js';
export type { LoadMeterSettings, Utilization } from './load/load-meter.js';
export { LoadMeter } from './load/load-meter.js';
export type { LoadReport, OrcaLoadReport } from './load/load-report.js';
export {
  emptyLoadReport,
  LATENCY_METRIC,
  LOAD_PROBE_PATH,
  LOAD_TRAILER,
  RIF_METRIC,
} from './load/load-report.js';
export { decodeOrcaLoadReport, encodeOrcaLoadReport } from './load/orca.js';
export type { Random } from './random.js';
export { seededRandom } from './random.js';
export type { AnsweredAttempt, AttemptOutcome, FailedAttempt } from './resilience/attempt-outcome.js';
export { isUnprocessed } from './resilience/attempt-outcome.js';
export { avoidedPriorities } from './resilience/avoided-priorities.js';
export type { BackoffSettings } from './resilience/backoff.js';
export { backoffDelayMs, defaultBackoff } from './resilience/backoff.js';
export type { CircuitLimits } from './resilience/circuit-breaker.js';
export { CircuitBreaker, Limit, noCircuitLimits } from './resilience/circuit-breaker.js';
export type { CallLimits, Deadline, DeadlineTimer } from './resilience/deadline.js';
export { attemptDeadline, callDeadline, remainingMs } from './resilience/deadline.js';
export type { AbortStatus, Fault, FaultPolicy } from './resilience/fault.js';
export { drawFault } from './resilience/fault.js';
export { GRPC_CODE_NAMES, grpcToHttpStatus } from './resilience/grpc-code.js';
export { formatGrpcTimeout, parseGrpcTimeout } from './resilience/grpc-timeout.js';
export type { AfterHedgeFailure, HedgingPolicy } from './resilience/hedging.js';
export { HedgingSchedule } from './resilience/hedging.js';
export type { LocalRateLimitPolicy } from './resilience/local-rate-limit.js';
export { LocalRateLimit } from './resilience/local-rate-limit.js';
export type { EjectionCounts, EjectionKind } from './resilience/outlier-detector.js';
export { EJECTION_KINDS, OutlierDetector } from './resilience/outlier-detector.js';
export type { OutlierRecord, ResultCount } from './resilience/outlier-record.js';
export type {
  FailurePercentageSettings,
  OutlierSettings,
  SuccessRateSettings,
} from './resilience/outlier-settings.js';
export { defaultOutlierSettings } from './resilience/outlier-settings.js';
export type { RetryBudgetSettings } from './resilience/retry-budget.js';
export { defaultRetryBudget, RetryBudget } from './resilience/retry-budget.js';
export type { ParsedRetryOn, RetryCondition, RetryOn } from './resilience/retry-on.js';
export { formatRetryOn, parseRetryOn } from './resilience/retry-on.js';
export type { RetryPolicy } from './resilience/retry-policy.js';
export type { Pushback } from './resilience/retry-pushback.js';
export { parsePushback, RETRY_PUSHBACK_HEADER } from './resilience/retry-pushback.js';
export type {
  RetryDecision,
  RetryObstacle,
  RetrySkipReason,
  RetryState,
  TransparentLimits,
} from './resilience/should-retry.js';
export {
  afterRetry,
  defaultTransparentLimits,
  noRetriesYet,
  RETRY_SKIP_REASONS,
  shouldRetry,
} from './resilience/should-retry.js';
export { decide, decideWithin, drawDecision, findRoute, findVirtualHost } from './route/decide.js';
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
export { explain } from './route/explain.js';
export type {
  Destination,
  ExplainedRoute,
  ExplainedSetting,
  ExplainedVirtualHost,
  Explanation,
  MatchedRoute,
  PassedOverRoute,
} from './route/explanation.js';
export type { HashPolicy } from './route/hash-policy.js';
export type { Caller, RequestHash } from './route/hash-request.js';
export { hashRequest } from './route/hash-request.js';
export type { Header, HeaderOperation } from './route/header-operations.js';
export { mutateHeaders } from './route/header-operations.js';
export type {
  HeaderMatcher,
  PathMatcher,
  Pattern,
  QueryMatcher,
  RouteMatch,
  TextMatcher,
} from './route/match.js';
export type { Overrides } from './route/overrides.js';
export { redirectLocation } from './route/redirect-location.js';
export type { RouteRequest } from './route/request.js';
export type { HostRewrite, PathRewrite, ReplacingPattern } from './route/rewrite.js';
export { rewriteHost, rewritePath } from './route/rewrite.js';
export type { RouteTable, VirtualHost } from './route/route-table.js';
export { clustersOf, compileRouteTable, decisionCacheable } from './route/route-table.js';
export type { Source } from './route/source.js';
