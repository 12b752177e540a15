import { implemented, missing, partly, type FieldSupport } from './field-support.js';

const TCP_PROBES = 'the operating system says how many probes there are and how far apart';

const LATE = 'It may be noticed a second late.';

const PINGS =
  'Idle or not, as in Istio; without it an endpoint with open calls is probed every 5 minutes (`--limit keepaliveTimeMs`). Servers of gRPC end connections that are probed more often than they permit: by default every 5 minutes, and not while idle.';

const NO_TLS = 'endpoints are spoken to in clear text in this version';

/**
 * Fields of a traffic policy, which stands in four places: the rule's own, a subset's, and that of one port in
 * either.
 */
const TRAFFIC_POLICY: readonly FieldSupport[] = [
  partly(
    'loadBalancer.simple',
    (value) => value === 'PASSTHROUGH',
    '`PASSTHROUGH` is not implemented: there is no original destination to pass to; the balancer of the command line is used. `LEAST_CONN` is `LEAST_REQUEST`.',
  ),
  implemented('loadBalancer.consistentHash.httpHeaderName'),
  implemented('loadBalancer.consistentHash.httpCookie.name'),
  implemented('loadBalancer.consistentHash.httpCookie.path'),
  implemented('loadBalancer.consistentHash.httpCookie.ttl'),
  implemented('loadBalancer.consistentHash.httpCookie.attributes[].name'),
  implemented('loadBalancer.consistentHash.httpCookie.attributes[].value'),
  implemented('loadBalancer.consistentHash.useSourceIp'),
  implemented('loadBalancer.consistentHash.httpQueryParameterName'),
  implemented('loadBalancer.consistentHash.ringHash.minimumRingSize'),
  implemented('loadBalancer.consistentHash.maglev.tableSize'),
  implemented('loadBalancer.consistentHash.minimumRingSize', 'Deprecated; `ringHash` goes before it.'),
  implemented('loadBalancer.warmup.duration'),
  implemented('loadBalancer.warmup.minimumPercent'),
  implemented('loadBalancer.warmup.aggression'),
  implemented('loadBalancer.warmupDurationSecs', 'Deprecated; `warmup` goes before it.'),
  implemented(
    'loadBalancer.localityLbSetting.enabled',
    'As in Istio, `outlierDetection` alone makes calls stay near and fail over, for clients that give their locality in their xDS node; `false` switches this off.',
  ),
  implemented('loadBalancer.localityLbSetting.distribute[].from'),
  implemented('loadBalancer.localityLbSetting.distribute[].to'),
  implemented('loadBalancer.localityLbSetting.failover[].from'),
  implemented('loadBalancer.localityLbSetting.failover[].to'),
  implemented('loadBalancer.localityLbSetting.failoverPriority'),
  implemented(
    'loadBalancer.zoneAwareLbSetting.enabled',
    'Keeps calls within the zone of the caller as far as its endpoints can bear them. How many clients each zone has, a sidecar does not know: it takes them for equally many.',
  ),
  implemented(
    'loadBalancer.zoneAwareLbSetting.minClusterSize',
    'With fewer endpoints all zones are one; default 6.',
  ),
  missing(
    'loadBalancer.zoneAwareLbSetting.failover',
    'what a zone cannot bear goes to those with endpoints to spare; use localityLbSetting to say where to',
  ),
  missing(
    'loadBalancer.zoneAwareLbSetting.failoverPriority',
    'what a zone cannot bear goes to those with endpoints to spare; use localityLbSetting to say where to',
  ),
  implemented('connectionPool.tcp.maxConnections'),
  implemented('connectionPool.tcp.connectTimeout', 'When it is left out: 5 s (Istio: 10 s).'),
  implemented(
    'connectionPool.tcp.tcpKeepalive.time',
    'When it is left out: 30 s (Istio: what the operating system has, 2 h as a rule).',
  ),
  missing('connectionPool.tcp.tcpKeepalive.probes', TCP_PROBES),
  missing('connectionPool.tcp.tcpKeepalive.interval', TCP_PROBES),
  implemented('connectionPool.tcp.maxConnectionDuration', LATE),
  missing(
    'connectionPool.tcp.idleTimeout',
    'it is for connections that are not HTTP, which pass through untouched',
  ),
  implemented('connectionPool.http.http1MaxPendingRequests'),
  implemented('connectionPool.http.http2MaxRequests'),
  implemented('connectionPool.http.maxRequestsPerConnection'),
  implemented(
    'connectionPool.http.maxRetries',
    'When neither it nor `retryBudget` is given, retries may be 20 % of the calls under way, and 3 always (Istio: without limit).',
  ),
  implemented('connectionPool.http.idleTimeout', `Default one hour; \`0s\` means none. ${LATE}`),
  partly(
    'connectionPool.http.h2UpgradePolicy',
    (value) => value === 'DO_NOT_UPGRADE',
    '`DO_NOT_UPGRADE` is not implemented: endpoints are always spoken to in HTTP/2',
  ),
  missing('connectionPool.http.useClientProtocol', 'endpoints are always spoken to in HTTP/2'),
  implemented(
    'connectionPool.http.maxConcurrentStreams',
    'If the endpoint allows as many. Calls beyond it go on further connections, 10 for each endpoint (`--limit maxConnectionsPerHost`), or wait.',
  ),
  implemented('connectionPool.http.http2KeepAlive.interval', PINGS),
  implemented('connectionPool.http.http2KeepAlive.timeout', 'Default 20 s.'),
  implemented(
    'outlierDetection.consecutive5xxErrors',
    'A gRPC status counts as the HTTP status it stands for, in the headers and in the trailers (Istio: in the headers only).',
  ),
  implemented('outlierDetection.consecutiveGatewayErrors'),
  missing('outlierDetection.consecutiveErrors', 'Istio has removed it; use consecutive5xxErrors'),
  implemented('outlierDetection.splitExternalLocalOriginErrors'),
  implemented('outlierDetection.consecutiveLocalOriginFailures'),
  implemented('outlierDetection.interval'),
  implemented('outlierDetection.baseEjectionTime'),
  implemented('outlierDetection.maxEjectionPercent'),
  implemented('outlierDetection.minHealthPercent'),
  missing(
    'outlierDetection.outlierDetectionHttpErrorCodes',
    'statuses of 500 and more count; the list has no place in the xDS version that is spoken',
  ),
  partly(
    'tls.mode',
    (value) => value !== 'DISABLE',
    `only \`DISABLE\`, which is what happens, is implemented: ${NO_TLS}`,
    { severity: 'error' },
  ),
  missing('tls.clientCertificate', NO_TLS),
  missing('tls.privateKey', NO_TLS),
  missing('tls.caCertificates', NO_TLS),
  missing('tls.caCrl', NO_TLS),
  missing('tls.credentialName', NO_TLS),
  missing('tls.subjectAltNames', NO_TLS),
  missing('tls.sni', NO_TLS),
  missing('tls.insecureSkipVerify', NO_TLS),
];

/** Fields of a traffic policy that it cannot have for one port alone. */
const WHOLE_POLICY: readonly FieldSupport[] = [
  implemented(
    'portLevelSettings[].port',
    'As in Istio, settings for a port take nothing from those for all ports.',
  ),
  implemented(
    'retryBudget.percent',
    'Of the calls under way that are no retries (Envoy counts these too, which lets through 1.25 times the load at 20 %).',
  ),
  implemented('retryBudget.minRetryConcurrency'),
  missing('retryBudget.budgetInterval', 'the budget is a share of the calls under way, as in Envoy'),
  missing('tunnel', 'calls go to endpoints directly'),
  missing('proxyProtocol', 'endpoints are told nothing before HTTP/2'),
];

function below(prefix: string, rows: readonly FieldSupport[]): readonly FieldSupport[] {
  return rows.map((row) => ({ ...row, field: `${prefix}.${row.field}` }));
}

/** Every field of a DestinationRule; a traffic policy's once, as `spec.trafficPolicy`. */
export const DESTINATION_RULE_FIELDS: readonly FieldSupport[] = [
  implemented(
    'spec.host',
    'As in Istio, rules are looked for in the namespace of the client, then in that of the service, then in `istio-system`, and those of one namespace are merged.',
  ),
  implemented('spec.exportTo'),
  implemented(
    'spec.workloadSelector.matchLabels',
    'By the labels that the client gives in its xDS node metadata.',
  ),
  implemented('spec.subsets[].name'),
  implemented(
    'spec.subsets[].labels',
    'Labels are those of the Pod that an EndpointSlice names in `targetRef`, or of the endpoint in a ServiceEntry. A destination whose subset does not exist has no endpoints, and is reported.',
  ),
  ...below('spec.trafficPolicy', [...TRAFFIC_POLICY, ...WHOLE_POLICY]),
];

/**
 * The places of a field that the table has as `spec.trafficPolicy.…`; of any other field, itself.
 */
export function placesOf(field: string): readonly string[] {
  const [, inPolicy] = /^spec\.trafficPolicy\.(.+)$/.exec(field) ?? [];
  if (inPolicy === undefined) return [field];
  const places = [field, `spec.subsets[].trafficPolicy.${inPolicy}`];
  if (!TRAFFIC_POLICY.some((row) => row.field === inPolicy)) return places;
  return [
    ...places,
    `spec.trafficPolicy.portLevelSettings[].${inPolicy}`,
    `spec.subsets[].trafficPolicy.portLevelSettings[].${inPolicy}`,
  ];
}
