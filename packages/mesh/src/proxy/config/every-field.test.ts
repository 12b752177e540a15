import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect, isDeepStrictEqual } from 'node:util';
import { type Cluster, decodeCluster, encodeCluster } from '../../xds/generated/envoy.config.cluster.v3.js';
import {
  type ClusterLoadAssignment,
  decodeClusterLoadAssignment,
  encodeClusterLoadAssignment,
} from '../../xds/generated/envoy.config.endpoint.v3.js';
import {
  decodeListener,
  encodeListener,
  type Listener,
} from '../../xds/generated/envoy.config.listener.v3.js';
import {
  decodeRouteConfiguration,
  encodeRouteConfiguration,
  type Route,
  type RouteAction,
  type RouteConfiguration,
} from '../../xds/generated/envoy.config.route.v3.js';
import {
  encodeHTTPFault,
  type HTTPFault,
} from '../../xds/generated/envoy.extensions.filters.http.fault.v3.js';
import {
  encodeLocalRateLimit,
  type LocalRateLimit,
} from '../../xds/generated/envoy.extensions.filters.http.local_ratelimit.v3.js';
import {
  encodeHttpConnectionManager,
  type HttpConnectionManager,
} from '../../xds/generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import {
  encodeHttpProtocolOptions,
  type HttpProtocolOptions,
} from '../../xds/generated/envoy.extensions.upstreams.http.v3.js';
import {
  FAULT_FILTER,
  HTTP_PROTOCOL_OPTIONS,
  LOCAL_RATE_LIMIT_FILTER,
  TYPE_FAULT,
  TYPE_HTTP_CONNECTION_MANAGER,
  TYPE_LOCAL_RATE_LIMIT,
  TYPE_ROUTER,
} from '../../xds/type-urls.js';
import { readCluster } from './cluster-settings/read-cluster.js';
import { type Fields, fieldsOf } from './every-field.test.support.js';
import { Findings } from './findings.js';
import { readListener } from './read-listener.js';
import { readLoadAssignment } from './read-load-assignment.js';
import { readRouteConfig } from './route/read-route-config.js';

// Each field that Envoy's .proto files have is set by itself: that must change what is read, or be warned of,
// or be refused. What may go unsaid is written beside the message.

/** Everything that comes of reading a message: content, errors and warnings. */
type Read = (fields: Fields) => { readonly decoded: unknown; readonly outcome: string };

function reader<Message>(
  encode: (message: Message) => Uint8Array,
  decode: (bytes: Uint8Array) => Message,
  readMessage: (message: Message, findings: Findings) => unknown,
  wrap: (fields: Fields) => Message,
): Read {
  return (fields) => {
    const findings = new Findings();
    const decoded = decode(encode(wrap(fields)));
    const content = readMessage(decoded, findings);
    const { errors, warnings } = findings;
    return { decoded, outcome: inspect({ content, errors, warnings }, { depth: null }) };
  };
}

const inRoutes = (wrap: (fields: Fields) => RouteConfiguration): Read =>
  reader(
    encodeRouteConfiguration,
    decodeRouteConfiguration,
    (config, findings) => readRouteConfig(config, '1', findings)?.description,
    wrap,
  );
const inRoute = (wrap: (fields: Fields) => Route): Read =>
  inRoutes((fields) => ({
    virtualHosts: [{ name: 'h', domains: ['h'], routes: [{ match: { prefix: '/' }, ...wrap(fields) }] }],
  }));
const inAction = (wrap: (fields: Fields) => RouteAction): Read =>
  inRoute((fields) => ({ route: { cluster: 'a', ...wrap(fields) } }));
const inCluster = (wrap: (fields: Fields) => Cluster): Read =>
  reader(encodeCluster, decodeCluster, readCluster, (fields): Cluster => ({
    name: 'a',
    type: 'EDS',
    edsClusterConfig: { edsConfig: { ads: {} } },
    ...wrap(fields),
  }));
const inHttpOptions = (wrap: (fields: Fields) => HttpProtocolOptions): Read =>
  inCluster((fields) => ({
    typedExtensionProtocolOptions: {
      [HTTP_PROTOCOL_OPTIONS]: { typeUrl: 'x', value: encodeHttpProtocolOptions(wrap(fields)) },
    },
  }));
const inAssignment = (wrap: (fields: Fields) => ClusterLoadAssignment): Read =>
  reader(encodeClusterLoadAssignment, decodeClusterLoadAssignment, readLoadAssignment, (fields) => ({
    clusterName: 'a',
    ...wrap(fields),
  }));
const inListener = (manager: HttpConnectionManager, rest: Listener = {}): Listener => ({
  address: { socketAddress: { portValue: 50051 } },
  filterChains: [
    {
      filters: [
        {
          typedConfig: {
            typeUrl: TYPE_HTTP_CONNECTION_MANAGER,
            value: encodeHttpConnectionManager({
              rds: { routeConfigName: 'r', configSource: { ads: {} } },
              httpFilters: [{ typedConfig: { typeUrl: TYPE_ROUTER } }],
              ...manager,
            }),
          },
        },
      ],
    },
  ],
  ...rest,
});
const listening = (wrap: (fields: Fields) => Listener): Read =>
  reader(encodeListener, decodeListener, readListener, wrap);
const limit: LocalRateLimit = { tokenBucket: { maxTokens: 1, fillInterval: { seconds: 1 } } };
const socketAddress = { address: '10.0.0.1', portValue: 1 };

interface Case {
  readonly read: Read;
  /** Fields that may be set in silence: names, statistics, and words for other tools. */
  readonly silent?: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  'envoy.config.route.v3.RouteConfiguration': {
    read: inRoutes((fields) => ({ virtualHosts: [], ...fields })),
    // The length of a direct response and the changes' order matter only where there is one.
    silent: [
      'name',
      'metadata',
      'validateClusters',
      'maxDirectResponseBodySizeBytes',
      'requestHeadersToAdd',
      'requestHeadersToRemove',
      'responseHeadersToAdd',
      'responseHeadersToRemove',
    ],
  },
  'envoy.config.route.v3.VirtualHost': {
    read: inRoutes((fields) => ({
      virtualHosts: [{ name: 'h', domains: ['h'], routes: [], ...fields }],
    })),
    silent: ['metadata', 'virtualClusters'],
  },
  'envoy.config.route.v3.Route': {
    read: inRoute((fields) => ({ route: { cluster: 'a' }, ...fields })),
    silent: ['metadata', 'decorator', 'statPrefix'],
  },
  'envoy.config.route.v3.RouteMatch': {
    read: inRoute((fields) => ({ match: { prefix: '/', ...fields }, route: { cluster: 'a' } })),
    // Set, it is true, as it is when it is not.
    silent: ['caseSensitive'],
  },
  'envoy.config.route.v3.HeaderMatcher': {
    read: inRoute((fields) => ({
      match: { prefix: '/', headers: [{ name: 'n', ...fields }] },
      route: { cluster: 'a' },
    })),
    silent: ['presentMatch'],
  },
  'envoy.config.route.v3.QueryParameterMatcher': {
    read: inRoute((fields) => ({
      match: { prefix: '/', queryParameters: [{ name: 'n', ...fields }] },
      route: { cluster: 'a' },
    })),
    silent: ['presentMatch'],
  },
  'envoy.config.route.v3.RouteAction': {
    read: inAction((fields) => fields),
    silent: ['clusterNotFoundResponseCode'],
  },
  'envoy.config.route.v3.RouteAction.MaxStreamDuration': {
    read: inAction((maxStreamDuration) => ({ maxStreamDuration })),
  },
  'envoy.config.route.v3.RouteAction.HashPolicy': {
    read: inAction((one) => ({ hashPolicy: [{ header: { headerName: 'x' }, ...one }] })),
  },
  'envoy.config.route.v3.RouteAction.RequestMirrorPolicy': {
    read: inAction((one) => ({ requestMirrorPolicies: [{ cluster: 'b', ...one }] })),
  },
  'envoy.config.route.v3.WeightedCluster': {
    read: inAction((weightedClusters) => ({
      cluster: undefined,
      weightedClusters: { clusters: [{ name: 'a', weight: { value: 1 } }], ...weightedClusters },
    })),
    silent: ['totalWeight', 'runtimeKeyPrefix'],
  },
  'envoy.config.route.v3.WeightedCluster.ClusterWeight': {
    read: inAction((fields) => ({
      cluster: undefined,
      weightedClusters: { clusters: [{ name: 'a', weight: { value: 1 }, ...fields }] },
    })),
  },
  'envoy.config.route.v3.RetryPolicy': {
    read: inAction((retryPolicy) => ({ retryPolicy: { retryOn: 'retriable-status-codes', ...retryPolicy } })),
    silent: ['hostSelectionRetryMaxAttempts'],
  },
  'envoy.config.route.v3.RedirectAction': { read: inRoute((redirect) => ({ redirect })) },
  'envoy.config.route.v3.DirectResponseAction': {
    read: inRoute((fields) => ({ directResponse: { status: 200, ...fields } })),
  },
  'envoy.config.core.v3.HeaderValueOption': {
    read: inRoute((fields) => ({
      route: { cluster: 'a' },
      requestHeadersToAdd: [{ header: { key: 'k', value: 'v' }, appendAction: 'ADD_IF_ABSENT', ...fields }],
    })),
    silent: ['keepEmptyValue'],
  },
  'envoy.extensions.filters.http.fault.v3.HTTPFault': {
    read: inRoute((fields) => ({
      route: { cluster: 'a' },
      typedPerFilterConfig: {
        [FAULT_FILTER]: { typeUrl: TYPE_FAULT, value: encodeHTTPFault(fields as HTTPFault) },
      },
    })),
    silent: ['disableDownstreamClusterStats', 'filterMetadata'],
  },
  'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit': {
    read: inRoute((fields) => ({
      route: { cluster: 'a' },
      typedPerFilterConfig: {
        [LOCAL_RATE_LIMIT_FILTER]: {
          typeUrl: TYPE_LOCAL_RATE_LIMIT,
          value: encodeLocalRateLimit({ ...limit, ...fields }),
        },
      },
    })),
    silent: ['statPrefix', 'rateLimitedAsResourceExhausted'],
  },
  'envoy.config.cluster.v3.Cluster': {
    read: inCluster((fields) => fields),
    // What there is of a policy's own settings counts only under that policy.
    silent: [
      'altStatName',
      'metadata',
      'waitForWarmOnInit',
      'leastRequestLbConfig',
      'ringHashLbConfig',
      'maglevLbConfig',
    ],
  },
  'envoy.config.cluster.v3.Cluster.CommonLbConfig': {
    read: inCluster((commonLbConfig) => ({ commonLbConfig })),
  },
  'envoy.config.cluster.v3.Cluster.LeastRequestLbConfig': {
    read: inCluster((leastRequestLbConfig) => ({ lbPolicy: 'LEAST_REQUEST', leastRequestLbConfig })),
  },
  'envoy.config.cluster.v3.Cluster.RoundRobinLbConfig': {
    read: inCluster((roundRobinLbConfig) => ({ roundRobinLbConfig })),
  },
  'envoy.config.cluster.v3.Cluster.RingHashLbConfig': {
    read: inCluster((ringHashLbConfig) => ({ lbPolicy: 'RING_HASH', ringHashLbConfig })),
  },
  'envoy.config.cluster.v3.Cluster.MaglevLbConfig': {
    read: inCluster((maglevLbConfig) => ({ lbPolicy: 'MAGLEV', maglevLbConfig })),
  },
  'envoy.config.cluster.v3.CircuitBreakers.Thresholds': {
    read: inCluster((one) => ({ circuitBreakers: { thresholds: [one] } })),
    silent: ['trackRemaining'],
  },
  'envoy.config.cluster.v3.OutlierDetection': {
    read: inCluster((outlierDetection) => ({ outlierDetection })),
    silent: ['alwaysEjectOneHost', 'successfulActiveHealthCheckUnejectHost'],
  },
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
    read: inHttpOptions((fields) => fields),
  },
  'envoy.config.core.v3.HttpProtocolOptions': {
    read: inHttpOptions((commonHttpProtocolOptions) => ({ commonHttpProtocolOptions })),
  },
  'envoy.config.core.v3.Http2ProtocolOptions': {
    read: inHttpOptions((http2ProtocolOptions) => ({ explicitHttpConfig: { http2ProtocolOptions } })),
  },
  'envoy.config.core.v3.KeepaliveSettings': {
    read: inHttpOptions((fields) => {
      const connectionKeepalive = { interval: { seconds: 1 }, timeout: { seconds: 1 }, ...fields };
      return { explicitHttpConfig: { http2ProtocolOptions: { connectionKeepalive } } };
    }),
  },
  'envoy.config.cluster.v3.UpstreamConnectionOptions': {
    read: inCluster((upstreamConnectionOptions) => ({ upstreamConnectionOptions })),
  },
  'envoy.config.endpoint.v3.ClusterLoadAssignment': {
    read: inAssignment((fields) => fields),
    silent: ['clusterName'],
  },
  'envoy.config.endpoint.v3.LocalityLbEndpoints': {
    read: inAssignment((fields) => ({
      endpoints: [{ lbEndpoints: [{ endpoint: { address: { socketAddress } } }], ...fields }],
    })),
    silent: ['metadata', 'proximity'],
  },
  'envoy.config.endpoint.v3.LbEndpoint': {
    read: inAssignment((fields) => ({
      endpoints: [{ lbEndpoints: [{ endpoint: { address: { socketAddress } }, ...fields }] }],
    })),
    silent: ['metadata'],
  },
  'envoy.config.endpoint.v3.Endpoint': {
    silent: ['hostname', 'healthCheckConfig'],
    read: inAssignment((fields) => ({
      endpoints: [{ lbEndpoints: [{ endpoint: { address: { socketAddress }, ...fields } }] }],
    })),
  },
  'envoy.config.listener.v3.Listener': {
    read: listening((fields) => inListener({}, fields)),
    silent: ['name', 'statPrefix', 'metadata', 'bindToPort', 'trafficDirection'],
  },
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager': {
    read: listening((fields) => inListener(fields)),
    silent: ['statPrefix', 'http2ProtocolOptions'],
  },
};

for (const [name, { read, silent = [] }] of Object.entries(cases)) {
  describe(`no field of ${name} is passed over in silence`, () => {
    const base = read({});
    for (const { name: field, sample, exclusive, deprecated } of fieldsOf(name)) {
      const others = Object.fromEntries(exclusive.map((other) => [other, undefined]));
      const { decoded, outcome } = read({ ...others, [field]: sample });
      // Some deprecated fields are not generated, so that nobody sees them.
      if (deprecated && isDeepStrictEqual(decoded, base.decoded)) continue;
      it(field, () => {
        if (silent.includes(field)) assert.equal(outcome, base.outcome, 'it need not be listed as silent');
        else assert.notEqual(outcome, base.outcome);
      });
    }
  });
}
