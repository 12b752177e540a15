/** Type URLs of the four resource types on an aggregated (ADS) stream, and of what stands inside them. */
export const TYPE_LISTENER = 'type.googleapis.com/envoy.config.listener.v3.Listener';
export const TYPE_ROUTE = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration';
export const TYPE_CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
export const TYPE_ENDPOINT = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';

export type ResourceType =
  typeof TYPE_LISTENER | typeof TYPE_ROUTE | typeof TYPE_CLUSTER | typeof TYPE_ENDPOINT;

export const TYPE_HTTP_CONNECTION_MANAGER =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
export const TYPE_FAULT = 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault';
export const TYPE_LOCAL_RATE_LIMIT =
  'type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit';
export const TYPE_PREVIOUS_HOSTS =
  'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate';
export const TYPE_PREVIOUS_PRIORITIES =
  'type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig';
export const TYPE_TYPED_STRUCT = 'type.googleapis.com/xds.type.v3.TypedStruct';
export const TYPE_LEAST_REQUEST_POLICY =
  'type.googleapis.com/envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest';
export const TYPE_RANDOM_POLICY =
  'type.googleapis.com/envoy.extensions.load_balancing_policies.random.v3.Random';
export const TYPE_ROUND_ROBIN_POLICY =
  'type.googleapis.com/envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin';
export const TYPE_WEIGHTED_ROUND_ROBIN_POLICY =
  'type.googleapis.com/envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin';
export const TYPE_WRR_LOCALITY_POLICY =
  'type.googleapis.com/envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality';
/** In `typed_per_filter_config`, wraps a filter's settings to say more about them. */
export const TYPE_FILTER_CONFIG = 'type.googleapis.com/envoy.config.route.v3.FilterConfig';
/** Names of HTTP filters: keys of `typed_per_filter_config`, and names in a connection manager's `http_filters`. */
export const FAULT_FILTER = 'envoy.filters.http.fault';
export const LOCAL_RATE_LIMIT_FILTER = 'envoy.filters.http.local_ratelimit';
export const TYPE_ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
export const TYPE_HTTP_PROTOCOL_OPTIONS =
  'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
/** Key of `HttpProtocolOptions` in a Cluster's `typed_extension_protocol_options`: the extension's name, no type URL. */
export const HTTP_PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/**
 * Make-before-break order. xDS protocol, "Eventual consistency considerations": "CDS updates (if any) must always be
 * pushed first. EDS updates (if any) must arrive after CDS updates for the respective clusters. LDS updates must
 * arrive after corresponding CDS/EDS updates. RDS updates related to the newly added listeners must arrive after
 * CDS/EDS/LDS updates".
 */
export const PUSH_ORDER: readonly ResourceType[] = [TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE];

/** "Listener" for `type.googleapis.com/envoy.config.listener.v3.Listener`: for people. */
export function shortTypeName(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}
