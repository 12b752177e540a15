import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, seededRandom } from '@weir/core';
import { FakeClock } from '@weir/core/testing';
import type { Route, RouteMatch, VirtualHost } from '../../xds/generated/envoy.config.route.v3.js';
import { Findings } from './findings.js';
import { readRouteConfig } from './read-route-config.js';

function read(routes: readonly Route[], host: VirtualHost = {}) {
  const findings = new Findings();
  const virtualHosts = [{ name: 'greeter', domains: ['greeter'], routes, ...host }];
  const config = readRouteConfig({ name: '50051', virtualHosts }, '7', findings);
  return { config, errors: findings.errors, warnings: findings.warnings };
}

function destination(routes: readonly Route[], path: string, headers: Readonly<Record<string, string>> = {}) {
  const { config, errors } = read(routes);
  assert.deepEqual(errors, []);
  const request = { authority: 'greeter', path, method: 'POST', header: (name: string) => headers[name] };
  const decision = decide(request, config!.table, new FakeClock(), seededRandom(1));
  if (decision.kind === 'no-route') return decision.reason;
  return decision.kind === 'forward' ? decision.cluster : decision.kind;
}

function to(cluster: string, match: RouteMatch): Route {
  return { match, route: { cluster } };
}

test('the first route whose path and headers match is taken', () => {
  const routes = [
    to('canary', { prefix: '/', headers: [{ name: 'version', stringMatch: { exact: 'v2' } }] }),
    to('tenants', { prefix: '/', headers: [{ name: 'tenant', presentMatch: true }] }),
    to('hello', { path: '/helloworld.Greeter/SayHello' }),
    to('rest', { prefix: '/helloworld.' }),
  ];
  assert.equal(destination(routes, '/helloworld.Greeter/SayHello', { version: 'v2' }), 'canary');
  assert.equal(destination(routes, '/helloworld.Greeter/SayHello', { tenant: '' }), 'tenants');
  assert.equal(destination(routes, '/helloworld.Greeter/SayHello'), 'hello');
  assert.equal(destination(routes, '/helloworld.Greeter/SayHellos'), 'rest');
  assert.equal(destination(routes, '/other'), 'no-matching-route');
});

test('asking for absence is the same as asking inverted for presence', () => {
  for (const header of [
    { name: 'tenant', presentMatch: false },
    { name: 'tenant', presentMatch: true, invertMatch: true },
  ]) {
    const routes = [to('nobody', { prefix: '/', headers: [header] })];
    assert.equal(destination(routes, '/'), 'nobody');
    assert.equal(destination(routes, '/', { tenant: 'x' }), 'no-matching-route');
  }
});

test('weights of zero name no cluster to wait for', () => {
  const clusters = [
    { name: 'a', weight: { value: 90 } },
    { name: 'b', weight: {} },
  ];
  const { config, errors } = read([{ match: { prefix: '/' }, route: { weightedClusters: { clusters } } }]);
  assert.deepEqual(errors, []);
  assert.deepEqual([...config!.clusters], ['a']);
});

for (const [written, timeoutMs] of [
  [{}, 0],
  [{ timeout: {} }, 0],
  [{ timeout: { seconds: 1, nanos: 5e8 } }, 1500],
  [{ timeout: { seconds: 3 }, maxStreamDuration: { maxStreamDuration: { seconds: 2 } } }, 2000],
] as const) {
  test(`${JSON.stringify(written)} is a timeout of ${timeoutMs} ms`, () => {
    const { config } = read([{ match: { prefix: '/' }, route: { cluster: 'a', ...written } }]);
    const outcome = config?.table.virtualHosts[0]?.routes[0]?.outcome;
    assert.ok(outcome !== undefined && 'kind' in outcome && outcome.kind === 'forward');
    assert.equal(outcome.timeoutMs, timeoutMs);
  });
}

const forward = { cluster: 'a' };
const refused: readonly (readonly [string, Route, RegExp])[] = [
  [
    'a redirect',
    { match: { prefix: '/' }, redirect: { httpsRedirect: true } },
    /routes\[0\]\.redirect: is not/,
  ],
  ['a route without a cluster', { match: { prefix: '/' }, route: {} }, /route\.cluster: must name a cluster/],
  [
    'a route for every path by omission',
    { match: {}, route: forward },
    /match: must have a prefix or a path/,
  ],
  [
    'a regular expression',
    { match: { safeRegex: { regex: '/v[12]' } }, route: forward },
    /match\.safe_regex: is not supported/,
  ],
  [
    'a header matcher that is not known',
    { match: { prefix: '/', headers: [{ name: 'x', suffixMatch: 'y' }] }, route: forward },
    /headers\[0\]\.suffix_match: is not supported/,
  ],
  [
    'a rewritten path',
    { match: { prefix: '/' }, route: { cluster: 'a', prefixRewrite: '/v1' } },
    /route\.prefix_rewrite: is not supported/,
  ],
  [
    'weights that come to nothing',
    { match: { prefix: '/' }, route: { weightedClusters: { clusters: [{ name: 'a' }] } } },
    /weighted_clusters: the sum of the weights must be at least 1/,
  ],
];

for (const [what, route, error] of refused) {
  test(`refused: ${what}`, () => {
    const { config, errors } = read([route]);
    assert.equal(config, undefined);
    assert.match(errors[0] ?? '', error);
  });
}

test('a domain that two virtual hosts claim is refused', () => {
  const findings = new Findings();
  const virtualHosts = [
    { name: 'a', domains: ['x'] },
    { name: 'b', domains: ['X'] },
  ];
  assert.equal(readRouteConfig({ name: '1', virtualHosts }, '1', findings), undefined);
  assert.match(
    findings.errors[0] ?? '',
    /virtual host "b": domains\[0\]: "X" is taken already by virtual host "a"/,
  );
});

test('a retry policy is warned of', () => {
  const { errors, warnings } = read([
    { match: { prefix: '/' }, route: { cluster: 'a', retryPolicy: { retryOn: '5xx' } } },
  ]);
  assert.deepEqual(errors, []);
  assert.deepEqual(warnings, ['virtual_hosts[0].routes[0].route.retry_policy: has no effect in this proxy']);
});
