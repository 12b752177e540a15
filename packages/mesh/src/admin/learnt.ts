import type { MetricWriter, PrometheusText } from './prometheus-text.js';
import type { ClusterView, HostView, StatsView } from './proxy-view.js';

/** What balancers have learnt of an endpoint, each only where the algorithm in use minds. */
export interface Learnt {
  /** Its latency as peak EWMA has it. */
  readonly latencyMs: number | undefined;
  /** What its failures add to that. */
  readonly penaltyMs: number | undefined;
  /** Share of its latest calls that failed, 0 to 1. */
  readonly failureShare: number | undefined;
  /** Calls per second that it can bear by its own load reports. */
  readonly reportedWeight: number | undefined;
  /** What it last said of its load. */
  readonly load: { readonly requestsInFlight: number; readonly latencyMs: number } | undefined;
}

/** After the last report, however long ago it was. */
const LATER_MS = Number.MAX_VALUE;
const AS_REPORTED = {
  blackoutMs: 0,
  expirationMs: Infinity,
  errorUtilizationPenalty: 0,
  utilizationMetrics: [],
};

export function learntOf({ latency, results, orca, probe }: StatsView): Learnt {
  return {
    latencyMs: latency?.latencyMs,
    penaltyMs: latency?.penaltyMs,
    failureShare: results?.failureShare,
    reportedWeight: orca?.weightAt(LATER_MS, AS_REPORTED),
    load: probe && { requestsInFlight: probe.requestsInFlight, latencyMs: probe.latencyMs },
  };
}

/** As plain JSON, in which null is what nobody knows. */
export function learntPage(stats: StatsView): object {
  const { latencyMs, penaltyMs, failureShare, reportedWeight, load } = learntOf(stats);
  return {
    latencyMs: latencyMs ?? null,
    penaltyMs: penaltyMs ?? null,
    failureShare: failureShare ?? null,
    reportedWeight: reportedWeight ?? null,
    load: load ?? null,
  };
}

/** Appends what is known of each endpoint; what is not has no sample. */
export function formatLearnt(clusters: readonly ClusterView[], text: PrometheusText): void {
  const perHost = (name: string, help: string, read: (learnt: Learnt) => number | undefined) => {
    const metric = text.metric(name, 'gauge', help);
    for (const cluster of clusters) {
      for (const host of cluster.hosts.values()) sample(metric, cluster, host, read(learntOf(host.stats)));
    }
  };
  perHost(
    'weir_endpoint_latency_seconds',
    'Latency of the endpoint, at worst lately, as peak EWMA has it.',
    (learnt) => inSeconds(learnt.latencyMs),
  );
  perHost(
    'weir_endpoint_failure_ratio',
    'Share of the latest calls to the endpoint that failed.',
    (learnt) => {
      return learnt.failureShare;
    },
  );
  perHost(
    'weir_endpoint_reported_weight',
    'Calls per second that the endpoint can bear by its own load reports.',
    ({ reportedWeight }) => reportedWeight,
  );
  perHost(
    'weir_endpoint_load_requests_in_flight',
    'Calls that the endpoint last said it works on.',
    ({ load }) => load?.requestsInFlight,
  );
  perHost('weir_endpoint_load_latency_seconds', 'Latency that the endpoint last said it has.', ({ load }) =>
    inSeconds(load?.latencyMs),
  );
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function sample(
  metric: MetricWriter,
  { name: cluster, service }: ClusterView,
  { endpoint }: HostView,
  value: number | undefined,
): void {
  if (value === undefined) return;
  metric.sample(value, { cluster, service, endpoint: endpoint.address, pod: endpoint.pod });
}
