import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultOutlierSettings, RetryBudget } from '@weir/core';
import type { Cluster } from '../../../xds/generated/envoy.config.cluster.v3.js';
import { encodeClientSideWeightedRoundRobin } from '../../../xds/generated/envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.js';
import { encodeLeastRequest } from '../../../xds/generated/envoy.extensions.load_balancing_policies.least_request.v3.js';
import { encodeRingHash } from '../../../xds/generated/envoy.extensions.load_balancing_policies.ring_hash.v3.js';
import { encodeRoundRobin } from '../../../xds/generated/envoy.extensions.load_balancing_policies.round_robin.v3.js';
import { encodeWrrLocality } from '../../../xds/generated/envoy.extensions.load_balancing_policies.wrr_locality.v3.js';
import {
  encodeHttpProtocolOptions,
  type HttpProtocolOptions,
} from '../../../xds/generated/envoy.extensions.upstreams.http.v3.js';
import { HTTP_PROTOCOL_OPTIONS } from '../../../xds/type-urls.js';
import { structOf } from '../../../xds/struct.js';
import { encodeTypedStruct } from '../../../xds/generated/xds.type.v3.js';
import { Findings } from '../findings.js';
import { clusterSettings } from './cluster-settings.test.support.js';
import { readCluster } from './read-cluster.js';

const good: Cluster = { name: 'a', type: 'EDS', edsClusterConfig: { edsConfig: { ads: {} } } };

function read(cluster: Cluster) {
  const findings = new Findings();
  const settings = readCluster(cluster, findings);
  return { settings, errors: findings.errors, warnings: findings.warnings };
}

function options(change: HttpProtocolOptions) {
  const value = encodeHttpProtocolOptions({ explicitHttpConfig: { http2ProtocolOptions: {} }, ...change });
  return {
    [HTTP_PROTOCOL_OPTIONS]: { typeUrl: `type.googleapis.com/${HTTP_PROTOCOL_OPTIONS}`, value },
  };
}

test('a plain EDS cluster has the defaults of Envoy, and no limits', () => {
  assert.deepEqual(read({ ...good, typedExtensionProtocolOptions: options({}) }), {
    settings: clusterSettings('a'),
    errors: [],
    warnings: [],
  });
});

test('least request takes its settings from its own message', () => {
  const leastRequestLbConfig = { choiceCount: { value: 3 }, activeRequestBias: { defaultValue: 0 } };
  const { settings } = read({ ...good, lbPolicy: 'LEAST_REQUEST', leastRequestLbConfig });
  assert.deepEqual(settings?.balancing.policy, {
    name: 'least_request',
    choiceCount: 3,
    activeRequestBias: 0,
  });
  const plain = read({ ...good, lbPolicy: 'LEAST_REQUEST' });
  assert.deepEqual(plain.settings?.balancing.policy, {
    name: 'least_request',
    choiceCount: 2,
    activeRequestBias: 1,
  });
});

test('of a list of policies the first known one counts, and the skipped ones are told', () => {
  const { settings, warnings } = read({
    ...good,
    lbPolicy: 'CLUSTER_PROVIDED',
    loadBalancingPolicy: {
      policies: [
        policy('weir.peak_ewma', 'type.googleapis.com/xds.type.v3.TypedStruct'),
        policy(
          'least_request',
          'type.googleapis.com/envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest',
          encodeLeastRequest({ choiceCount: { value: 4 } }),
        ),
      ],
    },
  });
  assert.deepEqual(settings?.balancing.policy, {
    name: 'least_request',
    choiceCount: 4,
    activeRequestBias: 1,
  });
  assert.deepEqual(warnings, [
    'load_balancing_policy: weir.peak_ewma not known to this proxy; least_request is used instead',
  ]);
});

test('of a list a policy of ours counts when it is known, over what lb_policy says', () => {
  const list = {
    policies: [ownBalancer('weir_better'), ownBalancer('weir_p2c_ewma'), ownBalancer('weir_go_zero_p2c')],
  };
  const { settings, warnings } = read({ ...good, lbPolicy: 'LEAST_REQUEST', loadBalancingPolicy: list });
  assert.deepEqual(settings?.balancing.policy, { name: 'p2c_ewma' });
  assert.deepEqual(warnings, [
    'load_balancing_policy: weir_better not known to this proxy; p2c_ewma is used instead',
  ]);
});

test('round robin by load reports has the defaults of gRFC A58 where it says nothing', () => {
  const type =
    'envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin';
  const config = { blackoutPeriod: {}, weightUpdatePeriod: { nanos: 500_000_000 } };
  const { settings, errors } = read({
    ...good,
    loadBalancingPolicy: {
      policies: [policy('wrr', `type.googleapis.com/${type}`, encodeClientSideWeightedRoundRobin(config))],
    },
  });
  assert.deepEqual(errors, []);
  assert.deepEqual(settings?.balancing.policy, {
    name: 'weighted_round_robin',
    blackoutMs: 0,
    expirationMs: undefined,
    updateMs: 500,
    errorUtilizationPenalty: undefined,
  });
});

function ownBalancer(name: string) {
  const struct = encodeTypedStruct({ typeUrl: `type.googleapis.com/${name}`, value: {} });
  return policy(name, 'type.googleapis.com/xds.type.v3.TypedStruct', struct);
}

function policy(name: string, typeUrl: string, value: Uint8Array = new Uint8Array()) {
  return { typedExtensionConfig: { name, typedConfig: { typeUrl, value } } };
}

const refused: readonly (readonly [string, Cluster, RegExp])[] = [
  [
    'limits of single endpoints',
    { ...good, circuitBreakers: { perHostThresholds: [{ maxConnections: { value: 1 } }] } },
    /^circuit_breakers\.per_host_thresholds: is not supported/,
  ],
  [
    'a retry budget of more than all',
    { ...good, circuitBreakers: { thresholds: [{ retryBudget: { budgetPercent: { value: 101 } } }] } },
    /^circuit_breakers\.thresholds\.retry_budget\.budget_percent: must be from 0 to 100/,
  ],
  [
    'more ejected than there are',
    { ...good, outlierDetection: { maxEjectionPercent: { value: 101 } } },
    /^outlier_detection\.max_ejection_percent: must be at most 100, not 101/,
  ],
  [
    'no time between looks',
    { ...good, outlierDetection: { interval: {} } },
    /^outlier_detection\.interval: must be longer than 0 s/,
  ],
  [
    'endpoints that are to be spoken to in HTTP/1.1',
    {
      ...good,
      typedExtensionProtocolOptions: options({ explicitHttpConfig: { httpProtocolOptions: {} } }),
    },
    /explicit_http_config: must be http2_protocol_options/,
  ],
  ['a cluster that is not EDS', { ...good, type: 'STRICT_DNS' }, /^type: must be EDS, not STRICT_DNS/],
  [
    'endpoints from another source',
    { ...good, edsClusterConfig: { edsConfig: { path: '/etc/x' } } },
    /^eds_cluster_config.eds_config: must be "ads"/,
  ],
  [
    'a policy that is not known',
    { ...good, lbPolicy: 'CLUSTER_PROVIDED' },
    /^lb_policy: CLUSTER_PROVIDED is not supported/,
  ],
  [
    'a Maglev table whose size is no prime',
    { ...good, lbPolicy: 'MAGLEV', maglevLbConfig: { tableSize: { value: 4 } } },
    /^lb_policy: maglev: table_size must be a prime up to 5000011, not 4/,
  ],
  [
    'a ring that is smaller than itself',
    {
      ...good,
      lbPolicy: 'RING_HASH',
      ringHashLbConfig: { minimumRingSize: { value: 9 }, maximumRingSize: { value: 8 } },
    },
    /^lb_policy: ring_hash: minimum_ring_size and maximum_ring_size/,
  ],
  [
    'a slow start of no time',
    { ...good, roundRobinLbConfig: { slowStartConfig: {} } },
    /^round_robin_lb_config\.slow_start_config\.slow_start_window: must be longer than 0 s/,
  ],
  [
    'panic beyond all',
    { ...good, commonLbConfig: { healthyPanicThreshold: { value: 101 } } },
    /^common_lb_config\.healthy_panic_threshold: must be from 0 to 100, not 101/,
  ],
  [
    'a list without a known policy',
    { ...good, loadBalancingPolicy: { policies: [policy('x', 'type.googleapis.com/x.Y')] } },
    /^load_balancing_policy: holds no policy this proxy knows \(x\)/,
  ],
  [
    'a connect timeout of nothing',
    { ...good, connectTimeout: {} },
    /^connect_timeout: must be longer than 0 s/,
  ],
  [
    'TLS towards the endpoints, which must not turn into clear text',
    { ...good, transportSocket: { name: 'envoy.transport_sockets.tls' } },
    /^transport_socket: is not supported/,
  ],
  [
    'a choice of fewer than two hosts',
    { ...good, lbPolicy: 'LEAST_REQUEST', leastRequestLbConfig: { choiceCount: { value: 1 } } },
    /^least_request_lb_config.choice_count: must be at least 2, not 1/,
  ],
];

for (const [what, cluster, error] of refused) {
  test(`refused: ${what}`, () => {
    const { errors } = read(cluster);
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? '', error);
  });
}

test('a field that other proxies heed and this one does not is warned of', () => {
  const healthChecks = [{ interval: { seconds: 1 } }];
  const { errors, warnings } = read({
    ...good,
    healthChecks,
    outlierDetection: { monitors: [{ name: 'x' }] },
  });
  assert.deepEqual(errors, []);
  assert.deepEqual(warnings, [
    'health_checks: has no effect in this proxy',
    'outlier_detection.monitors: has no effect in this proxy',
  ]);
});

test('ring hash, Maglev and slow start are read with the defaults of Envoy', () => {
  const policyOf = (cluster: Cluster) => read({ ...good, ...cluster }).settings?.balancing.policy;
  assert.deepEqual(policyOf({ lbPolicy: 'RING_HASH' }), {
    name: 'ring_hash',
    minimumRingSize: 1024,
    maximumRingSize: 8_388_608,
  });
  assert.deepEqual(policyOf({ lbPolicy: 'MAGLEV' }), { name: 'maglev', tableSize: 65_537 });
  const slowStartConfig = { slowStartWindow: { seconds: 60 } };
  assert.deepEqual(policyOf({ roundRobinLbConfig: { slowStartConfig } }), {
    name: 'round_robin',
    slowStart: { windowMs: 60_000, minWeightPercent: 10, aggression: 1 },
  });
  const steep = {
    slowStartConfig: {
      ...slowStartConfig,
      aggression: { defaultValue: 2 },
      minWeightPercent: { value: 20 },
    },
  };
  assert.deepEqual(policyOf({ lbPolicy: 'LEAST_REQUEST', leastRequestLbConfig: steep }), {
    name: 'least_request',
    choiceCount: 2,
    activeRequestBias: 1,
    slowStart: { windowMs: 60_000, minWeightPercent: 20, aggression: 2 },
  });
});

test('weights of localities count where common settings or the policy itself say so', () => {
  const balancingOf = (cluster: Cluster) => read({ ...good, ...cluster }).settings?.balancing;
  const common = balancingOf({
    commonLbConfig: { localityWeightedLbConfig: {}, healthyPanicThreshold: {} },
  });
  assert.deepEqual(common, {
    policy: { name: 'round_robin' },
    localityWeighted: true,
    panicThresholdPercent: 0,
  });
  const typed = (type: string, value: Uint8Array) => ({
    loadBalancingPolicy: {
      policies: [policy(type, `type.googleapis.com/envoy.extensions.load_balancing_policies.${type}`, value)],
    },
  });
  const ring = typed('ring_hash.v3.RingHash', encodeRingHash({ localityWeightedLbConfig: {} }));
  assert.equal(balancingOf(ring)?.localityWeighted, true);
  const inner = typed('round_robin.v3.RoundRobin', encodeRoundRobin({})).loadBalancingPolicy;
  const wrr = typed('wrr_locality.v3.WrrLocality', encodeWrrLocality({ endpointPickingPolicy: inner }));
  assert.deepEqual(balancingOf(wrr), {
    policy: { name: 'round_robin' },
    localityWeighted: true,
    panicThresholdPercent: 50,
  });
});

test('thresholds are limits, and the largest number is none', () => {
  const thresholds = [
    { priority: 'HIGH', maxRequests: { value: 1 } } as const,
    {
      maxConnections: { value: 10 },
      maxPendingRequests: {},
      maxRequests: { value: 4_294_967_295 },
      retryBudget: { budgetPercent: { value: 50 }, minRetryConcurrency: { value: 5 } },
      maxRetries: { value: 1 },
    },
  ];
  const { settings, errors, warnings } = read({ ...good, circuitBreakers: { thresholds } });
  assert.deepEqual(errors, []);
  assert.deepEqual(settings?.limits, {
    maxConnections: 10,
    maxPendingRequests: 0,
    maxRequests: Infinity,
    maxRetries: Infinity,
  });
  assert.deepEqual(settings?.retryBudget, { budgetPercent: 50, minRetryConcurrency: 5 });
  assert.match(warnings[0] ?? '', /^circuit_breakers\.thresholds\[0\]: has no effect/);
});

test('a limit on retries without a budget is the only one', () => {
  const { settings } = read({ ...good, circuitBreakers: { thresholds: [{ maxRetries: { value: 7 } }] } });
  assert.equal(settings?.limits.maxRetries, 7);
  assert.equal(new RetryBudget(settings?.retryBudget).maxRetries, Infinity);
});

test('outlier detection has the defaults of Envoy where it says nothing', () => {
  assert.deepEqual(read({ ...good, outlierDetection: {} }).settings?.outlier, defaultOutlierSettings);
  const outlierDetection = {
    consecutive5xx: {},
    enforcingSuccessRate: {},
    baseEjectionTime: { seconds: 3 },
    maxEjectionPercent: { value: 100 },
    splitExternalLocalOriginErrors: true,
    failurePercentageThreshold: { value: 20 },
  };
  const { outlier } = read({ ...good, outlierDetection }).settings ?? {};
  assert.deepEqual(outlier, {
    ...defaultOutlierSettings,
    consecutive5xx: 0,
    baseEjectionMs: 3000,
    maxEjectionPercent: 100,
    splitExternalLocalOriginErrors: true,
    successRate: { ...defaultOutlierSettings.successRate, enforcing: 0 },
    failurePercentage: { ...defaultOutlierSettings.failurePercentage, threshold: 20 },
  });
});

test('how connections are kept is read from wherever it may stand', () => {
  const http2ProtocolOptions = {
    maxConcurrentStreams: { value: 50 },
    connectionKeepalive: { interval: { seconds: 30 }, timeout: { seconds: 5 } },
  };
  const { settings, warnings } = read({
    ...good,
    typedExtensionProtocolOptions: options({
      explicitHttpConfig: { http2ProtocolOptions },
      commonHttpProtocolOptions: {
        idleTimeout: {},
        maxConnectionDuration: { seconds: 600 },
        maxRequestsPerConnection: { value: 1000 },
      },
    }),
    upstreamConnectionOptions: {
      tcpKeepalive: { keepaliveTime: { value: 60 }, keepaliveProbes: { value: 3 } },
    },
  });
  assert.deepEqual(settings?.pool, {
    maxRequestsPerConnection: 1000,
    maxConcurrentStreams: 50,
    idleTimeoutMs: 0,
    maxConnectionDurationMs: 600_000,
    http2Keepalive: { intervalMs: 30_000, timeoutMs: 5_000 },
    tcpKeepaliveMs: 60_000,
  });
  assert.deepEqual(warnings, [
    'upstream_connection_options.tcp_keepalive.keepalive_probes: has no effect in this proxy',
  ]);
  const old = read({
    ...good,
    maxRequestsPerConnection: { value: 9 },
    commonHttpProtocolOptions: { idleTimeout: { seconds: 7 } },
    http2ProtocolOptions: { maxConcurrentStreams: { value: 8 } },
  }).settings?.pool;
  assert.deepEqual(
    [old?.maxRequestsPerConnection, old?.idleTimeoutMs, old?.maxConcurrentStreams],
    [9, 7000, 8],
  );
});

test('the control plane may say why there is nothing behind a cluster', () => {
  const metadata = { filterMetadata: { 'weir.dev': structOf({ missing: 'no subset "v3"' }) } };
  assert.equal(read({ ...good, metadata }).settings?.missing, 'no subset "v3"');
});

test('the control plane may say where the settings of a cluster are written', () => {
  const source = { file: 'rules.yaml', line: 7, object: 'DestinationRule default/greeter' };
  const metadata = { filterMetadata: { 'weir.dev': structOf({ source }) } };
  assert.deepEqual(read({ ...good, metadata }).settings?.source, source);
  assert.equal(read(good).settings?.source, undefined);
});
