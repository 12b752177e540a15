import { guardsOf, mergeGuards } from './cluster-guards.js';
import type { ByDirection, Direction, TrafficCounts } from './direction.js';
import { addLimitHits, type LimitHits, noLimitHits } from './limit-hits.js';
import type { MetricsSources } from './metrics-page.js';
import type { ProcessView } from './process-metrics.js';
import { type ClusterView, type GuardsView, type HostView, poolOf } from './proxy-view.js';
import { type MethodSeries, RequestMetrics } from './request-metrics.js';
import { TrafficCounters } from './traffic-counters.js';

/** What one process of a proxy has counted, as plain values that can go to another process. */
export interface WorkerReport {
  readonly counts: ByDirection<CountsReport>;
  /** By cluster name, then by address. */
  readonly hosts: Readonly<Record<string, Readonly<Record<string, HostNumbers>>>>;
  /** By cluster name. */
  readonly guards: Readonly<Record<string, GuardsView>>;
  readonly process: ProcessView;
}

/** `TrafficCounts` as plain values. */
interface CountsReport {
  readonly requests: readonly MethodSeries[];
  readonly traffic: Readonly<Record<keyof TrafficCounters, number>>;
  readonly limits: LimitHits;
}

interface HostNumbers {
  readonly ejected: boolean;
  readonly inFlight: number;
  readonly connections: number;
  readonly activeStreams: number;
  readonly pendingStreams: number;
}

export interface ReportSources {
  readonly counts: ByDirection<TrafficCounts>;
  readonly clusters: Iterable<ClusterView>;
  readonly process: ProcessView;
}

/** Reads the counters of this process. */
export function takeReport({ counts, clusters, process }: ReportSources): WorkerReport {
  const hosts: Record<string, Record<string, HostNumbers>> = {};
  const guards: Record<string, GuardsView> = {};
  for (const cluster of clusters) {
    hosts[cluster.name] = Object.fromEntries(
      Array.from(cluster.hosts, ([address, host]) => [address, numbersOf(host)]),
    );
    guards[cluster.name] = guardsOf(cluster);
  }
  const { outbound, inbound } = counts;
  return {
    counts: { outbound: reportCounts(outbound), inbound: reportCounts(inbound) },
    hosts,
    guards,
    process,
  };
}

function reportCounts({ requests, traffic, limits }: TrafficCounts): CountsReport {
  return { requests: requests.series(), traffic: { ...traffic }, limits };
}

/** The counters of this process and of its workers as one; the configuration is the same in all of them. */
export function mergeReports(own: MetricsSources, reports: readonly WorkerReport[]): MetricsSources {
  if (reports.length === 0) return own;
  const all = [own.process, ...reports.map((report) => report.process)];
  const sum = (read: (view: ProcessView) => number) => all.reduce((total, view) => total + read(view), 0);
  const process = {
    cpuSeconds: sum((view) => view.cpuSeconds),
    residentBytes: sum((view) => view.residentBytes),
    heapUsedBytes: sum((view) => view.heapUsedBytes),
  };
  const clusters = Array.from(own.proxy.clusters, (cluster) => mergeCluster(cluster, reports));
  const { config, xdsConnected } = own.proxy;
  const proxy = { readiness: () => own.proxy.readiness(), config, xdsConnected, clusters };
  const counts = {
    outbound: mergeCounts('outbound', own, reports),
    inbound: mergeCounts('inbound', own, reports),
  };
  return { counts, process, proxy };
}

function mergeCounts(
  direction: Direction,
  own: MetricsSources,
  reports: readonly WorkerReport[],
): TrafficCounts {
  const sum = { requests: new RequestMetrics(), traffic: new TrafficCounters(), limits: noLimitHits() };
  for (const { requests, traffic, limits } of [
    reportCounts(own.counts[direction]),
    ...reports.map(({ counts }) => counts[direction]),
  ]) {
    sum.requests.add(requests);
    addCounters(sum.traffic, traffic);
    addLimitHits(sum.limits, limits);
  }
  return sum;
}

function addCounters(to: TrafficCounters, from: Readonly<Record<keyof TrafficCounters, number>>): void {
  for (const name of Object.keys(to) as (keyof TrafficCounters)[]) to[name] += from[name];
}

function mergeCluster(cluster: ClusterView, reports: readonly WorkerReport[]): ClusterView {
  const { name, service, direction, policyName, connectTimeoutMs, priorityLoads, panickingPriorities } =
    cluster;
  const hosts = new Map<string, HostView>();
  for (const [address, host] of cluster.hosts) {
    const all = reports
      .map((report) => report.hosts[name]?.[address])
      .filter((numbers) => numbers !== undefined);
    hosts.set(address, mergeHost(host, [numbersOf(host), ...all]));
  }
  const others = reports.map((report) => report.guards[name]).filter((guards) => guards !== undefined);
  return {
    name,
    service,
    direction,
    policyName,
    connectTimeoutMs,
    priorityLoads,
    panickingPriorities,
    hosts,
    ...mergeGuards([cluster, ...others]),
  };
}

function mergeHost({ endpoint, stats }: HostView, all: readonly HostNumbers[]): HostView {
  const sum = (read: (numbers: HostNumbers) => number) => all.reduce((total, next) => total + read(next), 0);
  return {
    endpoint,
    // What is learnt, each process learns for itself; shown is what the first one has.
    stats: {
      latency: stats.latency,
      results: stats.results,
      orca: stats.orca,
      probe: stats.probe,
      inFlight: sum((numbers) => numbers.inFlight),
      ejected: all.some(({ ejected }) => ejected),
    },
    pool: {
      connections: sum((numbers) => numbers.connections),
      activeStreams: sum((numbers) => numbers.activeStreams),
      pendingStreams: sum((numbers) => numbers.pendingStreams),
    },
  };
}

function numbersOf({ stats, pool, http1 }: HostView): HostNumbers {
  return {
    inFlight: stats.inFlight,
    ejected: stats.ejected,
    ...poolOf({ pool, http1 }),
  };
}
