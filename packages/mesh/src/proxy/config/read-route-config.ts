import {
  clustersOf,
  compileRouteTable,
  type ForwardAction,
  type RouteDescription,
  type RouteTable,
  type VirtualHostDescription,
} from '@weir/core';
import type {
  Route,
  RouteAction,
  RouteConfiguration,
  VirtualHost,
  WeightedCluster as XdsWeightedCluster,
} from '../../xds/generated/envoy.config.route.v3.js';
import { durationMs } from './duration.js';
import type { Findings } from './findings.js';
import { readRouteMatch } from './read-route-match.js';

/** A route configuration ready to be asked. */
export interface RouteConfig {
  readonly table: RouteTable;
  /** The clusters that it may send requests to. */
  readonly clusters: ReadonlySet<string>;
}

const CONFIG_FIELDS = new Set([
  'name',
  'virtualHosts',
  'validateClusters',
  'metadata',
  'maxDirectResponseBodySizeBytes',
]);
const CONFIG_REFUSED = new Set(['vhds', 'clusterSpecifierPlugins', 'ignorePortInHostMatching']);
const HOST_FIELDS = new Set(['name', 'domains', 'routes', 'metadata', 'virtualClusters']);
const HOST_REFUSED = new Set(['requireTls', 'matcher']);
const ROUTE_FIELDS = new Set(['name', 'match', 'route', 'metadata', 'decorator', 'statPrefix']);
const ROUTE_REFUSED = new Set(['redirect', 'directResponse', 'filterAction', 'nonForwardingAction']);
const ACTION_FIELDS = new Set([
  'cluster',
  'weightedClusters',
  'timeout',
  'maxStreamDuration',
  'clusterNotFoundResponseCode',
]);
/** Without these, requests would go elsewhere or arrive as something else than was meant. */
const ACTION_REFUSED = new Set([
  'clusterHeader',
  'clusterSpecifierPlugin',
  'inlineClusterSpecifierPlugin',
  'metadataMatch',
  'prefixRewrite',
  'regexRewrite',
  'pathRewritePolicy',
  'hostRewriteLiteral',
  'hostRewriteHeader',
  'hostRewritePathRegex',
  'autoHostRewrite',
]);
const ALL_CONFIG_FIELDS = new Set([...CONFIG_FIELDS, ...CONFIG_REFUSED]);
const ALL_HOST_FIELDS = new Set([...HOST_FIELDS, ...HOST_REFUSED]);
const ALL_ROUTE_FIELDS = new Set([...ROUTE_FIELDS, ...ROUTE_REFUSED]);
const ALL_ACTION_FIELDS = new Set([...ACTION_FIELDS, ...ACTION_REFUSED]);

/** Reads a RouteConfiguration; adds an error for whatever would send requests elsewhere than it says. */
export function readRouteConfig(
  config: RouteConfiguration,
  version: string,
  findings: Findings,
): RouteConfig | undefined {
  findings.unused('', config, ALL_CONFIG_FIELDS);
  findings.refuse('', config, CONFIG_REFUSED);
  const virtualHosts = (config.virtualHosts ?? []).map((host, index) =>
    readVirtualHost(`virtual_hosts[${index}]`, host, findings),
  );
  if (findings.errors.length > 0) return undefined;
  const description = { version, virtualHosts };
  try {
    return { table: compileRouteTable(description), clusters: clustersOf(description) };
  } catch (error) {
    findings.error('virtual_hosts', error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function readVirtualHost(path: string, host: VirtualHost, findings: Findings): VirtualHostDescription {
  findings.unused(path, host, ALL_HOST_FIELDS);
  findings.refuse(path, host, HOST_REFUSED);
  const { name = '', domains = [], routes = [] } = host;
  if (domains.length === 0) findings.error(`${path}.domains`, 'must not be empty');
  const read = routes.map((route, index) => readRoute(`${path}.routes[${index}]`, route, findings));
  return { name, domains, routes: read.filter((route) => route !== undefined) };
}

function readRoute(path: string, route: Route, findings: Findings): RouteDescription | undefined {
  findings.unused(path, route, ALL_ROUTE_FIELDS);
  findings.refuse(path, route, ROUTE_REFUSED);
  const match = readRouteMatch(`${path}.match`, route.match ?? {}, findings);
  if (route.route === undefined) {
    findings.error(`${path}.route`, 'must be set: this proxy forwards requests and has no other action');
    return undefined;
  }
  const clusters = readClusters(`${path}.route`, route.route, findings);
  const timeoutMs = readTimeout(`${path}.route`, route.route, findings);
  if (match === undefined || clusters === undefined) return undefined;
  return { name: route.name ?? '', match, action: { kind: 'forward', clusters, timeoutMs } };
}

type Clusters = ForwardAction['clusters'];

function readClusters(path: string, action: RouteAction, findings: Findings): Clusters | undefined {
  findings.unused(path, action, ALL_ACTION_FIELDS);
  findings.refuse(path, action, ACTION_REFUSED);
  if (action.weightedClusters !== undefined) {
    return readWeightedClusters(`${path}.weighted_clusters`, action.weightedClusters, findings);
  }
  if (action.cluster === undefined || action.cluster === '') {
    findings.error(`${path}.cluster`, 'must name a cluster');
    return undefined;
  }
  return [{ cluster: action.cluster, weight: 1 }];
}

function readWeightedClusters(
  path: string,
  { clusters = [], ...rest }: XdsWeightedCluster,
  findings: Findings,
): Clusters | undefined {
  // The total follows from the weights: "If not specified, ... the sum of the entries in the clusters".
  findings.unused(path, rest, new Set(['totalWeight', 'runtimeKeyPrefix']));
  let total = 0;
  const read = clusters.map((entry, index) => {
    const where = `${path}.clusters[${index}]`;
    findings.refuse(where, entry, new Set(['metadataMatch', 'hostRewriteLiteral', 'clusterHeader']));
    findings.unused(
      where,
      entry,
      new Set(['name', 'weight', 'metadataMatch', 'hostRewriteLiteral', 'clusterHeader']),
    );
    if (!entry.name) findings.error(`${where}.name`, 'must name a cluster');
    const weight = entry.weight?.value ?? 0;
    total += weight;
    return { cluster: entry.name ?? '', weight };
  });
  if (total < 1) {
    findings.error(path, 'the sum of the weights must be at least 1');
    return undefined;
  }
  return read;
}

/**
 * Envoy cuts a request off after 15 s when no timeout is written; here, as in gRPC, there is none then. A
 * duration of 0 means none in both.
 */
function readTimeout(path: string, { timeout, maxStreamDuration }: RouteAction, findings: Findings): number {
  if (maxStreamDuration !== undefined) {
    findings.unused(`${path}.max_stream_duration`, maxStreamDuration, new Set(['maxStreamDuration']));
  }
  const limits = [timeout, maxStreamDuration?.maxStreamDuration]
    .filter((duration) => duration !== undefined)
    .map(durationMs);
  if (limits.some((limitMs) => limitMs < 0)) findings.error(`${path}.timeout`, 'must not be negative');
  const positive = limits.filter((limitMs) => limitMs > 0);
  return positive.length === 0 ? 0 : Math.min(...positive);
}
