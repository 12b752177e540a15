import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteMatch } from '../../../xds/generated/envoy.config.route.v3.js';
import { grpcProfile } from '../client-profile.js';
import { Limits } from './limits.js';
import { narrowAction } from './narrow-action.js';
import { narrowAssignment } from './narrow-assignment.js';
import { narrowCluster } from './narrow-cluster.js';
import { narrowMatch } from './narrow-match.js';

const node = grpcProfile('grpc-node', 14);
const core = grpcProfile('grpc-core', 51);
const featuresOf = (limits: Limits) => limits.found.map(({ feature }) => feature);

test('what every gRPC call says is settled before: method and scheme', () => {
  const match = (name: string, exact: string): RouteMatch => ({
    prefix: '/',
    headers: [{ name, stringMatch: { exact } }],
  });
  const narrowed = (name: string, exact: string) => narrowMatch(match(name, exact), new Limits());
  assert.deepEqual(narrowed(':method', 'POST'), [{ prefix: '/' }]);
  assert.deepEqual(narrowed(':method', 'GET'), []);
  assert.deepEqual(narrowed(':scheme', 'http'), [{ prefix: '/' }]);
});

test('a header that must not have a value becomes a route without it and one with another value', () => {
  const headers = [
    { name: 'x', stringMatch: { exact: 'a' }, invertMatch: true, treatMissingHeaderAsEmpty: true },
  ];
  assert.deepEqual(narrowMatch({ prefix: '/', headers }, new Limits()), [
    { prefix: '/', headers: [{ name: 'x', presentMatch: true, invertMatch: true }] },
    { prefix: '/', headers: [{ name: 'x', exactMatch: 'a', invertMatch: true }] },
  ]);
});

test('a binary header cannot be matched, and that is noted', () => {
  const limits = new Limits();
  assert.deepEqual(
    narrowMatch({ prefix: '/', headers: [{ name: 'x-bin', presentMatch: true }] }, limits),
    [],
  );
  assert.deepEqual(featuresOf(limits), ['match: header x-bin']);
});

test('weights always come with their sum', () => {
  const clusters = [
    { name: 'a', weight: { value: 1 } },
    { name: 'b', weight: { value: 2 } },
  ];
  const { weightedClusters } = narrowAction({ weightedClusters: { clusters } }, node, new Limits());
  assert.equal(weightedClusters?.totalWeight?.value, 3);
});

test('the shorter of timeout and stream age is sent, and 0 where there is none', () => {
  const sent = (timeout: number, age?: number) => {
    const maxStreamDuration = age === undefined ? undefined : { maxStreamDuration: { seconds: age } };
    const action = narrowAction(
      { cluster: 'a', timeout: { seconds: timeout }, maxStreamDuration },
      node,
      new Limits(),
    );
    return action.maxStreamDuration?.maxStreamDuration?.seconds;
  };
  assert.deepEqual([sent(0), sent(5), sent(5, 3), sent(0, 3)], [0, 5, 3, 3]);
});

test('a retry policy keeps gRPC statuses without spaces, and one for no retries is left out', () => {
  const limits = new Limits();
  const retry = (retryOn: string, attempts: number) =>
    narrowAction({ cluster: 'a', retryPolicy: { retryOn, numRetries: { value: attempts } } }, node, limits)
      .retryPolicy;
  assert.equal(retry('unavailable, 5xx,connect-failure,cancelled', 2)?.retryOn, 'unavailable,cancelled');
  assert.deepEqual(featuresOf(limits), ['retries: retryOn 5xx']);
  assert.equal(retry('unavailable', 0), undefined);
  assert.equal(retry('connect-failure', 2), undefined);
});

test('lb_policy is never LEAST_REQUEST, and the list ends with round robin in its locality', () => {
  for (const profile of [node, core, grpcProfile('grpc-go', 73)]) {
    const { lbPolicy, loadBalancingPolicy } = narrowCluster(
      { name: 'a', type: 'EDS', lbPolicy: 'LEAST_REQUEST' },
      profile,
      new Limits(),
    );
    assert.equal(lbPolicy, 'ROUND_ROBIN');
    const names = loadBalancingPolicy?.policies?.map(
      ({ typedExtensionConfig }) => typedExtensionConfig?.name,
    );
    assert.deepEqual(
      names,
      profile === core ? undefined : ['weir_least_request', 'envoy.load_balancing_policies.wrr_locality'],
    );
  }
});

test('success rate ejection is switched off in so many words', () => {
  const { outlierDetection } = narrowCluster({ name: 'a', outlierDetection: {} }, node, new Limits());
  assert.deepEqual(outlierDetection, { enforcingSuccessRate: { value: 0 } });
});

test('endpoints: draining ones and doubles go, localities have weights, priorities no gaps', () => {
  const endpoint = (address: string, healthStatus: 'HEALTHY' | 'DRAINING' = 'HEALTHY') => ({
    endpoint: { address: { socketAddress: { address, portValue: 1 } } },
    healthStatus,
  });
  const narrowed = narrowAssignment({
    clusterName: 'a',
    endpoints: [
      { locality: { zone: 'x' }, priority: 1, lbEndpoints: [endpoint('10.0.0.1', 'DRAINING')] },
      { locality: { zone: 'y' }, priority: 2, lbEndpoints: [endpoint('10.0.0.2'), endpoint('10.0.0.2')] },
    ],
  });
  assert.deepEqual(
    narrowed.endpoints?.map(({ priority, loadBalancingWeight, lbEndpoints = [] }) => [
      priority,
      loadBalancingWeight?.value,
      lbEndpoints.length,
    ]),
    [[0, 1, 1]],
  );
});
