import { defaultRetryBudget, noCircuitLimits } from '@weir/core';
import type { ClusterSettings } from './read-cluster.js';

/** Settings of a cluster of which nothing is said, round robin, with a change. */
export function clusterSettings(name: string, change: Partial<ClusterSettings> = {}): ClusterSettings {
  return {
    name,
    assignmentName: name,
    balancing: { policy: { name: 'round_robin' }, localityWeighted: false, panicThresholdPercent: 50 },
    connectTimeoutMs: 5_000,
    pool: {
      maxRequestsPerConnection: Infinity,
      maxConcurrentStreams: Infinity,
      idleTimeoutMs: 3_600_000,
      maxConnectionDurationMs: 0,
      http2Keepalive: undefined,
      tcpKeepaliveMs: 0,
    },
    limits: noCircuitLimits,
    retryBudget: defaultRetryBudget,
    outlier: undefined,
    outlierSource: undefined,
    balancerSource: undefined,
    missing: '',
    source: undefined,
    ...change,
  };
}
