import type { Cluster } from '../../../xds/generated/envoy.config.cluster.v3.js';
import type {
  Http2ProtocolOptions,
  HttpProtocolOptions as CommonOptions,
  KeepaliveSettings,
} from '../../../xds/generated/envoy.config.core.v3.js';
import {
  decodeHttpProtocolOptions,
  type HttpProtocolOptions,
} from '../../../xds/generated/envoy.extensions.upstreams.http.v3.js';
import { HTTP_PROTOCOL_OPTIONS } from '../../../xds/type-urls.js';
import { decodeTyped } from '../decode-typed.js';
import { readDuration, readPositiveDuration } from '../duration.js';
import type { Findings } from '../findings.js';

/** How connections to the endpoints of a cluster are kept. Times in milliseconds; 0 means none. */
export interface PoolSettings {
  /** Requests on a connection in all, after which it takes no more; `Infinity`, the default, for no limit. */
  readonly maxRequestsPerConnection: number;
  /** Requests on a connection at a time, if the endpoint allows as many; `Infinity` by default. */
  readonly maxConcurrentStreams: number;
  /** A connection without a request is closed after so long. Default: one hour, as Envoy. */
  readonly idleTimeoutMs: number;
  /** A connection takes no more requests after so long. Default: none. */
  readonly maxConnectionDurationMs: number;
  /** How often a connection is probed with PING, and how long the answer may take. Default: the proxy's own. */
  readonly http2Keepalive: { readonly intervalMs: number; readonly timeoutMs: number } | undefined;
  /** Silence before TCP's own probes begin. Default: 0, which leaves it to the proxy. */
  readonly tcpKeepaliveMs: number;
}

const DEFAULT_IDLE_TIMEOUT_MS = 3_600_000;
const OPTIONS_PATH = `typed_extension_protocol_options["${HTTP_PROTOCOL_OPTIONS}"]`;
const OPTIONS_FIELDS = new Set([
  'explicitHttpConfig',
  'useDownstreamProtocolConfig',
  'autoConfig',
  'commonHttpProtocolOptions',
]);
const COMMON_FIELDS = new Set(['idleTimeout', 'maxConnectionDuration', 'maxRequestsPerConnection']);
const HTTP2_FIELDS = new Set(['maxConcurrentStreams', 'connectionKeepalive']);
const CONNECTION_FIELDS = new Set(['tcpKeepalive']);
/** How many probes there are and how far apart is not Node's to say. */
const TCP_KEEPALIVE_FIELDS = new Set(['keepaliveTime']);
const KEEPALIVE_FIELDS = new Set(['interval', 'timeout']);
/** Linux `tcp_keepalive_time`, which counts where only other settings of the probes are written. */
const DEFAULT_TCP_KEEPALIVE_MS = 7_200_000;

/** Reads how connections are kept. Endpoints are spoken to in HTTP/2, whatever is written. */
export function readPool(cluster: Cluster, findings: Findings): PoolSettings {
  const { path, common, http2 } = readProtocol(cluster, findings);
  findings.unused(path.common, common, COMMON_FIELDS);
  findings.unused(path.http2, http2, HTTP2_FIELDS);
  const { idleTimeout, maxConnectionDuration } = common;
  const perConnection = common.maxRequestsPerConnection ?? cluster.maxRequestsPerConnection;
  const longestMs = readDuration(`${path.common}.max_connection_duration`, maxConnectionDuration, findings);
  return {
    // "max_requests_per_connection ... 0 means no limit" in Istio; Envoy refuses 0.
    maxRequestsPerConnection: perConnection?.value || Infinity,
    maxConcurrentStreams: http2.maxConcurrentStreams?.value || Infinity,
    idleTimeoutMs:
      readDuration(`${path.common}.idle_timeout`, idleTimeout, findings) ?? DEFAULT_IDLE_TIMEOUT_MS,
    maxConnectionDurationMs: longestMs ?? 0,
    http2Keepalive: readKeepalive(`${path.http2}.connection_keepalive`, http2.connectionKeepalive, findings),
    tcpKeepaliveMs: readTcpKeepalive(cluster, findings),
  };
}

interface Protocol {
  readonly path: { readonly common: string; readonly http2: string };
  readonly common: CommonOptions;
  readonly http2: Http2ProtocolOptions;
}

function readProtocol(cluster: Cluster, findings: Findings): Protocol {
  for (const key of Object.keys(cluster.typedExtensionProtocolOptions ?? {})) {
    if (key !== HTTP_PROTOCOL_OPTIONS) {
      findings.warn(`typed_extension_protocol_options["${key}"]`, 'has no effect in this proxy');
    }
  }
  const typed = cluster.typedExtensionProtocolOptions?.[HTTP_PROTOCOL_OPTIONS];
  if (typed === undefined) {
    return {
      path: { common: 'common_http_protocol_options', http2: 'http2_protocol_options' },
      common: cluster.commonHttpProtocolOptions ?? {},
      http2: cluster.http2ProtocolOptions ?? {},
    };
  }
  const options = decodeTyped(OPTIONS_PATH, typed, decodeHttpProtocolOptions, findings) ?? {};
  findings.unused(OPTIONS_PATH, options, OPTIONS_FIELDS);
  const { commonHttpProtocolOptions: common = {} } = options;
  const [field, http2] = http2Of(options, findings);
  return {
    path: {
      common: `${OPTIONS_PATH}.common_http_protocol_options`,
      http2: `${OPTIONS_PATH}.${field}.http2_protocol_options`,
    },
    common,
    http2,
  };
}

function http2Of(options: HttpProtocolOptions, findings: Findings): [string, Http2ProtocolOptions] {
  const { explicitHttpConfig: explicit, useDownstreamProtocolConfig: same, autoConfig } = options;
  if (explicit?.httpProtocolOptions !== undefined || explicit?.http3ProtocolOptions !== undefined) {
    findings.error(
      `${OPTIONS_PATH}.explicit_http_config`,
      'must be http2_protocol_options: endpoints are spoken to in HTTP/2',
    );
  }
  if (same !== undefined) return ['use_downstream_protocol_config', same.http2ProtocolOptions ?? {}];
  if (autoConfig !== undefined) return ['auto_config', autoConfig.http2ProtocolOptions ?? {}];
  return ['explicit_http_config', explicit?.http2ProtocolOptions ?? {}];
}

function readKeepalive(
  path: string,
  keepalive: KeepaliveSettings | undefined,
  findings: Findings,
): PoolSettings['http2Keepalive'] {
  if (keepalive === undefined) return undefined;
  findings.unused(path, keepalive, KEEPALIVE_FIELDS);
  const { interval, timeout = {} } = keepalive;
  const timeoutMs = readPositiveDuration(`${path}.timeout`, timeout, findings) ?? 0;
  // Without an interval only idle connections are probed, when `connection_idle_interval` says so.
  if (interval === undefined) return undefined;
  return { intervalMs: readPositiveDuration(`${path}.interval`, interval, findings) ?? 0, timeoutMs };
}

function readTcpKeepalive({ upstreamConnectionOptions: options = {} }: Cluster, findings: Findings): number {
  const path = 'upstream_connection_options';
  findings.unused(path, options, CONNECTION_FIELDS);
  const { tcpKeepalive } = options;
  if (tcpKeepalive === undefined) return 0;
  findings.unused(`${path}.tcp_keepalive`, tcpKeepalive, TCP_KEEPALIVE_FIELDS);
  const { keepaliveTime } = tcpKeepalive;
  return keepaliveTime === undefined ? DEFAULT_TCP_KEEPALIVE_MS : (keepaliveTime.value ?? 0) * 1000;
}
