import type { MetricLabels, PrometheusText } from './prometheus-text.js';
import type { ClusterView, GuardsView, LimitView, OutlierView } from './proxy-view.js';

/** Names of a cluster's limits as they are shown, each with where it stands. */
const LIMITS = [
  ['connections', 'connections'],
  ['pending_requests', 'pendingRequests'],
  ['requests', 'requests'],
  ['retries', 'retries'],
] as const;

/** What guards a cluster, as plain values that can go to another process. */
export function guardsOf({ limits, retryBudget, outlier }: GuardsView): GuardsView {
  return {
    limits: eachLimit((name) => copyLimit(limits[name])),
    retryBudget: { activeRetries: retryBudget.activeRetries, maxRetries: retryBudget.maxRetries },
    outlier: outlier && {
      counts: new Map([...outlier.counts].map(([kind, counts]) => [kind, { ...counts }])),
      overflows: outlier.overflows,
    },
  };
}

/** The same cluster in several processes, each of which has limits of its own. */
export function mergeGuards(all: readonly GuardsView[]): GuardsView {
  const sum = <T>(of: readonly T[], read: (one: T) => number) =>
    of.reduce((total, one) => total + read(one), 0);
  const outliers = all.map(({ outlier }) => outlier).filter((outlier) => outlier !== undefined);
  return {
    limits: eachLimit((name) => {
      const each = all.map(({ limits }) => limits[name]);
      return {
        max: sum(each, ({ max }) => max),
        active: sum(each, ({ active }) => active),
        refused: sum(each, ({ refused }) => refused),
      };
    }),
    retryBudget: {
      activeRetries: sum(all, ({ retryBudget }) => retryBudget.activeRetries),
      maxRetries: sum(all, ({ retryBudget }) => retryBudget.maxRetries),
    },
    outlier: outliers.length === 0 ? undefined : mergeOutliers(outliers),
  };
}

function mergeOutliers(outliers: readonly OutlierView[]): OutlierView {
  const counts = new Map<string, { detected: number; enforced: number }>();
  for (const outlier of outliers) {
    for (const [kind, { detected, enforced }] of outlier.counts) {
      const total = counts.get(kind) ?? { detected: 0, enforced: 0 };
      total.detected += detected;
      total.enforced += enforced;
      counts.set(kind, total);
    }
  }
  return { counts, overflows: outliers.reduce((total, { overflows }) => total + overflows, 0) };
}

/** As plain JSON, in which a limit that is none is null. */
export function guardsPage({ limits, retryBudget, outlier }: GuardsView): object {
  const limitOf = ({ max, active, refused }: LimitView) => ({
    max: Number.isFinite(max) ? max : null,
    active,
    refused,
  });
  const { activeRetries, maxRetries } = retryBudget;
  return {
    limits: eachLimit((name) => limitOf(limits[name])),
    retryBudget: { active: activeRetries, max: Number.isFinite(maxRetries) ? maxRetries : null },
    outlierDetection: outlier
      ? { ejections: Object.fromEntries(outlier.counts), overflows: outlier.overflows }
      : null,
  };
}

/** Appends limits and ejections; a limit that is none has no sample. */
export function formatGuards(clusters: readonly ClusterView[], text: PrometheusText): void {
  const perLimit = (
    name: string,
    type: 'gauge' | 'counter',
    help: string,
    read: (limit: LimitView) => number,
  ) => {
    const metric = text.metric(name, type, help);
    for (const { name: cluster, service, limits } of clusters) {
      for (const [limit, field] of LIMITS) {
        if (Number.isFinite(limits[field].max))
          metric.sample(read(limits[field]), { cluster, service, limit });
      }
    }
  };
  perLimit(
    'weir_circuit_breaker_limit',
    'gauge',
    'Most of the kind that may go on at a time.',
    ({ max }) => max,
  );
  perLimit('weir_circuit_breaker_active', 'gauge', 'How many of the kind go on now.', ({ active }) => active);
  perLimit('weir_circuit_breaker_open', 'gauge', 'Whether the limit is reached now.', ({ active, max }) =>
    Number(active >= max),
  );
  perLimit(
    'weir_circuit_breaker_refused_total',
    'counter',
    'How often the limit was in the way.',
    ({ refused }) => refused,
  );
  formatOutliers(clusters, text);
}

function formatOutliers(clusters: readonly ClusterView[], text: PrometheusText): void {
  const detected = clusters.flatMap((cluster) => {
    const { name, service, outlier, hosts } = cluster;
    return outlier === undefined ? [] : [{ labels: { cluster: name, service }, outlier, hosts }];
  });
  const perKind = (name: string, help: string, read: (counts: KindCounts) => number) => {
    const metric = text.metric(name, 'counter', help);
    for (const { labels, outlier } of detected) {
      for (const [kind, counts] of outlier.counts) metric.sample(read(counts), { ...labels, kind });
    }
  };
  perKind('weir_outlier_ejections_total', 'Ejections of endpoints for their failures.', (counts) => {
    return counts.enforced;
  });
  perKind(
    'weir_outlier_ejections_detected_total',
    'Ejections that were due, whether or not they were carried out.',
    (counts) => counts.detected,
  );
  const perCluster = (
    name: string,
    type: 'gauge' | 'counter',
    help: string,
    read: (one: (typeof detected)[number]) => number,
  ) => {
    const metric = text.metric(name, type, help);
    for (const one of detected) metric.sample(read(one), one.labels satisfies MetricLabels);
  };
  perCluster(
    'weir_outlier_ejection_overflows_total',
    'counter',
    'Ejections that would have left too few endpoints.',
    ({ outlier }) => outlier.overflows,
  );
  perCluster('weir_outlier_ejected_endpoints', 'gauge', 'Endpoints ejected now.', ({ hosts }) => {
    return [...hosts.values()].filter(({ stats }) => stats.ejected).length;
  });
}

interface KindCounts {
  readonly detected: number;
  readonly enforced: number;
}

function eachLimit<T>(read: (name: keyof GuardsView['limits']) => T): Record<keyof GuardsView['limits'], T> {
  return {
    connections: read('connections'),
    pendingRequests: read('pendingRequests'),
    requests: read('requests'),
    retries: read('retries'),
  };
}

function copyLimit({ max, active, refused }: LimitView): LimitView {
  return { max, active, refused };
}
