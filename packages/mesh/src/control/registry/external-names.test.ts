import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from '../../kube/manifest/parse-manifest.js';
import { Registry } from './registry.js';

const SERVICES = `
apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: shop }
spec: { clusterIP: None, ports: [{ name: grpc, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: reviews-1, namespace: shop, labels: { kubernetes.io/service-name: reviews } }
addressType: IPv4
ports: [{ name: grpc, port: 8080 }]
endpoints:
  - { addresses: [10.0.0.1], hostname: reviews-0, nodeName: one }
  - { addresses: [10.0.0.2], hostname: reviews-1, nodeName: two, conditions: { ready: false, serving: true, terminating: true } }
---
apiVersion: v1
kind: Node
metadata: { name: one, labels: { topology.kubernetes.io/region: r, topology.kubernetes.io/zone: z } }
`;

const external = (name: string, target: string) => `---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: default }
spec: { type: ExternalName, externalName: ${target} }
`;

function read(registry: Registry, text: string) {
  const { objects, problems } = parseManifest('a.yaml', text);
  return { model: registry.update(objects.map((each) => ({ ...each, file: 'a.yaml' }))), problems };
}

const endpointsOf = (registry: Registry, text: string) =>
  Object.fromEntries(
    read(registry, text).model.services.map(({ host, ports }) => [
      host,
      ports.flatMap(({ endpoints }) => endpoints.map(({ host: address, health }) => `${address} ${health}`)),
    ]),
  );

test('the pods of a headless Service that have names of their own can be called by them', () => {
  assert.deepEqual(endpointsOf(new Registry(), SERVICES), {
    'reviews-0.reviews.shop.svc.cluster.local': ['10.0.0.1 healthy'],
    // Whoever names a pod that is ending means it all the same.
    'reviews-1.reviews.shop.svc.cluster.local': ['10.0.0.2 healthy'],
    'reviews.shop.svc.cluster.local': ['10.0.0.1 healthy', '10.0.0.2 draining'],
  });
});

test('an endpoint is where its node is', () => {
  const { model } = read(new Registry(), SERVICES);
  const service = model.services.find(({ host }) => host.startsWith('reviews.'));
  assert.deepEqual(service?.ports[0]?.endpoints[0]?.locality, { region: 'r', zone: 'z', subZone: '' });
});

test('an ExternalName that stands for another Service has its endpoints', () => {
  const registry = new Registry();
  const text = SERVICES + external('alias', 'Reviews.shop.svc.cluster.local.');
  const first = read(registry, text).model.services.find(({ host }) => host.startsWith('alias.'));
  assert.deepEqual(
    first?.ports[0]?.endpoints.map(({ host }) => host),
    ['10.0.0.1', '10.0.0.2'],
  );
  assert.equal(first?.shortName, 'alias');
});

test('an ExternalName for a Service that is not there is reported, one for a host outside said not to be balanced', () => {
  const missing = read(new Registry(), external('alias', 'gone.shop.svc.cluster.local'));
  assert.deepEqual(missing.model.services, []);
  assert.match(
    missing.model.problems[0]?.message ?? '',
    /stands for gone\.shop\.svc\.cluster\.local, which is no Service/,
  );
  const outside = read(new Registry(), external('alias', 'api.example.com'));
  assert.deepEqual([outside.model.services, outside.model.problems], [[], []]);
  assert.match(outside.problems[0]?.message ?? '', /outside of the cluster is not balanced/);
});
