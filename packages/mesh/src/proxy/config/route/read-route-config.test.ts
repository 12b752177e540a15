import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, type ForwardAction, seededRandom } from '@weir/core';
import { FakeClock } from '@weir/core/testing';
import type { DataSource } from '../../../xds/generated/envoy.config.core.v3.js';
import type {
  Route,
  RouteAction,
  RouteConfiguration,
  RouteMatch,
  VirtualHost,
} from '../../../xds/generated/envoy.config.route.v3.js';
import { type JsonObject, structOf } from '../../../xds/struct.js';
import { Findings } from '../findings.js';
import { readRouteConfig } from './read-route-config.js';

function read(routes: readonly Route[], host: VirtualHost = {}) {
  return readWhole({ virtualHosts: [{ name: 'greeter', domains: ['greeter'], routes, ...host }] });
}

function readWhole(message: RouteConfiguration) {
  const findings = new Findings();
  const config = readRouteConfig({ name: '50051', ...message }, '7', findings);
  return { config, errors: findings.errors, warnings: findings.warnings };
}

function actionOf(route: Route) {
  const { config, errors } = read([route]);
  assert.deepEqual(errors, []);
  return config?.description.virtualHosts[0]?.routes[0]?.action;
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

const times: readonly (readonly [RouteAction, Partial<ForwardAction>])[] = [
  [{}, { timeoutMs: 0 }],
  [{ timeout: {} }, { timeoutMs: 0 }],
  [{ timeout: { seconds: 1, nanos: 5e8 } }, { timeoutMs: 1500 }],
  [
    { timeout: { seconds: 3 }, maxStreamDuration: { maxStreamDuration: { seconds: 2 } } },
    { timeoutMs: 3000, maxStreamDurationMs: 2000 },
  ],
  [
    { maxGrpcTimeout: { seconds: 9 }, maxStreamDuration: { grpcTimeoutHeaderMax: { seconds: 4 } } },
    { timeoutMs: 0, maxGrpcTimeoutMs: 4000 },
  ],
  [{ idleTimeout: { seconds: 60 } }, { timeoutMs: 0, idleTimeoutMs: 60_000 }],
];
for (const [written, expected] of times) {
  test(`${JSON.stringify(written)} is read as ${JSON.stringify(expected)}`, () => {
    const { config } = read([{ match: { prefix: '/' }, route: { cluster: 'a', ...written } }]);
    const clusters = [{ cluster: 'a', weight: 1 }];
    assert.deepEqual(config?.description.virtualHosts[0]?.routes[0]?.action, {
      kind: 'forward',
      clusters,
      ...expected,
    });
  });
}

const forward = { cluster: 'a' };
const refused: readonly (readonly [string, Route, RegExp])[] = [
  ['a route without a cluster', { match: { prefix: '/' }, route: {} }, /route\.cluster: must name a cluster/],
  [
    'a route for every path by omission',
    { match: {}, route: forward },
    /match: must have one of prefix, path, path_separated_prefix and safe_regex/,
  ],
  [
    'a regular expression that is none',
    { match: { safeRegex: { regex: '/v(1' } }, route: forward },
    /match\.safe_regex\.regex: "\/v\(1" is not a regular expression in RE2 syntax: missing closing \)/,
  ],
  [
    'a back reference, which has no linear time',
    { match: { safeRegex: { regex: '(a)\\1' } }, route: forward },
    /safe_regex\.regex: .* is not a regular expression in RE2 syntax/,
  ],
  [
    'a share of the requests as a condition',
    { match: { prefix: '/', runtimeFraction: { defaultValue: { numerator: 5 } } }, route: forward },
    /match\.runtime_fraction: must be all requests/,
  ],
  [
    'dynamic metadata as a condition',
    { match: { prefix: '/', dynamicMetadata: [{ filter: 'x' }] }, route: forward },
    /match\.dynamic_metadata: is not supported/,
  ],
  ['CONNECT', { match: { connectMatcher: {} }, route: forward }, /match\.connect_matcher: is not supported/],
  [
    'a string matcher of another kind',
    {
      match: { prefix: '/', headers: [{ name: 'x', stringMatch: { custom: { name: 'y' } } }] },
      route: forward,
    },
    /headers\[0\]\.string_match\.custom: is not supported/,
  ],
  [
    'a header compared with nothing',
    { match: { prefix: '/', headers: [{ name: 'x', stringMatch: {} }] }, route: forward },
    /headers\[0\]\.string_match: must have one of exact/,
  ],
  [
    'a cluster named by a header',
    { match: { prefix: '/' }, route: { clusterHeader: 'x-cluster' } },
    /route\.cluster_header: is not supported/,
  ],
  [
    'a host name taken from the endpoint',
    { match: { prefix: '/' }, route: { cluster: 'a', autoHostRewrite: { value: true } } },
    /route\.auto_host_rewrite: is not supported/,
  ],
  [
    'a substitution of groups that are not there',
    {
      match: { prefix: '/' },
      route: { cluster: 'a', regexRewrite: { pattern: { regex: '/(a)' }, substitution: '/\\2' } },
    },
    /regex_rewrite\.substitution: refers to group 2 of an expression with 1/,
  ],
  [
    'two ways to rewrite a path',
    {
      match: { prefix: '/' },
      route: { cluster: 'a', prefixRewrite: '/b', regexRewrite: { pattern: { regex: 'a' } } },
    },
    /regex_rewrite: must not stand beside prefix_rewrite/,
  ],
  [
    'a negative time',
    { match: { prefix: '/' }, route: { cluster: 'a', timeout: { seconds: -1 } } },
    /route\.timeout: must not be negative/,
  ],
  [
    'an answer that no HTTP client understands',
    { match: { prefix: '/' }, directResponse: { status: 99 } },
    /direct_response\.status: must be an HTTP status from 200 to 599, not 99/,
  ],
  [
    'an answer from a file',
    { match: { prefix: '/' }, directResponse: { status: 200, body: { filename: '/etc/passwd' } } },
    /direct_response\.body: must be written here/,
  ],
  [
    'an answer longer than is allowed',
    { match: { prefix: '/' }, directResponse: { status: 200, body: { inlineString: 'x'.repeat(4097) } } },
    /direct_response\.body: must not be longer than 4096 bytes, not 4097/,
  ],
  ['a route without an action', { match: { prefix: '/' } }, /routes\[0\]: must have one of route, redirect/],
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

test('what other proxies heed and this one does not is warned of', () => {
  const { errors, warnings } = read(
    [{ match: { prefix: '/' }, route: { cluster: 'a', hedgePolicy: { hedgeOnPerTryTimeout: true } } }],
    { includeRequestAttemptCount: true },
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(warnings, [
    'virtual_hosts[0].include_request_attempt_count: has no effect in this proxy',
    'virtual_hosts[0].routes[0].route.hedge_policy: has no effect in this proxy',
  ]);
});

test('a redirect says where to, and keeps the rest', () => {
  assert.deepEqual(
    actionOf({ match: { prefix: '/' }, redirect: { httpsRedirect: true, portRedirect: 8443 } }),
    {
      kind: 'redirect',
      status: 301,
      scheme: 'https',
      port: 8443,
    },
  );
  const redirect = {
    hostRedirect: 'b',
    pathRedirect: '/c',
    responseCode: 'FOUND',
    stripQuery: true,
  } as const;
  assert.deepEqual(actionOf({ match: { prefix: '/' }, redirect }), {
    kind: 'redirect',
    status: 302,
    host: 'b',
    path: { kind: 'replace', value: '/c' },
    stripQuery: true,
  });
  assert.deepEqual(actionOf({ match: { prefix: '/a' }, redirect: { prefixRewrite: '/b' } }), {
    kind: 'redirect',
    status: 301,
    path: { kind: 'prefix', value: '/b' },
  });
});

test('a direct response has a status and a body of text or bytes', () => {
  const withBody = (body: DataSource) =>
    actionOf({ match: { prefix: '/' }, directResponse: { status: 418, body } });
  const expected = { kind: 'direct-response', status: 418, body: 'tea' };
  assert.deepEqual(withBody({ inlineString: 'tea' }), expected);
  assert.deepEqual(withBody({ inlineBytes: Buffer.from('tea') }), expected);
});

test('mirrors of the most specific level that has any count', () => {
  const mirror = (cluster: string) => [{ cluster, runtimeFraction: { defaultValue: { numerator: 5 } } }];
  const own = { match: { path: '/own' }, route: { cluster: 'a', requestMirrorPolicies: mirror('m1') } };
  const { config } = read([own, to('a', { prefix: '/' })], { requestMirrorPolicies: [{ cluster: 'm2' }] });
  const [first, second] = config!.description.virtualHosts[0]!.routes.map(({ action }) =>
    action.kind === 'forward' ? action.mirrors : undefined,
  );
  assert.deepEqual(first, [{ cluster: 'm1', fraction: { numerator: 5, denominator: 100 } }]);
  assert.deepEqual(second, [{ cluster: 'm2', fraction: { numerator: 1, denominator: 1 } }]);
  assert.deepEqual([...config!.clusters].sort(), ['a', 'm1', 'm2']);
});

test('rewrites of path and host are read', () => {
  const regexRewrite = { pattern: { regex: '^/v1/(.*)$' }, substitution: '/v2/\\1' };
  const action = actionOf({
    match: { prefix: '/' },
    route: { cluster: 'a', regexRewrite, hostRewriteLiteral: 'b.example' },
  });
  assert.ok(action?.kind === 'forward' && action.pathRewrite?.kind === 'regex');
  const { pattern, substitution } = action.pathRewrite;
  assert.equal(pattern.replaceAll('/v1/x', substitution), '/v2/x');
  assert.deepEqual(action.hostRewrite, { kind: 'literal', value: 'b.example' });
  const byHeader = actionOf({ match: { prefix: '/' }, route: { cluster: 'a', hostRewriteHeader: 'X-Host' } });
  assert.ok(byHeader?.kind === 'forward');
  assert.deepEqual(byHeader.hostRewrite, { kind: 'header', name: 'x-host' });
});

test('what is hashed is read in order, and what cannot be is warned of', () => {
  const hashPolicy = [
    { header: { headerName: 'X-User' }, terminal: true },
    { cookie: { name: 'session', ttl: {}, path: '/' } },
    { queryParameter: { name: 'user' } },
    { connectionProperties: { sourceIp: true } },
    { filterState: { key: 'x' } },
  ];
  const { config, warnings } = read([{ match: { prefix: '/' }, route: { cluster: 'a', hashPolicy } }]);
  const { action } = config!.description.virtualHosts[0]!.routes[0]!;
  assert.deepEqual(action.kind === 'forward' && action.hash, [
    { kind: 'header', name: 'x-user', terminal: true },
    { kind: 'cookie', name: 'session', ttlMs: 0, path: '/' },
    { kind: 'query', name: 'user' },
    { kind: 'source-ip' },
  ]);
  assert.match(warnings[0] ?? '', /hash_policy\[4\]: has no effect/);
});

test('changes to headers of all levels are made, the most specific first', () => {
  const add = (value: string) => [{ header: { key: 'X-Level', value } }];
  const clusters = [{ name: 'a', weight: { value: 1 }, requestHeadersToAdd: add('cluster') }];
  const route = {
    match: { prefix: '/' },
    route: { weightedClusters: { clusters } },
    requestHeadersToAdd: add('route'),
  };
  const host = { name: 'h', domains: ['*'], routes: [route], requestHeadersToAdd: add('host') };
  for (const mostSpecificHeaderMutationsWins of [false, true]) {
    const { config } = readWhole({
      virtualHosts: [host],
      requestHeadersToAdd: add('config'),
      mostSpecificHeaderMutationsWins,
    });
    const { outcome } = config!.table.virtualHosts[0]!.routes[0]!;
    assert.ok('kind' in outcome && outcome.kind === 'forward');
    const made = outcome.requestHeaders.map((operation) => 'value' in operation && operation.value);
    const mostSpecificFirst = ['cluster', 'route', 'host', 'config'];
    assert.deepEqual(made, mostSpecificHeaderMutationsWins ? mostSpecificFirst.reverse() : mostSpecificFirst);
  }
});

const weirMetadata = (object: JsonObject) => ({ filterMetadata: { 'weir.dev': structOf(object) } });

test('what Envoy has no field for comes with the metadata', () => {
  const source = { file: 'mesh.yaml', line: 7, object: 'VirtualService default/greeter' };
  const policy = { file: 'policy.yaml', line: 3, object: 'GRPCPolicy default/greeter' };
  const metadata = weirMetadata({
    source,
    policies: [policy],
    hedging: { maxAttempts: 3, delayMs: 50 },
    retryGrpcCodes: [10, 2],
    idempotent: false,
  });
  const maxStreamDuration = { maxStreamDuration: { seconds: 60 } };
  const { config, errors, warnings } = read([
    {
      match: { prefix: '/' },
      route: { cluster: 'a', retryPolicy: { retryOn: 'unavailable' }, maxStreamDuration },
      metadata,
    },
  ]);
  assert.deepEqual(errors, []);
  assert.deepEqual(warnings, []);
  const route = config!.description.virtualHosts[0]!.routes[0]!;
  assert.deepEqual(route.source, source);
  assert.deepEqual(route.settingSources, {
    hedging: policy,
    retry: policy,
    'max-stream-duration': policy,
  });
  assert.ok(route.action.kind === 'forward');
  const codes = new Set([14, 10, 2]);
  assert.deepEqual(route.action.hedging, { maxAttempts: 3, delayMs: 50, nonFatalCodes: codes });
  assert.deepEqual(route.action.retry?.on.grpcCodes, codes);
  assert.equal(route.action.retry?.idempotent, false);
});

test('metadata that cannot be meant so is refused, and unknown words are warned of', () => {
  const metadata = weirMetadata({
    hedging: { maxAttempts: 1, delayMs: 5 },
    retryGrpcCodes: [99],
    idempotent: 'yes',
    colour: 'blue',
  });
  const { errors, warnings } = read([{ match: { prefix: '/' }, route: { cluster: 'a' }, metadata }]);
  const where = 'virtual_hosts[0].routes[0].metadata.filter_metadata["weir.dev"]';
  assert.deepEqual(errors, [
    `${where}.idempotent: must be true or false, not "yes"`,
    `${where}.hedging.maxAttempts: must be a whole number of at least 2, not 1`,
    `${where}.retryGrpcCodes: must be codes from 1 to 16, not [99]`,
  ]);
  assert.deepEqual(warnings, [`${where}.colour: is not known to this proxy`]);
});
