import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import { ManifestSet } from '../kube/directory/manifest-set.js';
import type { LogFields, Logger } from '../system/logger.js';
import { decodeClusterLoadAssignment } from '../xds/generated/envoy.config.endpoint.v3.js';
import { decodeRouteConfiguration } from '../xds/generated/envoy.config.route.v3.js';
import type { SnapshotSource } from '../xds/server/snapshot-source.js';
import { TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE } from '../xds/type-urls.js';
import { ControlPlane } from './control-plane.js';
import type { Client } from './registry/client.js';
import { SourceLog } from './source-log.js';

const CLUSTER = 'outbound|50051||greeter.shop.svc.cluster.local';

const service = `apiVersion: v1
kind: Service
metadata: {name: greeter, namespace: shop}
spec: {ports: [{name: grpc, port: 50051}]}
`;

const slice = (...addresses: string[]) => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: a, namespace: shop, labels: {kubernetes.io/service-name: greeter}}
addressType: IPv4
ports: [{name: grpc, port: 6000}]
endpoints: [${addresses.map((address) => `{addresses: [${address}]}`).join(', ')}]
`;

class RecordingLogger implements Logger {
  readonly lines: string[] = [];
  debug = (): void => {};
  info = (): void => {};
  warn = (message: string): void => void this.lines.push(message);
  error = (message: string, fields?: LogFields): void =>
    void this.lines.push(`${message} ${JSON.stringify(fields)}`);
}

function setUp() {
  const clock = new FakeClock();
  const set = new ManifestSet();
  const logger = new RecordingLogger();
  const source = {
    get objects() {
      return set.objects;
    },
    problems: [],
    ignored: [],
    fileCount: 1,
    ageMs: 0,
  };
  const log = new SourceLog(logger);
  const plane = new ControlPlane({
    source,
    clock,
    logger,
    log,
    balancer: 'least_request',
    clusterDomain: undefined,
  });
  set.put('service.yaml', service);
  set.put('slice.yaml', slice('10.0.0.1'));
  plane.start();
  const put = (file: string, text: string) => {
    if (set.put(file, text)) plane.changed();
  };
  return { clock, set, plane, put, logger };
}

const client = (namespace: string): Client => ({ namespace, labels: {}, locality: undefined });

function endpointsIn(source: SnapshotSource): string[] {
  const resource = source.current()?.types[TYPE_ENDPOINT].resources.get(CLUSTER);
  assert.ok(resource);
  const { endpoints = [] } = decodeClusterLoadAssignment(resource.bytes);
  return endpoints
    .flatMap((group) => group.lbEndpoints ?? [])
    .map((each) => each.endpoint?.address?.socketAddress?.address ?? '');
}

function domainsIn(source: SnapshotSource): readonly string[] {
  const resource = source.current()?.types[TYPE_ROUTE].resources.get('50051');
  assert.ok(resource);
  return decodeRouteConfiguration(resource.bytes).virtualHosts?.[0]?.domains ?? [];
}

test('a client that comes after the start gets everything there is', () => {
  const { plane } = setUp();
  const source = plane.snapshots.sourceFor(client('default'));
  const { types } = source.current()!;
  assert.deepEqual([...types[TYPE_LISTENER].resources.keys()], ['0.0.0.0_50051']);
  assert.deepEqual([...types[TYPE_CLUSTER].resources.keys()], [CLUSTER]);
  assert.deepEqual(endpointsIn(source), ['10.0.0.1']);
});

test('the short name of a service is known in its own namespace only', () => {
  const { plane } = setUp();
  assert.ok(domainsIn(plane.snapshots.sourceFor(client('shop'))).includes('greeter'));
  const elsewhere = domainsIn(plane.snapshots.sourceFor(client('default')));
  assert.ok(!elsewhere.includes('greeter'));
  assert.ok(elsewhere.includes('greeter.shop'));
});

test('an added endpoint is published within 50 ms, in one push with the next', () => {
  const { clock, plane, put } = setUp();
  const source = plane.snapshots.sourceFor(client('default'));
  let pushes = 0;
  source.onChange(() => pushes++);
  put('slice.yaml', slice('10.0.0.1', '10.0.0.2'));
  clock.advance(30);
  put('slice.yaml', slice('10.0.0.1', '10.0.0.2', '10.0.0.3'));
  assert.deepEqual(endpointsIn(source), ['10.0.0.1']);
  clock.advance(20);
  assert.deepEqual(endpointsIn(source), ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  clock.advance(1000);
  assert.equal(pushes, 1);
});

test('a removed endpoint is withdrawn at once', () => {
  const { plane, put } = setUp();
  const source = plane.snapshots.sourceFor(client('default'));
  put('slice.yaml', slice('10.0.0.9'));
  assert.deepEqual(endpointsIn(source), ['10.0.0.9']);
});

test('when a service loses its last endpoint its empty assignment is still there', () => {
  const { plane, put } = setUp();
  const source = plane.snapshots.sourceFor(client('default'));
  put('slice.yaml', slice());
  assert.deepEqual(endpointsIn(source), []);
});

test('a change that alters no resource keeps them all, and one of endpoints keeps the rest', () => {
  const { clock, plane, put } = setUp();
  const source = plane.snapshots.sourceFor(client('default'));
  const resourcesIn = () =>
    Object.values(source.current()?.types ?? {}).flatMap(({ resources }) => [...resources.values()]);
  const resources = resourcesIn();
  put('service.yaml', service.replace('ports:', 'sessionAffinity: None, ports:'));
  clock.advance(1000);
  assert.ok(resourcesIn().every((resource, index) => resource === resources[index]));
  const before = source.current();
  put('slice.yaml', slice('10.0.0.1', '10.0.0.2'));
  clock.advance(1000);
  assert.equal(source.current()?.types[TYPE_CLUSTER], before?.types[TYPE_CLUSTER]);
  assert.notEqual(source.current()?.types[TYPE_ENDPOINT], before?.types[TYPE_ENDPOINT]);
});

test('a namespace without clients is given up, and one with clients goes on', () => {
  const { plane, put } = setUp();
  const one = plane.snapshots.sourceFor(client('one'));
  const leave = one.onChange(() => {});
  const stay = plane.snapshots.sourceFor(client('two'));
  stay.onChange(() => {});
  leave();
  assert.deepEqual([...plane.snapshots.versions.keys()], ['two']);
  put('slice.yaml', slice('10.0.0.9'));
  assert.deepEqual(endpointsIn(stay), ['10.0.0.9']);
});

test('what does not fit together is said once, and its end too', () => {
  const { plane, put, set, logger } = setUp();
  set.remove('service.yaml');
  plane.changed();
  put('slice.yaml', slice('10.0.0.3'));
  assert.deepEqual(logger.lines.filter((line) => line.includes('does not exist')).length, 1);
  assert.equal(plane.state().problems.length, 1);
});

test('clients that a rule tells apart by their labels get different routes, and others the same ones', () => {
  const { plane, put, clock } = setUp();
  const sourceOf = (labels: Record<string, string>) =>
    plane.snapshots.sourceFor({ namespace: 'shop', labels, locality: undefined });
  const [web, batch] = [sourceOf({ app: 'web', pod: '1' }), sourceOf({ app: 'batch' })];
  assert.equal(web.current()?.version, batch.current()?.version);
  for (const source of [web, batch]) source.onChange(() => {});
  put(
    'rules.yaml',
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec:
  hosts: [greeter]
  http: [{match: [{sourceLabels: {app: web}}], name: web, route: [{destination: {host: greeter}}]}]
`,
  );
  clock.advance(1000);
  const routesOf = (source: SnapshotSource) => {
    const resource = source.current()?.types[TYPE_ROUTE].resources.get('50051');
    assert.ok(resource);
    return decodeRouteConfiguration(resource.bytes).virtualHosts?.[0]?.routes?.map(({ name }) => name);
  };
  assert.deepEqual(routesOf(web), ['web']);
  assert.deepEqual(routesOf(batch), ['default']);
  assert.deepEqual([...plane.snapshots.versions.keys()], ['shop app=web', 'shop app=batch']);
});

test('a rule that leads nowhere is an error in the state, and everything else goes on', () => {
  const { plane, put, clock } = setUp();
  const source = plane.snapshots.sourceFor(client('shop'));
  put(
    'rules.yaml',
    `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec: {hosts: [greeter], http: [{route: [{destination: {host: greeter, subset: v2}}]}]}
`,
  );
  clock.advance(1000);
  assert.deepEqual(
    plane.state().problems.map(({ code }) => code),
    ['WEIR0103'],
  );
  put('slice.yaml', slice('10.0.0.9'));
  assert.deepEqual(endpointsIn(source), ['10.0.0.9']);
  const missing = source.current()?.types[TYPE_ENDPOINT].resources.get(CLUSTER.replace('||', '|v2|'));
  assert.deepEqual(decodeClusterLoadAssignment(missing?.bytes ?? new Uint8Array()).endpoints ?? [], []);
});
