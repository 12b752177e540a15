import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSliceObject } from '../../resources/endpoint-slice.js';
import { isUrgent } from './is-urgent.js';

function slice(...endpoints: EndpointSliceObject['endpoints']): EndpointSliceObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'a', namespace: 'default' },
    addressType: 'IPv4',
    ports: [{ name: 'grpc', port: 1 }],
    endpoints,
  };
}

const ready = (address: string) => ({ addresses: [address], conditions: { ready: true } });
const ending = (address: string) => ({
  addresses: [address],
  conditions: { ready: false, serving: true, terminating: true },
});
const starting = (address: string) => ({ addresses: [address], conditions: { ready: false } });

test('what takes an endpoint out of use is urgent', () => {
  const before = slice(ready('10.0.0.1'), ready('10.0.0.2'));
  assert.ok(isUrgent(before, slice(ready('10.0.0.1'))));
  assert.ok(isUrgent(before, slice(ready('10.0.0.1'), ending('10.0.0.2'))));
  assert.ok(isUrgent(before, slice(ready('10.0.0.1'), starting('10.0.0.2'))));
  assert.ok(isUrgent(before, { ...before, ports: [{ name: 'grpc', port: 2 }] }));
  assert.ok(isUrgent(before, undefined));
});

test('what only adds can be gathered', () => {
  assert.ok(!isUrgent(undefined, slice(ready('10.0.0.1'))));
  assert.ok(!isUrgent(slice(starting('10.0.0.1')), slice(ready('10.0.0.1'), ready('10.0.0.2'))));
  assert.ok(!isUrgent(slice(ending('10.0.0.1')), slice()));
});

test('labels of pods and places of nodes take nothing out of use; Services may', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'b' } } as const;
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a', namespace: 'b' },
    spec: {},
  } as const;
  assert.ok(!isUrgent(pod, undefined));
  assert.ok(isUrgent(service, { ...service, spec: { ports: [] } }));
  assert.ok(isUrgent(service, undefined));
});
