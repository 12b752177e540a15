import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CircuitBreaker, noCircuitLimits, RetryBudget } from '@weir/core';
import { fakeEndpoint } from '@weir/core/testing';
import { encodeCluster } from '../xds/generated/envoy.config.cluster.v3.js';
import { TYPE_CLUSTER } from '../xds/type-urls.js';
import { createAdminHandler } from './admin-pages.js';
import { noLimitHits } from './limit-hits.js';
import type { MetricsSources } from './metrics-page.js';
import { proxyPages } from './proxy-pages.js';
import type { ProxyView } from './proxy-view.js';
import { RequestMetrics } from './request-metrics.js';
import { TrafficCounters } from './traffic-counters.js';

function setUp(change: Partial<ProxyView> = {}) {
  const requests = new RequestMetrics();
  const proxy: ProxyView = {
    readiness: () => true,
    xdsConnected: true,
    config: {
      configured: true,
      configVersion: 4,
      types: [
        {
          typeUrl: TYPE_CLUSTER,
          version: '7',
          updatedWallMs: 5000,
          acceptedTotal: 2,
          rejectedTotal: 1,
          errors: [],
          resources: [
            {
              name: 'a',
              version: '6',
              updatedWallMs: 4000,
              value: encodeCluster({ name: 'a', type: 'EDS', connectTimeout: { seconds: 5 } }),
            },
          ],
        },
      ],
      warnings: ['Cluster a: metadata: has no effect in this proxy'],
    },
    clusters: [
      {
        name: 'a',
        service: 'greeter',
        direction: 'outbound',
        policyName: 'round_robin',
        connectTimeoutMs: 5000,
        priorityLoads: new Map([
          [0, 70],
          [1, 30],
        ]),
        panickingPriorities: 1,
        limits: new CircuitBreaker({ ...noCircuitLimits, maxPendingRequests: 0 }),
        retryBudget: new RetryBudget(),
        outlier: {
          counts: new Map([['consecutive_5xx', { detected: 3, enforced: 1 }]]),
          overflows: 2,
        },
        hosts: new Map([
          [
            '10.0.0.1:50051',
            {
              endpoint: fakeEndpoint(1, { pod: 'greeter-0' }),
              stats: {
                inFlight: 2,
                ejected: true,
                latency: { latencyMs: 12, penaltyMs: 0 },
                probe: { requestsInFlight: 4, latencyMs: 0.5 },
              },
              pool: { connections: 1, activeStreams: 2, pendingStreams: 3 },
            },
          ],
          [
            '10.0.0.2:50051',
            {
              endpoint: fakeEndpoint(2, { health: 'draining' }),
              stats: { inFlight: 0, ejected: false },
              pool: undefined,
            },
          ],
        ]),
      },
    ],
    ...change,
  };
  const sources: MetricsSources = {
    counts: {
      outbound: { requests, traffic: new TrafficCounters(), limits: noLimitHits() },
      inbound: { requests: new RequestMetrics(), traffic: new TrafficCounters(), limits: noLimitHits() },
    },
    proxy,
    process: { cpuSeconds: 1.5, residentBytes: 42, heapUsedBytes: 21 },
  };
  return {
    requests,
    get: createAdminHandler(
      'weir proxy',
      proxyPages(() => sources),
    ),
  };
}

test('/ready tells why not', async () => {
  assert.deepEqual(await setUp().get('/ready'), {
    status: 200,
    contentType: 'text/plain; charset=utf-8',
    body: 'ready\n',
  });
  const waiting = setUp({
    readiness: () => 'not configured: waiting for the control plane at 127.0.0.1:15010',
  });
  const { status, body } = await waiting.get('/ready?verbose');
  assert.equal(status, 503);
  assert.equal(body, 'not configured: waiting for the control plane at 127.0.0.1:15010\n');
});

test('/metrics has requests, connections, endpoints and the state of the configuration', async () => {
  const { requests, get } = setUp();
  requests.method('greeter', '/a.B/C').record(fakeEndpoint(1, { pod: 'greeter-0' }), 0, 3);
  const { status, contentType, body } = await get('/metrics');
  assert.equal(status, 200);
  assert.match(contentType, /^text\/plain; version=0\.0\.4/);
  const lines = body.split('\n');
  for (const line of [
    'weir_requests_total{service="greeter",method="/a.B/C",endpoint="10.0.0.1:50051",pod="greeter-0",grpc_status="0",direction="outbound"} 1',
    'weir_downstream_connections{direction="outbound"} 0',
    'weir_downstream_connections{direction="inbound"} 0',
    'weir_upstream_connections{cluster="a",service="greeter",endpoint="10.0.0.1:50051",pod="greeter-0"} 1',
    'weir_upstream_connections{cluster="a",service="greeter",endpoint="10.0.0.2:50051",pod=""} 0',
    'weir_upstream_pending_streams{cluster="a",service="greeter",endpoint="10.0.0.1:50051",pod="greeter-0"} 3',
    'weir_endpoints{cluster="a",service="greeter",health="draining"} 1',
    'weir_priority_load_percent{cluster="a",service="greeter",priority="1"} 30',
    'weir_panicking_priorities{cluster="a",service="greeter"} 1',
    'weir_circuit_breaker_limit{cluster="a",service="greeter",limit="pending_requests"} 0',
    'weir_circuit_breaker_open{cluster="a",service="greeter",limit="pending_requests"} 1',
    'weir_circuit_breaker_refused_total{cluster="a",service="greeter",limit="pending_requests"} 0',
    'weir_outlier_ejections_total{cluster="a",service="greeter",kind="consecutive_5xx"} 1',
    'weir_outlier_ejections_detected_total{cluster="a",service="greeter",kind="consecutive_5xx"} 3',
    'weir_outlier_ejection_overflows_total{cluster="a",service="greeter"} 2',
    'weir_outlier_ejected_endpoints{cluster="a",service="greeter"} 1',
    'weir_endpoint_latency_seconds{cluster="a",service="greeter",endpoint="10.0.0.1:50051",pod="greeter-0"} 0.012',
    'weir_endpoint_load_requests_in_flight{cluster="a",service="greeter",endpoint="10.0.0.1:50051",pod="greeter-0"} 4',
    'weir_ready 1',
    'weir_xds_connected 1',
    'weir_config_version 4',
    'weir_config_version_info{type="Cluster",version="7"} 1',
    'weir_config_updates_total{type="Cluster",result="rejected"} 1',
    'weir_config_last_update_timestamp_seconds{type="Cluster"} 5',
    'process_resident_memory_bytes 42',
  ]) {
    assert.ok(lines.includes(line), `${line} is not in\n${body}`);
  }
});

test('every metric is announced once, with help and type, before its samples', async () => {
  const { requests, get } = setUp();
  requests.method('greeter', '/a.B/C').record(undefined, 0, 3);
  const { body } = await get('/metrics');
  const announced = new Set<string>();
  let current = '';
  for (const line of body.trimEnd().split('\n')) {
    const [, kind, name = ''] = /^# (HELP|TYPE) (\S+) \S/.exec(line) ?? [];
    if (kind === 'HELP') {
      assert.ok(!announced.has(name), `${name} is announced twice`);
      announced.add(name);
      current = '';
    } else if (kind === 'TYPE') {
      current = name;
    } else {
      assert.match(line, /^[a-z0-9_]+(\{[^}]*\})? \S+$/);
      assert.equal(/^[a-z0-9_]+/.exec(line)?.[0].replace(/_(bucket|sum|count)$/, ''), current);
    }
  }
  assert.ok(announced.size > 20);
});

test('/clusters shows hosts as the balancer sees them, with what they were sent', async () => {
  const { requests, get } = setUp();
  for (const method of ['/a.B/C', '/a.B/D']) requests.method('greeter', method).record(fakeEndpoint(1), 0, 1);
  const { contentType, body } = await get('/clusters');
  assert.equal(contentType, 'application/json');
  const { clusters } = JSON.parse(body);
  assert.equal(clusters[0].policy, 'round_robin');
  assert.deepEqual(clusters[0].priorityLoads, { 0: 70, 1: 30 });
  assert.deepEqual(clusters[0].limits.pendingRequests, { max: 0, active: 0, refused: 0 });
  assert.equal(clusters[0].limits.requests.max, null);
  assert.deepEqual(clusters[0].retryBudget, { active: 0, max: 3 });
  assert.deepEqual(clusters[0].outlierDetection, {
    ejections: { consecutive_5xx: { detected: 3, enforced: 1 } },
    overflows: 2,
  });
  assert.deepEqual(clusters[0].hosts[0], {
    address: '10.0.0.1:50051',
    pod: 'greeter-0',
    health: 'healthy',
    ejected: true,
    weight: 1,
    locality: '',
    priority: 0,
    requests: 2,
    inFlight: 2,
    connections: 1,
    activeStreams: 2,
    pendingStreams: 3,
    latencyMs: 12,
    penaltyMs: 0,
    failureShare: null,
    reportedWeight: null,
    load: { requestsInFlight: 4, latencyMs: 0.5 },
  });
  assert.equal(clusters[0].hosts[1].health, 'draining');
  assert.equal(clusters[0].hosts[1].connections, 0);
});

test('/config_dump shows the resources as proto3 JSON with their versions', async () => {
  const { body } = await setUp().get('/config_dump');
  const dump = JSON.parse(body);
  assert.equal(dump.types[0].version, '7');
  assert.deepEqual(dump.warnings, ['Cluster a: metadata: has no effect in this proxy']);
  assert.deepEqual(dump.types[0].resources, [
    {
      name: 'a',
      version: '6',
      updatedAtMs: 4000,
      resource: { '@type': TYPE_CLUSTER, name: 'a', type: 'EDS', connectTimeout: '5s' },
    },
  ]);
});
