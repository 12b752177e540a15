import { clustersOf, compileRouteTable, type RouteTable, type RouteTableDescription } from '@weir/core';
import type { RouteConfiguration } from '../../../xds/generated/envoy.config.route.v3.js';
import type { Findings } from '../findings.js';
import { readMirrors } from './read-mirrors.js';
import { OVERRIDE_FIELDS, readOverrides } from './read-overrides.js';
import { readVirtualHost } from './read-virtual-host.js';

/** A route configuration ready to be asked. */
export interface RouteConfig {
  readonly description: RouteTableDescription;
  readonly table: RouteTable;
  /** The clusters that it may send requests to. */
  readonly clusters: ReadonlySet<string>;
}

/** Envoy: `max_direct_response_body_size_bytes`, "The default value is 4096". */
const DEFAULT_MAX_BODY_BYTES = 4096;

/** Without these, hosts or paths would be found otherwise than was meant. */
const REFUSED = new Set([
  'vhds',
  'clusterSpecifierPlugins',
  'ignorePortInHostMatching',
  'ignorePathParametersInPathMatching',
]);
const FIELDS = new Set([
  'name',
  'virtualHosts',
  'validateClusters',
  'metadata',
  'maxDirectResponseBodySizeBytes',
  'mostSpecificHeaderMutationsWins',
  'requestMirrorPolicies',
  ...OVERRIDE_FIELDS,
  ...REFUSED,
]);

/** Reads a RouteConfiguration; adds an error for whatever would send requests elsewhere than it says. */
export function readRouteConfig(
  config: RouteConfiguration,
  version: string,
  findings: Findings,
): RouteConfig | undefined {
  findings.unused('', config, FIELDS);
  findings.refuse('', config, REFUSED);
  const mostSpecificHeadersWin = config.mostSpecificHeaderMutationsWins ?? false;
  const level = {
    overrides: readOverrides('', config, findings),
    mostSpecificHeadersWin,
    mirrors: readMirrors('', config.requestMirrorPolicies, findings),
    maxBodyBytes:
      config.maxDirectResponseBodySizeBytes === undefined
        ? DEFAULT_MAX_BODY_BYTES
        : (config.maxDirectResponseBodySizeBytes.value ?? 0),
  };
  const virtualHosts = (config.virtualHosts ?? []).map((host, index) =>
    readVirtualHost(`virtual_hosts[${index}]`, host, level, findings),
  );
  if (findings.errors.length > 0) return undefined;
  const description = { version, virtualHosts, ...(mostSpecificHeadersWin && { mostSpecificHeadersWin }) };
  try {
    return { description, table: compileRouteTable(description), clusters: clustersOf(description) };
  } catch (error) {
    findings.error('virtual_hosts', error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
