import { isDeepStrictEqual } from 'node:util';
import { defaultRetryBudget, GRPC_CODE_NAMES, type OutlierSettings, type Source } from '@weir/core';
import type { GuardsView } from '../../admin/proxy-view.js';
import type { ClusterSettings } from '../config/cluster-settings/read-cluster.js';

/** A limit that a destination sets for itself or has by default. */
export interface ExplainedLimit {
  readonly name: LimitName;
  /** `100`, `20% of the requests, at least 3`. */
  readonly value: string;
  /** How much of it is in use; only a running proxy knows. */
  readonly inUse?: number;
  /** `undefined`: it is the default. */
  readonly source: Source | undefined;
}

export type LimitName =
  | 'balancer'
  | 'connect-timeout'
  | 'connections'
  | 'pending-requests'
  | 'requests'
  | 'retries'
  | 'retry-budget'
  | 'outlier-detection'
  | 'requests-per-connection'
  | 'streams-per-connection'
  | 'connection-idle-timeout'
  | 'connection-duration'
  | 'keepalive';

const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;
const DEFAULT_IDLE_TIMEOUT_MS = 3_600_000;

/**
 * How requests to a cluster are divided and bounded, in words. Limits that are none are left out.
 *
 * @param defaultBalancer of the control plane
 * @param now how much of the limits is in use
 */
export function limitsOf(
  settings: ClusterSettings,
  defaultBalancer: string,
  now?: GuardsView,
): readonly ExplainedLimit[] {
  const { balancing, connectTimeoutMs, limits, retryBudget, outlier, pool } = settings;
  const found: ExplainedLimit[] = [];
  const add = (name: LimitName, value: string, isDefault = false, inUse?: number): void => {
    const source = isDefault ? undefined : settings.source;
    found.push({ name, value, ...(inUse !== undefined && { inUse }), source });
  };
  const addCount = (name: LimitName, max: number, inUse?: number): void => {
    if (Number.isFinite(max)) add(name, String(max), false, inUse);
  };
  const { name: balancer } = balancing.policy;
  if (settings.balancerSource === undefined) add('balancer', balancer, balancer === defaultBalancer);
  else found.push({ name: 'balancer', value: balancer, source: settings.balancerSource });
  add('connect-timeout', `${connectTimeoutMs} ms`, connectTimeoutMs === DEFAULT_CONNECT_TIMEOUT_MS);
  addCount('connections', limits.maxConnections, now?.limits.connections.active);
  addCount('pending-requests', limits.maxPendingRequests, now?.limits.pendingRequests.active);
  addCount('requests', limits.maxRequests, now?.limits.requests.active);
  addCount('retries', limits.maxRetries, now?.limits.retries.active);
  const { budgetPercent, minRetryConcurrency } = retryBudget;
  if (Number.isFinite(minRetryConcurrency)) {
    add(
      'retry-budget',
      `${budgetPercent}% of the requests, at least ${minRetryConcurrency}`,
      isDeepStrictEqual(retryBudget, defaultRetryBudget),
      now?.retryBudget.activeRetries,
    );
  }
  if (outlier !== undefined) {
    const source = settings.outlierSource ?? settings.source;
    found.push({ name: 'outlier-detection', value: formatOutlier(outlier), source });
  }
  addCount('requests-per-connection', pool.maxRequestsPerConnection);
  addCount('streams-per-connection', pool.maxConcurrentStreams);
  if (pool.idleTimeoutMs !== DEFAULT_IDLE_TIMEOUT_MS) {
    add('connection-idle-timeout', pool.idleTimeoutMs === 0 ? 'none' : `${pool.idleTimeoutMs} ms`);
  }
  if (pool.maxConnectionDurationMs > 0) {
    add('connection-duration', `${pool.maxConnectionDurationMs} ms`);
  }
  if (pool.http2Keepalive !== undefined) {
    const { intervalMs, timeoutMs } = pool.http2Keepalive;
    add('keepalive', `PING each ${intervalMs} ms, answer within ${timeoutMs} ms`);
  }
  return found;
}

function formatOutlier(settings: OutlierSettings): string {
  const { consecutive5xx, consecutiveGatewayFailure, consecutiveLocalOriginFailure } = settings;
  const { enforcingConsecutive5xx, enforcingConsecutiveGatewayFailure } = settings;
  const causes = [
    consecutive5xx > 0 && enforcingConsecutive5xx > 0 && `${consecutive5xx} errors in a row`,
    consecutiveGatewayFailure > 0 &&
      enforcingConsecutiveGatewayFailure > 0 &&
      `${consecutiveGatewayFailure} gateway errors in a row`,
    settings.splitExternalLocalOriginErrors &&
      consecutiveLocalOriginFailure > 0 &&
      `${consecutiveLocalOriginFailure} failures on the way in a row`,
    settings.successRate.enforcing > 0 && 'a success rate far below the others',
    settings.failurePercentage.enforcing > 0 && `failures from ${settings.failurePercentage.threshold}%`,
  ].filter((cause) => cause !== false);
  const codes = [...(settings.grpcErrors ?? [])].map((code) =>
    (GRPC_CODE_NAMES[code] ?? String(code)).toUpperCase().replaceAll('-', '_'),
  );
  const which = codes.length === 0 ? '' : ` (of gRPC statuses only ${codes.join(', ')})`;
  return (
    `${causes.join(', or ')}${which} eject for ${settings.baseEjectionMs} ms or longer, ` +
    `at most ${settings.maxEjectionPercent}% of the endpoints`
  );
}
