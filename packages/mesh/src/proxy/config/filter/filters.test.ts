import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ForwardDecision } from '@weir/core';
import { encodeFilterConfig, type Route } from '../../../xds/generated/envoy.config.route.v3.js';
import {
  encodeHTTPFault,
  type HTTPFault,
} from '../../../xds/generated/envoy.extensions.filters.http.fault.v3.js';
import {
  encodeLocalRateLimit,
  type LocalRateLimit,
} from '../../../xds/generated/envoy.extensions.filters.http.local_ratelimit.v3.js';
import type { HttpFilter } from '../../../xds/generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import {
  FAULT_FILTER,
  LOCAL_RATE_LIMIT_FILTER,
  TYPE_FAULT,
  TYPE_FILTER_CONFIG,
  TYPE_LOCAL_RATE_LIMIT,
  TYPE_ROUTER,
} from '../../../xds/type-urls.js';
import { Findings } from '../findings.js';
import { PortRoutes } from '../port-routes.js';
import { readRouteConfig } from '../route/read-route-config.js';
import { readHttpFilters } from './read-http-filters.js';

const faultOf = (fault: HTTPFault) => ({ typeUrl: TYPE_FAULT, value: encodeHTTPFault(fault) });
const limitOf = (limit: LocalRateLimit) => ({
  typeUrl: TYPE_LOCAL_RATE_LIMIT,
  value: encodeLocalRateLimit(limit),
});
const switchedOff = { typeUrl: TYPE_FILTER_CONFIG, value: encodeFilterConfig({ disabled: true }) };
const router: HttpFilter = { name: 'envoy.filters.http.router', typedConfig: { typeUrl: TYPE_ROUTER } };
const bucket = (maxTokens: number): LocalRateLimit => ({
  statPrefix: 'x',
  tokenBucket: { maxTokens, tokensPerFill: { value: 10 }, fillInterval: { seconds: 1 } },
  filterEnabled: { defaultValue: { numerator: 100 } },
  filterEnforced: { defaultValue: { numerator: 100 } },
});
const abortWith = (grpcStatus: number): HTTPFault => ({
  abort: { grpcStatus, percentage: { numerator: 100 } },
});

/** What is decided for a route behind a listener with these filters. */
function behind(filters: readonly HttpFilter[], route: Route) {
  const findings = new Findings();
  const config = readRouteConfig(
    {
      name: '1',
      virtualHosts: [{ name: 'h', domains: ['*'], routes: [{ match: { prefix: '/' }, ...route }] }],
    },
    '1',
    findings,
  );
  const read = readHttpFilters('hcm', { httpFilters: [...filters, router] }, findings);
  const errors = findings.errors;
  if (config === undefined || errors.length > 0) return { errors, warnings: findings.warnings };
  const routes = new PortRoutes({ port: 50051, routeConfigName: '1', filters: read }, config);
  const outcome = routes.table.virtualHosts[0]?.routes[0]?.outcome;
  const warnings = [...findings.warnings, ...routes.warnings];
  return { decision: outcome as ForwardDecision, errors, warnings, routes, config };
}

const toA: Route = { route: { cluster: 'a' } };
const emptyFault: HttpFilter = { name: FAULT_FILTER, typedConfig: faultOf({}) };
const emptyLimit: HttpFilter = {
  name: LOCAL_RATE_LIMIT_FILTER,
  typedConfig: limitOf({ statPrefix: 'x' }),
};

test('filters without settings change nothing, and cost no second table', () => {
  const { decision, routes, config, warnings } = behind([emptyFault, emptyLimit], toA);
  assert.equal(decision?.fault, undefined);
  assert.equal(decision?.rateLimit, undefined);
  assert.equal(routes?.table, config?.table);
  assert.deepEqual(warnings, []);
});

test('a rate limit before the fault is warned of, since here it comes after', () => {
  assert.deepEqual(behind([emptyFault, emptyLimit], toA).warnings, []);
  assert.deepEqual(behind([emptyLimit], toA).warnings, []);
  assert.deepEqual(behind([emptyLimit, emptyFault], toA).warnings, [
    'hcm.http_filters[0]: comes after the fault filter in this proxy, not before it',
  ]);
});

test("a route's fault counts instead of the listener's", () => {
  const listener = { ...emptyFault, typedConfig: faultOf(abortWith(14)) };
  const fault = faultOf({
    delay: { fixedDelay: { nanos: 5e8 }, percentage: { numerator: 1, denominator: 'MILLION' } },
  });
  assert.deepEqual(behind([listener], toA).decision?.fault, {
    abort: { status: { kind: 'grpc', code: 14 }, fraction: { numerator: 100, denominator: 100 } },
  });
  const own = behind([listener], { ...toA, typedPerFilterConfig: { [FAULT_FILTER]: fault } });
  assert.deepEqual(own.decision?.fault, {
    delay: { delayMs: 500, fraction: { numerator: 1, denominator: 1_000_000 } },
  });
  const off = behind([listener], { ...toA, typedPerFilterConfig: { [FAULT_FILTER]: switchedOff } });
  assert.deepEqual(off.decision?.fault, {});
});

test("a route's rate limit counts instead of the listener's, which is one for each virtual host", () => {
  const listener = { ...emptyLimit, typedConfig: limitOf(bucket(100)) };
  const all = { numerator: 100, denominator: 100 };
  const { decision, warnings } = behind([listener], toA);
  assert.deepEqual(decision?.rateLimit, {
    policy: { maxTokens: 100, tokensPerFill: 10, fillIntervalMs: 1000, enabled: all, enforced: all },
    key: 'h',
  });
  assert.match(warnings[0] ?? '', /token_bucket: is a bucket for each virtual host/);
  const limits = { [LOCAL_RATE_LIMIT_FILTER]: limitOf(bucket(5)) };
  assert.equal(
    behind([listener], { ...toA, typedPerFilterConfig: limits }).decision?.rateLimit?.policy.maxTokens,
    5,
  );
  const off = { [LOCAL_RATE_LIMIT_FILTER]: switchedOff };
  const enabled = behind([listener], { ...toA, typedPerFilterConfig: off }).decision?.rateLimit?.policy
    .enabled;
  assert.equal(enabled?.numerator, 0);
});

test('settings of a filter that the listener does not have count for nothing, and that is told', () => {
  const clusters = [
    {
      name: 'a',
      weight: { value: 1 },
      typedPerFilterConfig: { [FAULT_FILTER]: faultOf(abortWith(14)) },
    },
  ];
  const { decision, warnings } = behind([], { route: { weightedClusters: { clusters } } });
  assert.equal(decision?.fault, undefined);
  assert.deepEqual(warnings, [
    'RouteConfiguration 1: typed_per_filter_config["envoy.filters.http.fault"]: has no effect on port 50051, whose listener has no such filter',
  ]);
});

test('shares that are not written are none of the requests', () => {
  const abort = { [FAULT_FILTER]: faultOf({ abort: { httpStatus: 503 } }) };
  const { decision } = behind([emptyFault], { ...toA, typedPerFilterConfig: abort });
  assert.deepEqual(decision?.fault?.abort, {
    status: { kind: 'http', status: 503 },
    fraction: { numerator: 0, denominator: 100 },
  });
  const limit = { [LOCAL_RATE_LIMIT_FILTER]: limitOf({ tokenBucket: bucket(1).tokenBucket }) };
  const { decision: limited, warnings } = behind([emptyLimit], { ...toA, typedPerFilterConfig: limit });
  assert.equal(limited?.rateLimit?.policy.enabled?.numerator, 0);
  assert.match(warnings[0] ?? '', /filter_enabled: is not set, which means for none of the requests/);
});

const refused: readonly (readonly [string, Route['typedPerFilterConfig'], RegExp])[] = [
  [
    'a fault that spares requests by header',
    { [FAULT_FILTER]: faultOf({ ...abortWith(14), headers: [{ name: 'x' }] }) },
    /typed_per_filter_config\["envoy.filters.http.fault"\]\.headers: is not supported/,
  ],
  [
    'a gRPC status that is none',
    { [FAULT_FILTER]: faultOf(abortWith(17)) },
    /abort\.grpc_status: must be a code from 1 to 16, not 17/,
  ],
  [
    'an abort with nothing',
    { [FAULT_FILTER]: faultOf({ abort: {} }) },
    /abort\.http_status: must be from 200 to 599, not absent/,
  ],
  [
    'a delay of nothing',
    { [FAULT_FILTER]: faultOf({ delay: { fixedDelay: {} } }) },
    /delay\.fixed_delay: must be longer than 0 s/,
  ],
  [
    'a rate limit of a route without a bucket',
    { [LOCAL_RATE_LIMIT_FILTER]: limitOf({ statPrefix: 'x' }) },
    /token_bucket: must be set/,
  ],
  [
    'a bucket that is filled too often',
    {
      [LOCAL_RATE_LIMIT_FILTER]: limitOf({
        ...bucket(1),
        tokenBucket: { maxTokens: 1, fillInterval: { nanos: 1e6 } },
      }),
    },
    /fill_interval: must be at least 50 ms, not 1 ms/,
  ],
  [
    'settings that cannot be decoded',
    { [FAULT_FILTER]: { typeUrl: TYPE_FAULT, value: Uint8Array.of(0xff) } },
    /cannot be decoded/,
  ],
];
for (const [what, typedPerFilterConfig, error] of refused) {
  test(`refused: ${what}`, () => {
    const { errors } = behind([emptyFault, emptyLimit], {
      ...toA,
      typedPerFilterConfig: typedPerFilterConfig!,
    });
    assert.match(errors[0] ?? '', error);
  });
}

test('settings of a filter that is not known are warned of', () => {
  const typedPerFilterConfig = {
    'envoy.filters.http.rbac': { typeUrl: 'type.googleapis.com/x.RBACPerRoute' },
  };
  const { errors, warnings } = behind([], { ...toA, typedPerFilterConfig });
  assert.deepEqual(errors, []);
  assert.match(warnings[0] ?? '', /\["envoy.filters.http.rbac"\]: settings of type .* have no effect/);
});
