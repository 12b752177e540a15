import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { formatEndpointSlice, ServiceDirectory } from './service-directory.js';

const pod = {
  name: 'native-tools-2-6c9f8d7b5-x2x4z',
  address: { host: '127.0.0.1', port: 41234 },
  httpPort: 41235,
};

test('the slice of a ready pod names the Service, the pod, its address and its ports', () => {
  assert.deepEqual(parse(formatEndpointSlice(pod, 'ready')), {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: pod.name, labels: { 'kubernetes.io/service-name': 'native-tools-2' } },
    addressType: 'IPv4',
    ports: [
      { name: 'http', port: 41235, protocol: 'TCP' },
      { name: 'grpc', port: 41234, protocol: 'TCP', appProtocol: 'grpc' },
    ],
    endpoints: [
      {
        addresses: ['127.0.0.1'],
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: 'Pod', name: pod.name },
      },
    ],
  });
});

test('a terminating pod is not ready and still serving', () => {
  const { endpoints } = parse(formatEndpointSlice(pod, 'terminating')) as {
    endpoints: { conditions: unknown }[];
  };
  assert.deepEqual(endpoints[0]?.conditions, { ready: false, serving: true, terminating: true });
});

test('a slice is put in and replaced under one name without leaving a draft, and is taken out again', async (context) => {
  const path = mkdtempSync(join(tmpdir(), 'weir-test-'));
  context.after(() => rmSync(path, { recursive: true }));
  const directory = new ServiceDirectory(path);
  await directory.put(pod, 'ready');
  await directory.put(pod, 'terminating');
  const file = `endpointslice-${pod.name}.yaml`;
  assert.deepEqual(readdirSync(path), [file]);
  assert.match(readFileSync(join(path, file), 'utf8'), /terminating: true/);
  await directory.remove(pod);
  assert.deepEqual(readdirSync(path), []);
});

test('the Service is the manifest that is deployed, byte by byte', async (context) => {
  const path = mkdtempSync(join(tmpdir(), 'weir-test-'));
  context.after(() => rmSync(path, { recursive: true }));
  const manifest = join(path, 'manifest');
  writeFileSync(manifest, 'kind: Service # as deployed\n');
  await new ServiceDirectory(path).addService(manifest);
  assert.equal(readFileSync(join(path, 'service.yaml'), 'utf8'), 'kind: Service # as deployed\n');
});
