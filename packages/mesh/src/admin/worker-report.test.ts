import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CircuitBreaker, noCircuitLimits, RetryBudget } from '@weir/core';
import { fakeEndpoint } from '@weir/core/testing';
import { noLimitHits } from './limit-hits.js';
import { mergeReports, takeReport } from './worker-report.js';
import { RequestMetrics } from './request-metrics.js';
import { TrafficCounters } from './traffic-counters.js';

const endpoint = fakeEndpoint(1);

function processOf(calls: number, inFlight: number) {
  const requests = new RequestMetrics();
  for (let call = 0; call < calls; call++) requests.method('echo', '/Echo/Say').record(endpoint, 0, 3);
  const traffic = new TrafficCounters();
  traffic.downstreamConnections = calls;
  const pool = { connections: 1, activeStreams: inFlight, pendingStreams: 0 };
  const stats = { inFlight, ejected: inFlight > 1 };
  const hosts = new Map([[endpoint.address, { endpoint, stats, pool }]]);
  const limits = new CircuitBreaker({ ...noCircuitLimits, maxRequests: 4 });
  for (let request = 0; request < calls; request++) limits.requests.tryAcquire();
  const counts = new Map([['consecutive_5xx', { detected: calls, enforced: inFlight }]]);
  const cluster = {
    name: 'c',
    service: 'echo',
    direction: 'outbound' as const,
    policyName: 'random',
    connectTimeoutMs: 5000,
    priorityLoads: new Map([[0, 100]]),
    panickingPriorities: 0,
    hosts,
    limits,
    retryBudget: new RetryBudget(),
    outlier: { counts, overflows: 1 },
  };
  const nothing = { requests: new RequestMetrics(), traffic: new TrafficCounters(), limits: noLimitHits() };
  return {
    counts: { outbound: { requests, traffic, limits: noLimitHits() }, inbound: nothing },
    clusters: [cluster],
    process: { cpuSeconds: calls, residentBytes: 10, heapUsedBytes: 1 },
  };
}

function sourcesOf(calls: number, inFlight: number) {
  const { counts, clusters, process } = processOf(calls, inFlight);
  const config = { configured: true, configVersion: 7, types: [], warnings: [] };
  return {
    counts,
    process,
    proxy: { readiness: () => true as const, xdsConnected: true, config, clusters },
  };
}

test('the counters of all processes add up, those of hosts included', () => {
  const report = structuredClone(takeReport(processOf(5, 2)));
  const merged = mergeReports(sourcesOf(3, 1), [report, report]);
  assert.equal(merged.counts.outbound.requests.countByEndpoint('echo').get(endpoint.address), 13);
  assert.equal(merged.counts.outbound.traffic.downstreamConnections, 13);
  assert.deepEqual(merged.process, { cpuSeconds: 13, residentBytes: 30, heapUsedBytes: 3 });
  const [cluster] = merged.proxy.clusters;
  const host = cluster?.hosts.get(endpoint.address);
  assert.equal(host?.stats.inFlight, 5);
  assert.equal(host.stats.ejected, true);
  assert.deepEqual(cluster?.limits.requests, { max: 12, active: 11, refused: 2 });
  assert.equal(cluster?.limits.retries.max, Infinity);
  assert.equal(cluster?.retryBudget.maxRetries, 9);
  assert.deepEqual(cluster?.outlier, {
    counts: new Map([['consecutive_5xx', { detected: 13, enforced: 5 }]]),
    overflows: 3,
  });
  assert.deepEqual(host.pool, { connections: 3, activeStreams: 5, pendingStreams: 0 });
});

test('merging leaves the own counters as they are, so that the next page does not count twice', () => {
  const own = sourcesOf(3, 1);
  mergeReports(own, [takeReport(processOf(5, 2))]);
  assert.equal(own.counts.outbound.requests.countByEndpoint('echo').get(endpoint.address), 3);
  assert.equal(own.counts.outbound.traffic.downstreamConnections, 3);
});

test('a host that a worker does not know yet counts as nothing there', () => {
  const report = { ...takeReport(processOf(1, 1)), hosts: {}, guards: {} };
  const [cluster] = mergeReports(sourcesOf(0, 4), [report]).proxy.clusters;
  assert.equal(cluster?.hosts.get(endpoint.address)?.stats.inFlight, 4);
});
