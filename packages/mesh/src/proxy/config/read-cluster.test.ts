import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../../xds/generated/envoy.config.cluster.v3.js';
import { encodeLeastRequest } from '../../xds/generated/envoy.extensions.load_balancing_policies.least_request.v3.js';
import { encodeHttpProtocolOptions } from '../../xds/generated/envoy.extensions.upstreams.http.v3.js';
import { HTTP_PROTOCOL_OPTIONS } from '../../xds/type-urls.js';
import { Findings } from './findings.js';
import { readCluster } from './read-cluster.js';

const good: Cluster = { name: 'a', type: 'EDS', edsClusterConfig: { edsConfig: { ads: {} } } };

function read(cluster: Cluster) {
  const findings = new Findings();
  const settings = readCluster(cluster, findings);
  return { settings, errors: findings.errors, warnings: findings.warnings };
}

const http2 = {
  [HTTP_PROTOCOL_OPTIONS]: {
    typeUrl: `type.googleapis.com/${HTTP_PROTOCOL_OPTIONS}`,
    value: encodeHttpProtocolOptions({ explicitHttpConfig: { http2ProtocolOptions: {} } }),
  },
};

test('a plain EDS cluster has the defaults of Envoy', () => {
  assert.deepEqual(read({ ...good, typedExtensionProtocolOptions: http2 }), {
    settings: {
      name: 'a',
      assignmentName: 'a',
      policy: { name: 'round_robin' },
      connectTimeoutMs: 5000,
    },
    errors: [],
    warnings: [],
  });
});

test('least request takes its settings from its own message', () => {
  const leastRequestLbConfig = { choiceCount: { value: 3 }, activeRequestBias: { defaultValue: 0 } };
  const { settings } = read({ ...good, lbPolicy: 'LEAST_REQUEST', leastRequestLbConfig });
  assert.deepEqual(settings?.policy, { name: 'least_request', choiceCount: 3, activeRequestBias: 0 });
  const plain = read({ ...good, lbPolicy: 'LEAST_REQUEST' });
  assert.deepEqual(plain.settings?.policy, { name: 'least_request', choiceCount: 2, activeRequestBias: 1 });
});

test('of a list of policies the first known one counts, and the skipped ones are told', () => {
  const { settings, warnings } = read({
    ...good,
    lbPolicy: 'RING_HASH',
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
  assert.deepEqual(settings?.policy, { name: 'least_request', choiceCount: 4, activeRequestBias: 1 });
  assert.deepEqual(warnings, [
    'load_balancing_policy: weir.peak_ewma not known to this proxy; least_request is used instead',
  ]);
});

function policy(name: string, typeUrl: string, value: Uint8Array = new Uint8Array()) {
  return { typedExtensionConfig: { name, typedConfig: { typeUrl, value } } };
}

const refused: readonly (readonly [string, Cluster, RegExp])[] = [
  ['a cluster that is not EDS', { ...good, type: 'STRICT_DNS' }, /^type: must be EDS, not STRICT_DNS/],
  [
    'endpoints from another source',
    { ...good, edsClusterConfig: { edsConfig: { path: '/etc/x' } } },
    /^eds_cluster_config.eds_config: must be "ads"/,
  ],
  [
    'a policy that is not known',
    { ...good, lbPolicy: 'RING_HASH' },
    /^lb_policy: RING_HASH is not supported/,
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
  const { errors, warnings } = read({ ...good, outlierDetection: { consecutive5xx: { value: 5 } } });
  assert.deepEqual(errors, []);
  assert.deepEqual(warnings, ['outlier_detection: has no effect in this proxy']);
});
