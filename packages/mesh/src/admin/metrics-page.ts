import { formatGuards } from './cluster-guards.js';
import type { ByDirection, TrafficCounts } from './direction.js';
import { formatLimitHits } from './limit-hits.js';
import { formatLearnt } from './learnt.js';
import { formatProcess, type ProcessView } from './process-metrics.js';
import { type ClusterView, type ConfigView, type HostView, poolOf, type ProxyView } from './proxy-view.js';
import { type MetricWriter, PrometheusText } from './prometheus-text.js';
import { formatRequests } from './request-metrics.js';
import { shortTypeName } from '../xds/type-urls.js';
import { formatTraffic } from './traffic-counters.js';

export interface MetricsSources {
  readonly counts: ByDirection<TrafficCounts>;
  readonly proxy: ProxyView;
  readonly process: ProcessView;
}

/** Reads every counter into one page of Prometheus text. */
export function formatMetrics(sources: MetricsSources): string {
  const text = new PrometheusText();
  const { outbound, inbound } = sources.counts;
  formatRequests({ outbound: outbound.requests, inbound: inbound.requests }, text);
  formatTraffic({ outbound: outbound.traffic, inbound: inbound.traffic }, text);
  formatLimitHits({ outbound: outbound.limits, inbound: inbound.limits }, text);
  const clusters = [...sources.proxy.clusters];
  formatClusters(clusters, text);
  formatPriorities(clusters, text);
  formatGuards(clusters, text);
  formatLearnt(clusters, text);
  formatConfig(sources.proxy, text);
  formatProcess(sources.process, text);
  return text.toString();
}

function formatClusters(clusters: readonly ClusterView[], text: PrometheusText): void {
  const perHost = (name: string, help: string, read: (host: HostView) => number) => {
    const metric = text.metric(name, 'gauge', help);
    for (const cluster of clusters) {
      for (const host of cluster.hosts.values()) sampleHost(metric, cluster, host, read(host));
    }
  };
  perHost('weir_upstream_connections', 'Connections to the endpoint, open now.', (host) => {
    return poolOf(host).connections;
  });
  perHost('weir_upstream_streams', 'Requests that connections to the endpoint are busy with.', (host) => {
    return poolOf(host).activeStreams;
  });
  perHost('weir_upstream_pending_streams', 'Requests waiting for a connection to the endpoint.', (host) => {
    return poolOf(host).pendingStreams;
  });
  const endpoints = text.metric('weir_endpoints', 'gauge', 'Endpoints of the cluster, by health.');
  for (const { name, service, hosts } of clusters) {
    const counts = { healthy: 0, unhealthy: 0, draining: 0 };
    for (const { endpoint } of hosts.values()) counts[endpoint.health]++;
    for (const [health, count] of Object.entries(counts)) {
      endpoints.sample(count, { cluster: name, service, health });
    }
  }
}

function formatPriorities(clusters: readonly ClusterView[], text: PrometheusText): void {
  const load = text.metric('weir_priority_load_percent', 'gauge', 'Share of the requests, by priority.');
  for (const { name: cluster, service, priorityLoads } of clusters) {
    if (priorityLoads.size < 2) continue;
    for (const [priority, percent] of priorityLoads) {
      load.sample(percent, { cluster, service, priority: String(priority) });
    }
  }
  const panic = text.metric(
    'weir_panicking_priorities',
    'gauge',
    'Priorities that use all of their endpoints as too few are healthy.',
  );
  for (const { name: cluster, service, panickingPriorities } of clusters) {
    panic.sample(panickingPriorities, { cluster, service });
  }
}

function sampleHost(metric: MetricWriter, cluster: ClusterView, host: HostView, value: number): void {
  const { address, pod } = host.endpoint;
  metric.sample(value, { cluster: cluster.name, service: cluster.service, endpoint: address, pod });
}

function formatConfig(proxy: ProxyView, text: PrometheusText): void {
  const { config, xdsConnected } = proxy;
  const ready = proxy.readiness() === true;
  text.metric('weir_ready', 'gauge', 'Whether /ready answers 200.').sample(Number(ready));
  text
    .metric('weir_xds_connected', 'gauge', 'Whether the control plane is connected.')
    .sample(Number(xdsConnected));
  text
    .metric('weir_configured', 'gauge', 'Whether a complete configuration has arrived since the start.')
    .sample(Number(config.configured));
  text
    .metric('weir_config_version', 'counter', 'Changes to listeners, routes and clusters since the start.')
    .sample(config.configVersion);
  formatConfigTypes(config, text);
}

function formatConfigTypes({ types }: ConfigView, text: PrometheusText): void {
  const info = text.metric('weir_config_version_info', 'gauge', 'Version in force of each resource type.');
  for (const { typeUrl, version } of types) info.sample(1, { type: shortTypeName(typeUrl), version });
  const resources = text.metric('weir_config_resources', 'gauge', 'Resources held, by type.');
  for (const type of types) resources.sample(type.resources.length, { type: shortTypeName(type.typeUrl) });
  const updates = text.metric('weir_config_updates_total', 'counter', 'Responses of the control plane.');
  for (const { typeUrl, acceptedTotal, rejectedTotal } of types) {
    updates.sample(acceptedTotal, { type: shortTypeName(typeUrl), result: 'accepted' });
    updates.sample(rejectedTotal, { type: shortTypeName(typeUrl), result: 'rejected' });
  }
  const updated = text.metric(
    'weir_config_last_update_timestamp_seconds',
    'gauge',
    'Unix time of the last accepted response, 0 before the first; its age is time() minus this.',
  );
  for (const { typeUrl, updatedWallMs } of types)
    updated.sample(updatedWallMs / 1000, { type: shortTypeName(typeUrl) });
}
