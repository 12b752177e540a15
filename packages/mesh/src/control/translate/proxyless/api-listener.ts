import type { Listener } from '../../../xds/generated/envoy.config.listener.v3.js';
import { encodeHTTPFault } from '../../../xds/generated/envoy.extensions.filters.http.fault.v3.js';
import { encodeRouter } from '../../../xds/generated/envoy.extensions.filters.http.router.v3.js';
import {
  encodeHttpConnectionManager,
  type HttpFilter,
} from '../../../xds/generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import {
  FAULT_FILTER,
  TYPE_FAULT,
  TYPE_HTTP_CONNECTION_MANAGER,
  TYPE_ROUTER,
} from '../../../xds/type-urls.js';
import type { ClientProfile } from '../client-profile.js';
import { OVER_ADS } from '../sidecar/config-source.js';

const FAULT: HttpFilter = {
  name: FAULT_FILTER,
  typedConfig: { typeUrl: TYPE_FAULT, value: encodeHTTPFault({}) },
};
/** The last filter, and last only (gRFC A39). */
const ROUTER: HttpFilter = {
  name: 'envoy.filters.http.router',
  typedConfig: { typeUrl: TYPE_ROUTER, value: encodeRouter({}) },
};

/**
 * What `xds:///<name>` asks for: a Listener that listens nowhere, with the way to its routes (gRFC A27). Idle timeouts
 * are left out: grpc-js takes one for the timeout of every call.
 */
export function translateApiListener(
  name: string,
  routeConfigName: string,
  { capabilities }: ClientProfile,
): Listener {
  const value = encodeHttpConnectionManager({
    statPrefix: name,
    rds: { routeConfigName, configSource: OVER_ADS },
    httpFilters: capabilities.has('fault') ? [FAULT, ROUTER] : [ROUTER],
  });
  return { name, apiListener: { apiListener: { typeUrl: TYPE_HTTP_CONNECTION_MANAGER, value } } };
}
