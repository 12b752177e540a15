import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManifestSet } from '../../kube/directory/manifest-set.js';
import { formatProblem } from '../../kube/problem.js';
import { distinctionsOf, formatClient, reduceClient } from './audience.js';
import type { Client } from './client.js';
import { findEffectiveRule } from './effective-rule.js';
import { effectiveTrafficPolicy } from './effective-traffic-policy.js';
import { Registry } from './registry.js';
import { selectVirtualService } from './select-virtual-service.js';

const client = (namespace: string, labels: Record<string, string> = {}): Client => ({
  namespace,
  labels,
  locality: { region: 'eu', zone: '', subZone: '' },
});

const SERVICES = `
{apiVersion: v1, kind: Service, metadata: {name: reviews, namespace: shop}, spec: {ports: [{name: grpc, port: 1}]}}
`;

function modelOf(...documents: string[]) {
  const set = new ManifestSet();
  set.put('a.yaml', [SERVICES, ...documents].join('---\n'));
  assert.deepEqual(set.problems.filter(({ severity }) => severity === 'error').map(formatProblem), []);
  return new Registry().update(set.objects);
}

const virtualService = (namespace: string, name: string, spec: string, created = '2026-01-01T00:00:00Z') =>
  `{apiVersion: networking.istio.io/v1, kind: VirtualService,
 metadata: {name: ${name}, namespace: ${namespace}, creationTimestamp: '${created}'},
 spec: {http: [{directResponse: {status: 200}}], ${spec}}}\n`;

const destinationRule = (namespace: string, name: string, spec: string, created = '2026-01-01T00:00:00Z') =>
  `{apiVersion: networking.istio.io/v1, kind: DestinationRule,
 metadata: {name: ${name}, namespace: ${namespace}, creationTimestamp: '${created}'}, spec: {${spec}}}\n`;

test('a short host is looked up in the namespace of the rule, whatever the namespace of the service', () => {
  const { hosts } = modelOf();
  assert.equal(hosts.resolve('reviews', 'shop'), 'reviews.shop.svc.cluster.local');
  assert.equal(hosts.resolve('reviews', 'bank'), 'reviews.bank.svc.cluster.local');
  assert.equal(hosts.resolve('reviews.shop', 'bank'), 'reviews.shop.svc.cluster.local');
  assert.equal(hosts.resolve('reviews.shop.svc', 'bank'), 'reviews.shop.svc.cluster.local');
  assert.equal(hosts.resolve('Example.com', 'bank'), 'example.com');
  assert.equal(hosts.resolve('*.shop.svc.cluster.local', 'bank'), '*.shop.svc.cluster.local');
});

const HOST = 'reviews.shop.svc.cluster.local';

function followed(namespace: string, ...documents: string[]): string | undefined {
  return selectVirtualService(modelOf(...documents).policies, HOST, namespace)?.loaded.key;
}

test('sidecars follow the VirtualService of the most specific host', () => {
  const all = [
    virtualService('shop', 'all', 'hosts: ["*"]'),
    virtualService('shop', 'suffix', 'hosts: ["*.shop.svc.cluster.local"]'),
  ];
  assert.equal(followed('shop', ...all), 'VirtualService shop/suffix');
  const exact = virtualService('shop', 'x', 'hosts: [reviews]', '2026-06-01T00:00:00Z');
  assert.equal(followed('shop', ...all, exact), 'VirtualService shop/x');
});

test('of two for one host the one kept to its namespace goes first, then the older one', () => {
  const old = virtualService('shop', 'b-old', 'hosts: [reviews]', '2025-01-01T00:00:00Z');
  const young = virtualService('shop', 'a-young', 'hosts: [reviews]');
  assert.equal(followed('bank', old, young), 'VirtualService shop/b-old');
  const own = virtualService('bank', 'own', `hosts: [reviews.shop], exportTo: [.]`, '2026-09-01T00:00:00Z');
  assert.equal(followed('bank', old, own), 'VirtualService bank/own');
  assert.equal(followed('shop', old, own), 'VirtualService shop/b-old');
});

test('one that is for gateways alone, or not exported to the client, is not followed', () => {
  assert.equal(
    followed('shop', virtualService('shop', 'x', 'hosts: [reviews], gateways: [edge]')),
    undefined,
  );
  const both = virtualService('shop', 'x', 'hosts: [reviews], gateways: [edge, mesh]');
  assert.equal(followed('shop', both), 'VirtualService shop/x');
  assert.equal(followed('bank', virtualService('shop', 'x', 'hosts: [reviews], exportTo: [.]')), undefined);
});

function subsetsFor(who: Client, ...documents: string[]): readonly string[] | undefined {
  const { policies, services } = modelOf(...documents);
  return findEffectiveRule(policies, services[0]!, who)?.subsets.map(({ name }) => name);
}

const subset = (name: string) => `subsets: [{name: ${name}}]`;

test('a DestinationRule is looked for at the client, at the service, then in the root namespace', () => {
  const root = destinationRule('istio-system', 'a', `host: "*", ${subset('root')}`);
  const producer = destinationRule('shop', 'a', `host: reviews, ${subset('service')}`);
  const consumer = destinationRule('bank', 'a', `host: reviews.shop, ${subset('client')}`);
  assert.deepEqual(subsetsFor(client('bank'), root), ['root']);
  assert.deepEqual(subsetsFor(client('bank'), root, producer), ['service']);
  assert.deepEqual(subsetsFor(client('bank'), root, producer, consumer), ['client']);
  assert.deepEqual(subsetsFor(client('elsewhere'), root, producer, consumer), ['service']);
  const aside = destinationRule('other', 'a', `host: reviews.shop, ${subset('other')}`);
  assert.equal(subsetsFor(client('bank'), aside), undefined, 'exportTo alone puts it on nobody’s path');
});

test('rules of one namespace for one host are merged: first policy, first of each subset', () => {
  const young = destinationRule(
    'shop',
    'a',
    'host: reviews, trafficPolicy: {loadBalancer: {simple: RANDOM}}, subsets: [{name: v1, labels: {v: b}}, {name: v2}]',
  );
  const old = destinationRule(
    'shop',
    'b',
    'host: reviews, subsets: [{name: v1, labels: {v: a}}]',
    '2025-01-01T00:00:00Z',
  );
  const { policies, services } = modelOf(young, old);
  const rule = findEffectiveRule(policies, services[0]!, client('shop'));
  assert.deepEqual(
    rule?.subsets.map(({ name, labels }) => [name, labels]),
    [
      ['v1', { v: 'a' }],
      ['v2', {}],
    ],
  );
  assert.equal(rule?.trafficPolicy?.loadBalancer?.simple, 'RANDOM');
  assert.equal(rule?.source.object, 'DestinationRule shop/a');
});

test('a rule with a workloadSelector is for the clients it selects, in its namespace', () => {
  const all = destinationRule('shop', 'a', `host: reviews, ${subset('all')}`);
  const some = destinationRule(
    'shop',
    'b',
    `host: reviews, workloadSelector: {matchLabels: {app: web}}, ${subset('some')}`,
  );
  assert.deepEqual(subsetsFor(client('shop', { app: 'web', x: '1' }), all, some), ['some']);
  assert.deepEqual(subsetsFor(client('shop', { app: 'batch' }), all, some), ['all']);
  assert.deepEqual(subsetsFor(client('bank', { app: 'web' }), all, some), ['all']);
});

test('a subset goes before its rule part by part, and settings for a port inherit nothing', () => {
  const { policies, services } = modelOf(
    destinationRule(
      'shop',
      'a',
      `host: reviews,
       trafficPolicy: {loadBalancer: {simple: RANDOM}, outlierDetection: {interval: 1s}, retryBudget: {percent: 30},
         portLevelSettings: [{port: {number: 2}, loadBalancer: {simple: ROUND_ROBIN}}]},
       subsets: [{name: v1, trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}}]`,
    ),
  );
  const rule = findEffectiveRule(policies, services[0]!, client('shop'));
  const policyFor = (port: number, of?: string) =>
    effectiveTrafficPolicy(
      rule,
      rule?.subsets.find(({ name }) => name === of),
      port,
    )?.policy;
  const retryBudget = { percent: 30 };
  const outlierDetection = { interval: '1s' };
  assert.deepEqual(policyFor(1), { loadBalancer: { simple: 'RANDOM' }, outlierDetection, retryBudget });
  assert.deepEqual(policyFor(1, 'v1'), {
    loadBalancer: { simple: 'LEAST_REQUEST' },
    outlierDetection,
    retryBudget,
  });
  assert.deepEqual(policyFor(2), { loadBalancer: { simple: 'ROUND_ROBIN' }, retryBudget });
});

test('clients are told apart by what rules ask of them, and by nothing else', () => {
  const nobody = distinctionsOf(modelOf());
  const web = client('shop', { app: 'web', 'pod-template-hash': '1234' });
  assert.equal(formatClient(reduceClient(web, nobody)), 'shop');
  const asking = distinctionsOf(
    modelOf(
      virtualService(
        'shop',
        'x',
        'hosts: [reviews], http: [{match: [{sourceLabels: {app: web}}], directResponse: {status: 200}}]',
      ).replace('http: [{directResponse: {status: 200}}], ', ''),
      destinationRule('shop', 'a', 'host: reviews, trafficPolicy: {outlierDetection: {}}'),
    ),
  );
  assert.equal(formatClient(reduceClient(web, asking)), 'shop app=web eu//');
});
