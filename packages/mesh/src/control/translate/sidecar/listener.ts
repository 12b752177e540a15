import type { Listener } from '../../../xds/generated/envoy.config.listener.v3.js';
import { encodeRouter } from '../../../xds/generated/envoy.extensions.filters.http.router.v3.js';
import {
  encodeHttpConnectionManager,
  type HttpConnectionManager,
} from '../../../xds/generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import { TYPE_HTTP_CONNECTION_MANAGER, TYPE_ROUTER } from '../../../xds/type-urls.js';
import { listenerName, routeConfigurationName } from '../names.js';
import { OVER_ADS } from './config-source.js';

const ROUTER = 'envoy.filters.http.router';
const CONNECTION_MANAGER = 'envoy.filters.network.http_connection_manager';

/**
 * The Listener for everything that is called on one port, whatever the address. It binds nothing: captured
 * connections are handed to it by their original destination.
 */
export function translateListener(port: number): Listener {
  const manager: HttpConnectionManager = {
    statPrefix: `outbound_${listenerName(port)}`,
    codecType: 'AUTO',
    rds: { routeConfigName: routeConfigurationName(port), configSource: OVER_ADS },
    httpFilters: [{ name: ROUTER, typedConfig: { typeUrl: TYPE_ROUTER, value: encodeRouter({}) } }],
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
