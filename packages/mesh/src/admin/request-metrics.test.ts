import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeEndpoint } from '@weir/core/testing';
import { PrometheusText } from './prometheus-text.js';
import { formatRequests, GRPC_STATUS_NONE, RequestMetrics } from './request-metrics.js';

/** The samples of `weir_requests_total`, or of another metric. */
function samples(metrics: RequestMetrics, name = 'weir_requests_total'): string[] {
  const text = new PrometheusText();
  formatRequests({ outbound: metrics, inbound: new RequestMetrics() }, text);
  return text
    .toString()
    .split('\n')
    .filter((line) => line.startsWith(name));
}

const label = (method: string, endpoint: string, pod: string, status: string) =>
  `weir_requests_total{service="greeter",method="${method}",endpoint="${endpoint}",pod="${pod}",grpc_status="${status}",direction="outbound"}`;

test('requests are counted by service, method, endpoint, pod and status', () => {
  const metrics = new RequestMetrics();
  const hello = metrics.method('greeter', '/a.B/Hello');
  const endpoint = fakeEndpoint(1, { pod: 'greeter-0' });
  hello.record(endpoint, 0, 1);
  hello.record(endpoint, 0, 1);
  hello.record(endpoint, 14, 1);
  hello.record(endpoint, GRPC_STATUS_NONE, 1);
  hello.record(undefined, 12, 1);
  assert.equal(metrics.method('greeter', '/a.B/Hello'), hello);
  assert.deepEqual(samples(metrics), [
    `${label('/a.B/Hello', '10.0.0.1:50051', 'greeter-0', '0')} 2`,
    `${label('/a.B/Hello', '10.0.0.1:50051', 'greeter-0', '14')} 1`,
    `${label('/a.B/Hello', '10.0.0.1:50051', 'greeter-0', 'none')} 1`,
    `${label('/a.B/Hello', '', '', '12')} 1`,
  ]);
});

for (const status of [18, -1, 2.5, NaN]) {
  test(`a status of ${status}, which gRPC does not know, counts as UNKNOWN`, () => {
    const metrics = new RequestMetrics();
    metrics.method('greeter', '/m').record(undefined, status, 1);
    assert.deepEqual(samples(metrics), [`${label('/m', '', '', '2')} 1`]);
  });
}

test('a duration falls into the bucket whose bound it does not exceed', () => {
  const metrics = new RequestMetrics();
  for (const ms of [0.5, 0.6, 10_000, 10_001]) metrics.method('greeter', '/m').record(undefined, 0, ms);
  const buckets = samples(metrics, 'weir_request_duration_seconds_bucket').map((line) => {
    return line.replace(/.*le="([^"]*)"\} /, '$1:');
  });
  assert.deepEqual(buckets.slice(0, 3), ['0.0005:1', '0.001:2', '0.0025:2']);
  assert.deepEqual(buckets.slice(-2), ['10:3', '+Inf:4']);
  assert.equal(buckets.length, 15);
  assert.deepEqual(samples(metrics, 'weir_request_duration_seconds_sum'), [
    'weir_request_duration_seconds_sum{service="greeter",method="/m",direction="outbound"} 20.0021',
  ]);
});

test('methods beyond the limit and overlong ones are counted as other', () => {
  const metrics = new RequestMetrics({ maxMethods: 2 });
  for (const method of ['/1', '/2', '/3', '/4', '/1'])
    metrics.method('greeter', method).record(undefined, 0, 1);
  assert.deepEqual(samples(metrics), [
    `${label('/1', '', '', '0')} 2`,
    `${label('/2', '', '', '0')} 1`,
    `${label('other', '', '', '0')} 2`,
  ]);
  const roomy = new RequestMetrics();
  roomy.method('greeter', `/${'x'.repeat(300)}`).record(undefined, 0, 1);
  assert.deepEqual(samples(roomy), [`${label('other', '', '', '0')} 1`]);
});

test('endpoints beyond the limit are counted together, and forgetting one makes room', () => {
  const metrics = new RequestMetrics({ maxSeries: 1 });
  const method = metrics.method('greeter', '/m');
  for (const number of [1, 2, 3]) method.record(fakeEndpoint(number), 0, 1);
  assert.deepEqual(samples(metrics), [
    `${label('/m', '10.0.0.1:50051', '', '0')} 1`,
    `${label('/m', 'other', '', '0')} 2`,
  ]);
  metrics.forgetEndpoint('10.0.0.1:50051');
  metrics.forgetEndpoint('other');
  method.record(fakeEndpoint(4), 0, 1);
  assert.deepEqual(samples(metrics), [`${label('/m', '10.0.0.4:50051', '', '0')} 1`]);
});

test('a new pod under an old address starts at zero, and one series stands for it', () => {
  const metrics = new RequestMetrics();
  const method = metrics.method('greeter', '/m');
  method.record(fakeEndpoint(1, { pod: 'a' }), 0, 1);
  method.record(fakeEndpoint(1, { pod: 'b' }), 0, 1);
  assert.deepEqual(samples(metrics), [`${label('/m', '10.0.0.1:50051', 'b', '0')} 1`]);
});

test('a service that has gone leaves nothing behind and frees its methods', () => {
  const metrics = new RequestMetrics({ maxMethods: 1 });
  metrics.method('greeter', '/m').record(fakeEndpoint(1), 0, 1);
  metrics.forgetService('greeter');
  assert.deepEqual(samples(metrics), []);
  metrics.method('greeter', '/n').record(undefined, 0, 1);
  assert.deepEqual(samples(metrics), [`${label('/n', '', '', '0')} 1`]);
});
