import { decodeListener } from 'weir/dist/xds/generated/envoy.config.listener.v3.js';
import { decodeRouteConfiguration } from 'weir/dist/xds/generated/envoy.config.route.v3.js';
import {
  decodeHttpConnectionManager,
  type HttpConnectionManager,
} from 'weir/dist/xds/generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import { checkSnapshot, formatDangling, type Snapshot } from 'weir/dist/xds/snapshot.js';
import {
  PUSH_ORDER,
  TYPE_HTTP_CONNECTION_MANAGER,
  TYPE_LISTENER,
  TYPE_ROUTE,
  TYPE_ROUTER,
} from 'weir/dist/xds/type-urls.js';
import { validateMessage } from './validate.js';

/** Everything that can be said against a configuration by Envoy's rules, without an Envoy. */
export function faultsOf(snapshot: Snapshot): readonly string[] {
  const faults = checkSnapshot(snapshot).map(formatDangling);
  for (const typeUrl of PUSH_ORDER) {
    const typeName = typeUrl.split('/').at(-1) ?? '';
    for (const { name, bytes } of snapshot.types[typeUrl].resources.values())
      faults.push(...validateMessage(typeName, bytes).map((error) => `${typeName} ${name}: ${error}`));
  }
  for (const { name, bytes } of snapshot.types[TYPE_LISTENER].resources.values())
    for (const manager of managersIn(bytes))
      faults.push(...checkFilters(manager).map((error) => `${name}: ${error}`));
  for (const { name, bytes } of snapshot.types[TYPE_ROUTE].resources.values())
    faults.push(...checkDomains(bytes).map((error) => `${name}: ${error}`));
  return faults;
}

function managersIn(bytes: Uint8Array): readonly HttpConnectionManager[] {
  const { apiListener, filterChains = [] } = decodeListener(bytes);
  const configs = [
    apiListener?.apiListener,
    ...filterChains.flatMap(({ filters = [] }) => filters.map(({ typedConfig }) => typedConfig)),
  ];
  return configs.flatMap((config) =>
    config?.typeUrl === TYPE_HTTP_CONNECTION_MANAGER
      ? [decodeHttpConnectionManager(config.value ?? new Uint8Array(0))]
      : [],
  );
}

/** Envoy: "The terminal filter … must be the last"; names of filters are keys of per-route configuration. */
function checkFilters({ httpFilters = [] }: HttpConnectionManager): readonly string[] {
  const errors: string[] = [];
  const routers = httpFilters.map(({ typedConfig }) => typedConfig?.typeUrl === TYPE_ROUTER);
  if (routers.indexOf(true) !== httpFilters.length - 1)
    errors.push('the router must be the last filter, and only the last');
  if (new Set(httpFilters.map(({ name }) => name)).size !== httpFilters.length)
    errors.push('two filters bear one name');
  return errors;
}

/** Envoy: "Only unique values for domains are permitted" in a route configuration. */
function checkDomains(bytes: Uint8Array): readonly string[] {
  const { virtualHosts = [] } = decodeRouteConfiguration(bytes);
  const domains = virtualHosts.flatMap((host) => host.domains ?? []);
  return new Set(domains).size === domains.length ? [] : ['a domain stands twice'];
}
