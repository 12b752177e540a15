import type { Clock } from '../clock.js';
import { emptyLoadReport } from '../load/load-report.js';
import { describeCompliance } from './balancer.compliance.js';
import { ClusterBalancer, type ClusterBalancing } from './cluster-balancer.js';
import { type BalancerPolicy, createBalancer } from './create-balancer.js';
import type { ProbeSender } from './probe-sender.js';

// Each algorithm under each wrapper. That a wrapper changes what it is to change is tested with the wrapper.

const algorithms: readonly BalancerPolicy[] = [
  { name: 'p2c_ewma' },
  { name: 'go_zero_p2c' },
  { name: 'prequal' },
  { name: 'weighted_round_robin' },
  { name: 'least_request', choiceCount: 2, activeRequestBias: 1 },
  { name: 'round_robin' },
  { name: 'random' },
  { name: 'ring_hash', minimumRingSize: 256, maximumRingSize: 1_024 },
  { name: 'maglev', tableSize: 251 },
];

const plain = { overprovisioningPercent: 140, panicThresholdPercent: 0, localityWeighted: false };
const zoneAware = { locality: 'r/z/', minClusterSize: 1 };
const slowStart = { windowMs: 60_000, minWeightPercent: 10, aggression: 1 };
const subset = { clientId: 'client-1', size: 12 };

/** Hosts that answer after a millisecond how many requests they have. */
function answering(clock: Clock): ProbeSender {
  return {
    probe: ({ stats }, onReply) => {
      const report = { ...emptyLoadReport, requestsInFlight: stats.inFlight, latencyMs: 5 };
      clock.setTimer(1, () => onReply(report));
    },
  };
}

function inCluster(policy: BalancerPolicy, under: string, over: Partial<ClusterBalancing> = {}): void {
  describeCompliance(
    policy.name,
    (random, clock) => new ClusterBalancer({ ...plain, policy, ...over }, random, clock, answering(clock)),
    { under, brief: true },
  );
}

for (const policy of algorithms) {
  inCluster(policy, 'priorities');
  inCluster(policy, 'weighted localities', { localityWeighted: true });
  inCluster(policy, 'zones', { zoneAware });
  inCluster({ ...policy, subset }, 'a subset');
  describeCompliance(policy.name, (random, clock) => createBalancer({ ...policy, subset }, random, clock), {
    under: 'a subset alone',
    brief: true,
  });
  if (policy.name === 'random' || policy.name === 'ring_hash' || policy.name === 'maglev') continue;
  inCluster({ ...policy, slowStart }, 'slow start');
  inCluster({ ...policy, slowStart, subset }, 'slow start, a subset and zones', { zoneAware });
}
