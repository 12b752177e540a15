import { defaultRetryBudget, noCircuitLimits } from '@weir/core';
import type { ClusterSettings } from './cluster-settings/read-cluster.js';

/** As for any cluster of which nothing is said. */
const CONNECT_TIMEOUT_MS = 5000;
const IDLE_TIMEOUT_MS = 3_600_000;

/** Settings of a cluster that is one address of which no control plane says anything: no policy, no limit. */
export function addressSettings(name: string): ClusterSettings {
  return {
    name,
    assignmentName: '',
    balancing: { policy: { name: 'random' }, localityWeighted: false, panicThresholdPercent: 0 },
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    pool: {
      maxRequestsPerConnection: Infinity,
      maxConcurrentStreams: Infinity,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
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
  };
}
