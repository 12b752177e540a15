import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManifestSet, type LoadedObject } from '../../kube/directory/manifest-set.js';
import { formatProblem } from '../../kube/problem.js';
import { Registry } from './registry.js';

function load(...texts: string[]): readonly LoadedObject[] {
  const set = new ManifestSet();
  texts.forEach((text, index) => set.put(`${index}.yaml`, text));
  assert.deepEqual(set.problems.filter((problem) => problem.severity === 'error').map(formatProblem), []);
  return set.objects;
}

const model = (...texts: string[]) => new Registry().update(load(...texts));
const problems = (...texts: string[]) => model(...texts).problems.map(formatProblem);

const SERVICE = `{apiVersion: v1, kind: Service, metadata: {name: greeter, namespace: shop},
 spec: {clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1, "fd00::a"], ports: [{name: grpc, port: 50051}]}}\n`;

const slice = (name: string, address: string, { port = 'grpc', namespace = 'shop' } = {}) =>
  `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice,
 metadata: {name: ${name}, namespace: ${namespace}, labels: {kubernetes.io/service-name: greeter}},
 addressType: IPv4, ports: [{name: ${port}, port: 6000}], endpoints: [{addresses: [${address}]}]}\n`;

const entry = (name: string, spec: string, namespace = 'default') =>
  `{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: ${name}, namespace: ${namespace}}, spec: {${spec}}}\n`;

test('a Service has the names and addresses by which it can be called', () => {
  const [service] = model(SERVICE, slice('a', '10.0.0.1')).services;
  assert.equal(service?.host, 'greeter.shop.svc.cluster.local');
  assert.deepEqual(service?.aliases, ['greeter.shop.svc', 'greeter.shop']);
  assert.equal(service?.shortName, 'greeter');
  assert.deepEqual(service?.addresses, ['10.96.0.1', 'fd00::a']);
  assert.equal(service?.ports[0]?.protocol, 'grpc');
});

test('the endpoints of a Service come from all slices with its label in its namespace', () => {
  const texts = [
    SERVICE,
    slice('a', '10.0.0.1'),
    slice('b', '10.0.0.2'),
    slice('c', '10.0.0.3', { namespace: 'other' }),
  ];
  const addresses = model(...texts).services[0]?.ports[0]?.endpoints.map((each) => each.host);
  assert.deepEqual(addresses, ['10.0.0.1', '10.0.0.2']);
});

test('a headless Service has endpoints but no address of its own', () => {
  const headless = SERVICE.replace(
    'clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1, "fd00::a"]',
    'clusterIP: None, clusterIPs: [None]',
  );
  const [service] = model(headless, slice('a', '10.0.0.1')).services;
  assert.deepEqual(service?.addresses, []);
  assert.equal(service?.ports[0]?.endpoints.length, 1);
});

test('a Service without slices is a service without endpoints, and its owner is told', () => {
  const { services } = model(SERVICE);
  assert.deepEqual(services[0]?.ports[0]?.endpoints, []);
  assert.match(
    problems(SERVICE)[0] ?? '',
    /^0\.yaml:1:1: Service shop\/greeter has no endpoints: no EndpointSlice/,
  );
});

test('a Service of type ExternalName is none of ours', () => {
  assert.deepEqual(model(SERVICE.replace('clusterIP:', 'type: ExternalName, clusterIP:')).services, []);
});

test('a port that no slice has is reported with the names there are', () => {
  assert.deepEqual(problems(SERVICE, slice('a', '10.0.0.1', { port: 'gprc' })), [
    '0.yaml:1:1: port 50051 (a port named "grpc") of Service shop/greeter has no endpoints: its EndpointSlices have a port named "gprc"; the names must be the same',
  ]);
});

test('a slice of a Service that does not exist is reported', () => {
  assert.deepEqual(problems(slice('a', '10.0.0.1')), [
    '0.yaml:1:1: EndpointSlice shop/a has endpoints of Service shop/greeter, which does not exist',
  ]);
});

test('a ServiceEntry is a service for each of its hosts, with ports and weights of its endpoints', () => {
  const { services } = model(
    entry(
      'a',
      `hosts: [A.example.com, b.example.com], resolution: STATIC,
 ports: [{name: grpc, number: 443, targetPort: 8443, protocol: GRPC}, {name: raw, number: 9, protocol: TCP}],
 endpoints: [{address: 10.0.0.2, weight: 3, locality: eu/eu-1/a}, {address: 10.0.0.1, ports: {grpc: 7}}]`,
    ),
  );
  assert.deepEqual(
    services.map((each) => each.host),
    ['a.example.com', 'b.example.com'],
  );
  assert.deepEqual(
    services[0]?.ports.map((each) => each.protocol),
    ['grpc', 'tcp'],
  );
  assert.deepEqual(services[0]?.ports[0]?.endpoints, [
    {
      host: '10.0.0.1',
      port: 7,
      weight: 1,
      health: 'healthy',
      locality: { region: '', zone: '', subZone: '' },
      pod: '',
      labels: {},
    },
    {
      host: '10.0.0.2',
      port: 8443,
      weight: 3,
      health: 'healthy',
      locality: { region: 'eu', zone: 'eu-1', subZone: 'a' },
      pod: '',
      labels: {},
    },
  ]);
});

test('an address that a ServiceEntry lists twice has the sum of its weights', () => {
  const [service] = model(
    entry(
      'a',
      'hosts: [a], resolution: STATIC, ports: [{name: x, number: 1}], endpoints: [{address: 10.0.0.1, weight: 2}, {address: 10.0.0.1}]',
    ),
  ).services;
  assert.deepEqual(
    service?.ports[0]?.endpoints.map((each) => each.weight),
    [3],
  );
});

test('the addresses of a ServiceEntry are its own when it has one host; networks are not addresses', () => {
  const spec =
    'resolution: STATIC, addresses: [10.1.0.1, 10.2.0.0/16, 10.3.0.1/32], ports: [{name: x, number: 1}]';
  assert.deepEqual(model(entry('a', `hosts: [a], ${spec}`)).services[0]?.addresses, ['10.1.0.1', '10.3.0.1']);
  assert.deepEqual(model(entry('a', `hosts: [a, b], ${spec}`)).services[0]?.addresses, []);
});

test('a ServiceEntry that is not static is no service', () => {
  assert.deepEqual(model(entry('a', 'hosts: [a], resolution: DNS')).services, []);
});

test('exportTo limits who sees a ServiceEntry', () => {
  const exported = (list: string) =>
    model(entry('a', `hosts: [a], resolution: STATIC, exportTo: ${list}`, 'shop')).services[0]?.exportTo;
  assert.equal(exported('["*"]'), undefined);
  assert.deepEqual(exported('[.]'), new Set(['shop']));
  assert.deepEqual(exported('[., other]'), new Set(['shop', 'other']));
  assert.deepEqual(exported('["~"]'), new Set());
});

test('two objects with one host are reported, unless nobody sees both', () => {
  const spec = 'hosts: [x.example.com], resolution: STATIC';
  assert.match(
    problems(entry('a', spec), entry('b', spec))[0] ?? '',
    /^1\.yaml:1:1: ServiceEntry default\/b has the host x\.example\.com of ServiceEntry default\/a/,
  );
  assert.deepEqual(
    problems(entry('a', `${spec}, exportTo: [.]`, 'one'), entry('b', `${spec}, exportTo: [.]`, 'two')),
    [],
  );
});

test('the order of objects does not matter', () => {
  const objects = load(
    SERVICE,
    slice('a', '10.0.0.1'),
    slice('b', '10.0.0.2'),
    entry('z', 'hosts: [z], resolution: STATIC'),
  );
  assert.deepEqual(new Registry().update([...objects].reverse()), new Registry().update(objects));
});

test('a service whose objects did not change keeps its identity, another one does not', () => {
  const set = new ManifestSet();
  const registry = new Registry();
  set.put('a.yaml', SERVICE + '---\n' + slice('a', '10.0.0.1'));
  set.put('b.yaml', entry('z', 'hosts: [z], resolution: STATIC'));
  const before = registry.update(set.objects);
  set.put('a.yaml', SERVICE + '---\n' + slice('a', '10.0.0.9'));
  const after = registry.update(set.objects);
  assert.notEqual(after.services[0], before.services[0]);
  assert.equal(after.services[0]?.ports[0]?.endpoints[0]?.host, '10.0.0.9');
  assert.equal(after.services[1], before.services[1]);
});
