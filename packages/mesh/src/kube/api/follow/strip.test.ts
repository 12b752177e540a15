import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InternPool } from './intern.js';
import { stripNode, stripPod, stripService, stripSlice } from './strip.js';

const noise = {
  uid: 'u',
  resourceVersion: '5',
  generation: 3,
  creationTimestamp: '2026-01-01T00:00:00Z',
  managedFields: [{ manager: 'kubectl' }],
} as object;

test('of a Service stay its names, its addresses and its ports', () => {
  const stripped = stripService(
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        ...noise,
        name: 'greeter',
        namespace: 'shop',
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
          'weir.dev/capture': 'explicit',
          'networking.istio.io/exportTo': '.',
        },
      },
      spec: {
        clusterIP: '10.96.0.1',
        clusterIPs: ['10.96.0.1'],
        type: 'ClusterIP',
        sessionAffinity: 'None',
        aFieldOfTheFuture: true,
        ports: [{ name: 'grpc', port: 80, protocol: 'TCP', targetPort: 'web', nodePort: 30000 }],
      },
      status: { loadBalancer: {} },
    },
    new InternPool(),
  );
  assert.deepEqual(stripped, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'greeter',
      namespace: 'shop',
      annotations: { 'weir.dev/capture': 'explicit', 'networking.istio.io/exportTo': '.' },
    },
    spec: {
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1'],
      type: 'ClusterIP',
      ports: [{ name: 'grpc', port: 80, protocol: 'TCP', targetPort: 'web' }],
    },
  });
});

test('of a slice stays what tells its endpoints, and what is alike is shared', () => {
  const pool = new InternPool();
  const endpoint = (address: string) => ({
    addresses: [address],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: 'node',
    zone: 'z',
    targetRef: { kind: 'Pod', name: `pod-${address}`, namespace: 'shop', uid: 'u', resourceVersion: '7' },
  });
  const stripped = stripSlice(
    {
      kind: 'EndpointSlice',
      metadata: {
        ...noise,
        name: 's',
        namespace: 'shop',
        labels: { 'kubernetes.io/service-name': 'greeter', x: 'y' },
      },
      addressType: 'IPv4',
      ports: [{ name: 'grpc', port: 1, protocol: 'TCP', appProtocol: null }],
      endpoints: [endpoint('10.0.0.1'), endpoint('10.0.0.2')],
    },
    pool,
  );
  assert.deepEqual(stripped?.metadata.labels, { 'kubernetes.io/service-name': 'greeter' });
  assert.deepEqual(stripped?.ports, [{ name: 'grpc', port: 1 }]);
  const [first, second] = stripped?.endpoints ?? [];
  assert.deepEqual(first, {
    addresses: ['10.0.0.1'],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: 'node',
    zone: 'z',
    targetRef: { name: 'pod-10.0.0.1' },
  });
  assert.equal(first?.conditions, second?.conditions);
});

test('a slice of no Service is not kept, and one without endpoints may have none', () => {
  const metadata = { name: 's', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'greeter' } };
  const empty = { metadata, addressType: 'IPv4', ports: null, endpoints: null };
  assert.deepEqual(stripSlice(empty, new InternPool())?.endpoints, []);
  assert.equal(stripSlice({ ...empty, metadata: { ...metadata, labels: {} } }, new InternPool()), undefined);
});

test('pods with the same labels share them; of a node its place is kept', () => {
  const pool = new InternPool();
  const pod = (name: string) =>
    stripPod({ metadata: { ...noise, name, namespace: 'shop', labels: { app: 'a' } } }, pool);
  assert.equal(pod('a').metadata.labels, pod('b').metadata.labels);
  const labels = { 'topology.kubernetes.io/zone': 'z', 'kubernetes.io/hostname': 'n' };
  assert.deepEqual(stripNode({ metadata: { name: 'n', labels } }, pool), {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n', namespace: '', labels: { 'topology.kubernetes.io/zone': 'z' } },
  });
});
