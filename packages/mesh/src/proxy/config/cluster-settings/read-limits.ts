import {
  type CircuitLimits,
  defaultRetryBudget,
  noCircuitLimits,
  type RetryBudgetSettings,
} from '@weir/core';
import type {
  CircuitBreakers,
  CircuitBreakers_Thresholds as Thresholds,
} from '../../../xds/generated/envoy.config.cluster.v3.js';
import type { UInt32Value } from '../../../xds/generated/google.protobuf.js';
import type { Findings } from '../findings.js';

export interface ClusterLimits {
  readonly limits: CircuitLimits;
  readonly retryBudget: RetryBudgetSettings;
}

const FIELDS = new Set(['thresholds', 'perHostThresholds']);
const PER_HOST = new Set(['perHostThresholds']);
const THRESHOLD_FIELDS = new Set([
  'priority',
  'maxConnections',
  'maxPendingRequests',
  'maxRequests',
  'maxRetries',
  'trackRemaining',
  'retryBudget',
]);
/** Istio's way to write "no limit". */
const UNLIMITED = 2 ** 32 - 1;
const NO_BUDGET: RetryBudgetSettings = { budgetPercent: 100, minRetryConcurrency: Infinity };

/**
 * Reads how much may go on at a time. Envoy allows 1024 of each and 3 retries when nothing is said; here, as
 * in Istio, there is no limit then, and retries are kept in proportion to the requests.
 */
export function readLimits(breakers: CircuitBreakers | undefined, findings: Findings): ClusterLimits {
  const path = 'circuit_breakers';
  findings.unused(path, breakers ?? {}, FIELDS);
  findings.refuse(path, breakers ?? {}, PER_HOST);
  const { thresholds = [] } = breakers ?? {};
  let found: Thresholds | undefined;
  thresholds.forEach((entry, index) => {
    const where = `${path}.thresholds[${index}]`;
    if (entry.priority === 'HIGH') {
      findings.warn(where, 'has no effect in this proxy: all requests have the default priority');
    } else {
      findings.unused(where, entry, THRESHOLD_FIELDS);
      found = entry;
    }
  });
  if (found === undefined) return { limits: noCircuitLimits, retryBudget: defaultRetryBudget };
  const { maxRetries } = found;
  const budget = readBudget(`${path}.thresholds.retry_budget`, found, findings);
  return {
    limits: {
      maxConnections: limitOf(found.maxConnections),
      maxPendingRequests: limitOf(found.maxPendingRequests),
      maxRequests: limitOf(found.maxRequests),
      // "If this field is set ... the max_retries circuit breaker is ignored" (retry_budget).
      maxRetries: budget === undefined ? limitOf(maxRetries) : Infinity,
    },
    retryBudget: budget ?? (maxRetries === undefined ? defaultRetryBudget : NO_BUDGET),
  };
}

function readBudget(
  path: string,
  { retryBudget }: Thresholds,
  findings: Findings,
): RetryBudgetSettings | undefined {
  if (retryBudget === undefined) return undefined;
  const { budgetPercent: percent, minRetryConcurrency: minimum } = retryBudget;
  const budgetPercent = percent === undefined ? defaultRetryBudget.budgetPercent : (percent.value ?? 0);
  if (!(budgetPercent >= 0 && budgetPercent <= 100)) {
    findings.error(`${path}.budget_percent`, `must be from 0 to 100, not ${budgetPercent}`);
  }
  const minRetryConcurrency =
    minimum === undefined ? defaultRetryBudget.minRetryConcurrency : (minimum.value ?? 0);
  return { budgetPercent, minRetryConcurrency };
}

function limitOf(value: UInt32Value | undefined): number {
  if (value === undefined || value.value === UNLIMITED) return Infinity;
  return value.value ?? 0;
}
