import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ManifestSet } from '../../../kube/directory/manifest-set.js';
import { formatProblem } from '../../../kube/problem.js';
import { clusterResource, endpointResource, listenerResource, routeResource } from '../../../xds/resource.js';
import { buildSnapshot, checkSnapshot, formatDangling } from '../../../xds/snapshot.js';
import { messageToJson } from '../../../xds/to-json.js';
import type { Client } from '../../registry/client.js';
import type { Model } from '../../registry/model.js';
import { Registry } from '../../registry/registry.js';
import { ClientView } from './client-view.js';
import { translateEntries, translateService } from './translate-sidecar.js';

/** Each case is a YAML file, and beside it what a sidecar in namespace `default` is to get for it. */
const GOLDEN = new URL('../../../../src/control/translate/sidecar/golden/', import.meta.url);

function modelOf(text: string): Model {
  const set = new ManifestSet();
  set.put('input.yaml', text);
  assert.deepEqual(set.problems.filter((problem) => problem.severity === 'error').map(formatProblem), []);
  return new Registry().update(set.objects);
}

const clientIn = (namespace: string): Client => ({ namespace, labels: {}, locality: undefined });

function translateAll(model: Model, client: Client) {
  const view = new ClientView(model, client);
  const entries = translateEntries(view, 'least_request');
  const own = [
    ...view.services.map((each) => translateService(each, view.ruleOf(each), client, 'least_request')),
    entries,
  ];
  const json = (type: string) => (message: object) => messageToJson(`envoy.config.${type}`, message);
  return {
    listeners: entries.listeners.map(json('listener.v3.Listener')),
    routes: entries.routes.map(json('route.v3.RouteConfiguration')),
    clusters: own.flatMap((each) => each.clusters).map(json('cluster.v3.Cluster')),
    assignments: own.flatMap((each) => each.assignments).map(json('endpoint.v3.ClusterLoadAssignment')),
  };
}

/** A first line such as `# client: {namespace: shop, labels: {app: web}}` says who asks. */
function clientOf(text: string): Client {
  const [, said = '{}'] = /^# client: (.*)$/m.exec(text) ?? [];
  return { ...clientIn('default'), ...(parse(said) as Partial<Client>) };
}

const cases = readdirSync(GOLDEN).filter((name) => name.endsWith('.yaml'));
assert.ok(cases.length > 0);

for (const name of cases) {
  test(`${name} translates to what is written beside it`, () => {
    const text = readFileSync(new URL(name, GOLDEN), 'utf8');
    const actual = translateAll(modelOf(text), clientOf(text));
    const expected = new URL(name.replace('.yaml', '.json'), GOLDEN);
    if (process.env['WEIR_UPDATE_GOLDEN'] === '1')
      writeFileSync(expected, `${JSON.stringify(actual, undefined, 2)}\n`);
    assert.deepEqual(actual, JSON.parse(readFileSync(expected, 'utf8')));
  });
}

for (const name of cases) {
  test(`${name} translates to resources that name none which is not there`, () => {
    const text = readFileSync(new URL(name, GOLDEN), 'utf8');
    const client = clientOf(text);
    const view = new ClientView(modelOf(text), client);
    const entries = translateEntries(view, 'random');
    const all = [
      ...view.services.map((each) => translateService(each, view.ruleOf(each), client, 'random')),
      entries,
    ];
    const snapshot = buildSnapshot([
      ...entries.listeners.map(listenerResource),
      ...entries.routes.map(routeResource),
      ...all.flatMap(({ clusters }) => clusters).map(clusterResource),
      ...all.flatMap(({ assignments }) => assignments).map(endpointResource),
    ]);
    assert.deepEqual(checkSnapshot(snapshot).map(formatDangling), []);
  });
}

test('the balancer asked for is the balancer of each cluster', () => {
  const [service] = modelOf(
    '{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}\n',
  ).services;
  const policies = (['least_request', 'round_robin', 'random'] as const).map(
    (balancer) => translateService(service!, undefined, clientIn('default'), balancer).clusters[0]?.lbPolicy,
  );
  assert.deepEqual(policies, ['LEAST_REQUEST', 'ROUND_ROBIN', 'RANDOM']);
});

test('no domain stands twice in a route configuration, whatever claims it', () => {
  const model = modelOf(`
{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec: {hosts: [a, a.default], resolution: STATIC, ports: [{name: x, number: 80}]}
`);
  const { routes } = translateEntries(new ClientView(model, clientIn('default')), 'random');
  const hosts = routes[0]?.virtualHosts ?? [];
  const domains = hosts.flatMap((host) => host.domains ?? []);
  assert.equal(new Set(domains).size, domains.length);
  assert.equal(
    hosts.find((host) => host.domains?.includes('a'))?.name,
    'a:80',
    'a host written out wins over a short name',
  );
});

test('a ServiceEntry is seen where it is exported to, and the own one before others', () => {
  const entry = (namespace: string, exportTo: string) =>
    `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: x, namespace: ${namespace}}\nspec: {hosts: [x], resolution: STATIC, exportTo: ${exportTo}}\n---\n`;
  const seenBy = (text: string, namespace: string) =>
    new ClientView(modelOf(text), clientIn(namespace)).services.map((each) => each.namespace);
  assert.deepEqual(seenBy(entry('one', '[.]'), 'one'), ['one']);
  assert.deepEqual(seenBy(entry('one', '[.]'), 'two'), []);
  const both = entry('one', '["*"]') + entry('two', '["*"]');
  assert.deepEqual(seenBy(both, 'two'), ['two']);
  assert.deepEqual(seenBy(both, 'three'), ['one']);
});
