import { defaultRetryBudget, noCircuitLimits } from '@weir/core';
import type { ClusterSettings } from '../config/cluster-settings/read-cluster.js';

/** As for any cluster of which nothing is said. */
const CONNECT_TIMEOUT_MS = 5000;
const IDLE_TIMEOUT_MS = 3_600_000;

/** Settings of the cluster that is the application behind this proxy, on one of its ports: no policy, no limit. */
export function applicationSettings(port: number): ClusterSettings {
  return {
    // Istio's name for it.
    name: `inbound|${port}||`,
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
    missing: '',
    source: undefined,
  };
}
