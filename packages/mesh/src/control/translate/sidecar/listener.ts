import type { Listener } from '../../../xds/generated/envoy.config.listener.v3.js';
import type { RouteConfiguration } from '../../../xds/generated/envoy.config.route.v3.js';
import { encodeHTTPFault } from '../../../xds/generated/envoy.extensions.filters.http.fault.v3.js';
import { encodeLocalRateLimit } from '../../../xds/generated/envoy.extensions.filters.http.local_ratelimit.v3.js';
import { encodeRouter } from '../../../xds/generated/envoy.extensions.filters.http.router.v3.js';
import {
  encodeHttpConnectionManager,
  type HttpConnectionManager,
  type HttpFilter,
} from '../../../xds/generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import {
  FAULT_FILTER,
  LOCAL_RATE_LIMIT_FILTER,
  TYPE_FAULT,
  TYPE_HTTP_CONNECTION_MANAGER,
  TYPE_LOCAL_RATE_LIMIT,
  TYPE_ROUTER,
} from '../../../xds/type-urls.js';
import { listenerName, routeConfigurationName } from '../names.js';
import { OVER_ADS } from './config-source.js';

const ROUTER = 'envoy.filters.http.router';
const CONNECTION_MANAGER = 'envoy.filters.network.http_connection_manager';

/**
 * In the order they act in. They do nothing by themselves; routes say what to do. All are always there: were one
 * taken out with its last use, routes that still speak of it would meet a listener without it for a moment.
 */
const HTTP_FILTERS: readonly HttpFilter[] = [
  { name: FAULT_FILTER, typedConfig: { typeUrl: TYPE_FAULT, value: encodeHTTPFault({}) } },
  {
    name: LOCAL_RATE_LIMIT_FILTER,
    typedConfig: {
      typeUrl: TYPE_LOCAL_RATE_LIMIT,
      value: encodeLocalRateLimit({ statPrefix: 'http_local_rate_limiter' }),
    },
  },
  { name: ROUTER, typedConfig: { typeUrl: TYPE_ROUTER, value: encodeRouter({}) } },
];

/** Names of the HTTP filters that a route configuration has something to say to. */
export function filtersIn(routes: RouteConfiguration | undefined): ReadonlySet<string> {
  const hosts = routes?.virtualHosts ?? [];
  const levels = [...hosts, ...hosts.flatMap((host) => host.routes ?? [])];
  return new Set(levels.flatMap(({ typedPerFilterConfig = {} }) => Object.keys(typedPerFilterConfig)));
}

/**
 * The Listener for everything that is called on one port, whatever the address. It binds nothing: captured
 * connections are handed to it by their original destination.
 *
 * @param filters names of the HTTP filters that its routes configure: a client that lacks one of the others may go
 *   without
 */
export function translateListener(port: number, filters: ReadonlySet<string>): Listener {
  const manager: HttpConnectionManager = {
    statPrefix: `outbound_${listenerName(port)}`,
    codecType: 'AUTO',
    rds: { routeConfigName: routeConfigurationName(port), configSource: OVER_ADS },
    httpFilters: HTTP_FILTERS.map((filter) => {
      const isNeeded = filter.name === ROUTER || filters.has(filter.name ?? '');
      return isNeeded ? filter : { ...filter, isOptional: true };
    }),
  };
  return {
    name: listenerName(port),
    address: { socketAddress: { address: '0.0.0.0', portValue: port } },
    bindToPort: { value: false },
    trafficDirection: 'OUTBOUND',
    filterChains: [
      {
        filters: [
          {
            name: CONNECTION_MANAGER,
            typedConfig: {
              typeUrl: TYPE_HTTP_CONNECTION_MANAGER,
              value: encodeHttpConnectionManager(manager),
            },
          },
        ],
      },
    ],
  };
}
