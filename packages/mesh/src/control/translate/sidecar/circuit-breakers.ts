import type { ConnectionPoolObject, TrafficPolicyObject } from '../../../kube/resources/traffic-policy.js';
import type {
  CircuitBreakers,
  CircuitBreakers_Thresholds,
} from '../../../xds/generated/envoy.config.cluster.v3.js';

/** Istio's "without limit"; Envoy's own default is 1024. */
const UNLIMITED = 4_294_967_295;
/** Istio `RetryBudget`: 20 % and 3; Weir's default also where nothing is said of retries. */
const DEFAULT_BUDGET_PERCENT = 20;
const DEFAULT_BUDGET_MINIMUM = 3;

/** Limits on what goes to a cluster at once; undefined when none is asked for. */
export function translateCircuitBreakers(
  pool: ConnectionPoolObject | undefined,
  budget: TrafficPolicyObject['retryBudget'],
): CircuitBreakers | undefined {
  const limits = [
    pool?.tcp?.maxConnections,
    pool?.http?.http1MaxPendingRequests,
    pool?.http?.http2MaxRequests,
    pool?.http?.maxRetries,
  ];
  if (budget === undefined && limits.every((each) => (each ?? 0) === 0)) return undefined;
  const [connections, pending, requests, retries] = limits;
  return {
    thresholds: [
      {
        maxConnections: limit(connections),
        maxPendingRequests: limit(pending),
        maxRequests: limit(requests),
        ...translateRetryLimit(retries, budget),
      },
    ],
  };
}

/** Of protobuf's 0 nobody can tell whether it was written. */
function limit(value: number | undefined): { value: number } {
  return { value: value === undefined || value === 0 ? UNLIMITED : value };
}

/** Envoy `retry_budget`: "If this field is set, … max_retries is ignored". */
function translateRetryLimit(
  retries: number | undefined,
  budget: TrafficPolicyObject['retryBudget'],
): Pick<CircuitBreakers_Thresholds, 'maxRetries' | 'retryBudget'> {
  if (budget === undefined && (retries ?? 0) > 0) return { maxRetries: limit(retries) };
  return {
    retryBudget: {
      budgetPercent: { value: budget?.percent ?? DEFAULT_BUDGET_PERCENT },
      minRetryConcurrency: { value: budget?.minRetryConcurrency ?? DEFAULT_BUDGET_MINIMUM },
    },
  };
}
