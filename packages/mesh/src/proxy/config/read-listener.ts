import type { Filter, FilterChain, Listener } from '../../xds/generated/envoy.config.listener.v3.js';
import {
  decodeHttpConnectionManager,
  type HttpConnectionManager,
} from '../../xds/generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import { TYPE_HTTP_CONNECTION_MANAGER } from '../../xds/type-urls.js';
import { checkConfigSource } from './config-source.js';
import type { HttpFilters } from './filter/http-filters.js';
import { readHttpFilters } from './filter/read-http-filters.js';
import type { Findings } from './findings.js';

/** What the proxy needs of a Listener: traffic meant for `port` is routed by the named configuration. */
export interface OutboundListener {
  readonly port: number;
  readonly routeConfigName: string;
  readonly filters: HttpFilters;
}

const LISTENER_FIELDS = new Set([
  'name',
  'address',
  'filterChains',
  'trafficDirection',
  'bindToPort',
  'statPrefix',
  'metadata',
]);
const LISTENER_REFUSED = new Set(['defaultFilterChain', 'filterChainMatcher', 'udpListenerConfig']);
const CHAIN_FIELDS = new Set(['filters', 'name', 'metadata']);
const CHAIN_REFUSED = new Set(['filterChainMatch', 'transportSocket', 'useProxyProto']);
const HCM_FIELDS = new Set(['statPrefix', 'codecType', 'rds', 'httpFilters', 'http2ProtocolOptions']);
const HCM_REFUSED = new Set(['routeConfig', 'scopedRoutes', 'stripMatchingHostPort', 'stripAnyHostPort']);

/** Reads a Listener with one chain of one HTTP connection manager and its router; else adds errors. */
export function readListener(listener: Listener, findings: Findings): OutboundListener | undefined {
  findings.unused('', listener, new Set([...LISTENER_FIELDS, ...LISTENER_REFUSED]));
  findings.refuse('', listener, LISTENER_REFUSED);
  if (listener.internalListener !== undefined) {
    findings.error('internal_listener', 'is not supported by this proxy');
  }
  if (listener.trafficDirection === 'INBOUND') {
    findings.error('traffic_direction', 'INBOUND is not supported by this proxy, only OUTBOUND');
  }
  const port = readPort(listener, findings);
  const chains = listener.filterChains ?? [];
  const [chain] = chains;
  if (chain === undefined || chains.length > 1) {
    findings.error('filter_chains', `must hold exactly one chain, not ${chains.length}`);
    return undefined;
  }
  const manager = readChain(chain, findings);
  const read = manager && readManager(manager, findings);
  return port === undefined || read === undefined ? undefined : { port, ...read };
}

function readPort({ address }: Listener, findings: Findings): number | undefined {
  const port = address?.socketAddress?.portValue;
  if (port !== undefined && port >= 1 && port <= 65_535) return port;
  findings.error(
    'address.socket_address.port_value',
    `must be a port from 1 to 65535, not ${port ?? 'absent'}`,
  );
  return undefined;
}

function readChain(chain: FilterChain, findings: Findings): HttpConnectionManager | undefined {
  const path = 'filter_chains[0]';
  findings.unused(path, chain, new Set([...CHAIN_FIELDS, ...CHAIN_REFUSED]));
  findings.refuse(path, chain, CHAIN_REFUSED);
  const filters = chain.filters ?? [];
  const [filter] = filters;
  if (filter === undefined || filters.length > 1) {
    findings.error(`${path}.filters`, `must hold the HTTP connection manager and nothing else`);
    return undefined;
  }
  return readNetworkFilter(filter, findings);
}

function readNetworkFilter(filter: Filter, findings: Findings): HttpConnectionManager | undefined {
  const path = 'filter_chains[0].filters[0].typed_config';
  const typeUrl = filter.typedConfig?.typeUrl ?? '';
  if (typeUrl !== TYPE_HTTP_CONNECTION_MANAGER) {
    findings.error(path, `must be an HttpConnectionManager, not "${typeUrl || (filter.name ?? '')}"`);
    return undefined;
  }
  try {
    return decodeHttpConnectionManager(filter.typedConfig?.value ?? new Uint8Array());
  } catch (error) {
    findings.error(path, `cannot be decoded: ${String(error)}`);
    return undefined;
  }
}

function readManager(
  manager: HttpConnectionManager,
  findings: Findings,
): Omit<OutboundListener, 'port'> | undefined {
  const path = 'http_connection_manager';
  findings.unused(path, manager, new Set([...HCM_FIELDS, ...HCM_REFUSED]));
  findings.refuse(path, manager, HCM_REFUSED);
  if (manager.codecType === 'HTTP1' || manager.codecType === 'HTTP3') {
    findings.error(`${path}.codec_type`, `must be AUTO or HTTP2, not ${manager.codecType}`);
  }
  const filters = readHttpFilters(path, manager, findings);
  const name = manager.rds?.routeConfigName ?? '';
  if (name === '') {
    findings.error(`${path}.rds.route_config_name`, 'must name a route configuration');
    return undefined;
  }
  checkConfigSource(`${path}.rds.config_source`, manager.rds?.configSource, findings);
  return { routeConfigName: name, filters };
}
