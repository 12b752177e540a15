import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Listener } from '../../xds/generated/envoy.config.listener.v3.js';
import {
  encodeHttpConnectionManager,
  type HttpConnectionManager,
} from '../../xds/generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import { TYPE_HTTP_CONNECTION_MANAGER, TYPE_ROUTER } from '../../xds/type-urls.js';
import { Findings } from './findings.js';
import { readListener } from './read-listener.js';

const router = { name: 'envoy.filters.http.router', typedConfig: { typeUrl: TYPE_ROUTER } };
const manager: HttpConnectionManager = {
  statPrefix: 'outbound_0.0.0.0_50051',
  rds: { routeConfigName: '50051', configSource: { ads: {} } },
  httpFilters: [router],
};

function listener(change: Partial<Listener> = {}, managerChange: HttpConnectionManager = {}): Listener {
  const value = encodeHttpConnectionManager({ ...manager, ...managerChange });
  return {
    name: '0.0.0.0_50051',
    address: { socketAddress: { address: '0.0.0.0', portValue: 50051 } },
    trafficDirection: 'OUTBOUND',
    bindToPort: { value: false },
    filterChains: [
      { filters: [{ name: 'hcm', typedConfig: { typeUrl: TYPE_HTTP_CONNECTION_MANAGER, value } }] },
    ],
    ...change,
  };
}

function read(from: Listener) {
  const findings = new Findings();
  const content = readListener(from, findings);
  return { content, errors: findings.errors, warnings: findings.warnings };
}

test('an outbound listener binds a port to a route configuration', () => {
  assert.deepEqual(read(listener()), {
    content: {
      port: 50051,
      routeConfigName: '50051',
      filters: { fault: undefined, rateLimit: undefined },
    },
    errors: [],
    warnings: [],
  });
});

const rbac = { name: 'envoy.filters.http.rbac', typedConfig: { typeUrl: 'type.googleapis.com/x.RBAC' } };
const refused: readonly (readonly [string, Listener, RegExp])[] = [
  ['an inbound listener', listener({ trafficDirection: 'INBOUND' }), /^traffic_direction: INBOUND/],
  [
    'a listener without a port',
    listener({ address: {} }),
    /port_value: must be a port from 1 to 65535, not absent/,
  ],
  [
    'a listener without a filter chain',
    listener({ filterChains: [] }),
    /^filter_chains: must hold exactly one/,
  ],
  [
    'a TCP proxy',
    listener({ filterChains: [{ filters: [{ name: 'tcp', typedConfig: { typeUrl: 't/x.TcpProxy' } }] }] }),
    /typed_config: must be an HttpConnectionManager, not "t\/x.TcpProxy"/,
  ],
  [
    'a filter that may be there to keep strangers away',
    listener({}, { httpFilters: [rbac, router] }),
    /http_filters\[0\]: filter "envoy.filters.http.rbac" is not supported/,
  ],
  ['a manager without a router', listener({}, { httpFilters: [] }), /http_filters: must end with the router/],
  [
    'a manager without routes',
    listener({}, { rds: { configSource: { ads: {} } } }),
    /rds.route_config_name: must name a route configuration/,
  ],
];

for (const [what, from, error] of refused) {
  test(`refused: ${what}`, () => {
    const { errors } = read(from);
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? '', error);
  });
}

test('an optional filter and an unused setting are warned of', () => {
  const { errors, warnings } = read(
    listener(
      {},
      { httpFilters: [{ ...rbac, isOptional: true }, router], streamIdleTimeout: { seconds: 300 } },
    ),
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(warnings, [
    'http_connection_manager.stream_idle_timeout: has no effect in this proxy',
    'http_connection_manager.http_filters[0]: filter "envoy.filters.http.rbac" is not known to this proxy and is left out',
  ]);
});
