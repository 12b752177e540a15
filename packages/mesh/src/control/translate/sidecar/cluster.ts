import { parseDurationMs } from '../../../kube/resources/duration.js';
import type { ConnectionPoolObject } from '../../../kube/resources/traffic-policy.js';
import type { Cluster } from '../../../xds/generated/envoy.config.cluster.v3.js';
import type {
  Http2ProtocolOptions,
  HttpProtocolOptions as CommonHttpOptions,
  Metadata,
} from '../../../xds/generated/envoy.config.core.v3.js';
import {
  encodeHttpProtocolOptions,
  type HttpProtocolOptions,
} from '../../../xds/generated/envoy.extensions.upstreams.http.v3.js';
import { HTTP_PROTOCOL_OPTIONS, TYPE_HTTP_PROTOCOL_OPTIONS } from '../../../xds/type-urls.js';
import type { SourcedTrafficPolicy } from '../../registry/effective-traffic-policy.js';
import { translateBalancer, type BalancerName } from './balancer.js';
import { translateCircuitBreakers } from './circuit-breakers.js';
import type { MissingCluster } from './client-view.js';
import { OVER_ADS } from './config-source.js';
import { durationOf } from './duration.js';
import { translateOutlierDetection } from './outlier-detection.js';
import { codesOf } from './retry-policy.js';
import { jsonOfSource, weirMetadata } from './weir-metadata.js';

const CONNECT_TIMEOUT_SECONDS = 5;

/** A Cluster whose endpoints come over EDS and are spoken to in HTTP/2. */
export function translateCluster(
  name: string,
  found: SourcedTrafficPolicy | undefined,
  balancer: BalancerName,
): Cluster {
  const { connectionPool: pool, loadBalancer, retryBudget } = found?.policy ?? {};
  const grpcOutlier = found?.outlier?.spec;
  const outlierDetection = found?.policy.outlierDetection ?? (grpcOutlier && {});
  const breakers = translateCircuitBreakers(pool, retryBudget);
  const keepalive = translateKeepalive(pool);
  const perLocality = (loadBalancer?.localityLbSetting?.distribute ?? []).length > 0;
  const { commonLbConfig: zones, ...balancing } = translateBalancer(
    loadBalancer,
    found?.balancer?.spec,
    balancer,
    perLocality,
  );
  const common = {
    ...zones,
    // As in Istio: the panic threshold is off unless it is asked for.
    ...(outlierDetection !== undefined && {
      healthyPanicThreshold: { value: outlierDetection.minHealthPercent ?? 0 },
    }),
    // Envoy refuses it beside a list of policies, which says it in its own way.
    ...(perLocality && balancing.loadBalancingPolicy === undefined && { localityWeightedLbConfig: {} }),
  };
  return {
    name,
    type: 'EDS',
    edsClusterConfig: { edsConfig: OVER_ADS, serviceName: name },
    connectTimeout:
      pool?.tcp?.connectTimeout === undefined
        ? { seconds: CONNECT_TIMEOUT_SECONDS }
        : durationOf(pool.tcp.connectTimeout),
    ...balancing,
    ...(breakers !== undefined && { circuitBreakers: breakers }),
    ...(outlierDetection !== undefined && {
      outlierDetection: translateOutlierDetection(outlierDetection, grpcOutlier),
    }),
    ...(Object.keys(common).length > 0 && { commonLbConfig: common }),
    ...(keepalive !== undefined && { upstreamConnectionOptions: keepalive }),
    ...(found !== undefined && { metadata: metadataOf(found) }),
    typedExtensionProtocolOptions: {
      [HTTP_PROTOCOL_OPTIONS]: {
        typeUrl: TYPE_HTTP_PROTOCOL_OPTIONS,
        value: encodeHttpProtocolOptions(translateHttp(pool)),
      },
    },
  };
}

function metadataOf({ source, outlier, balancer }: SourcedTrafficPolicy): Metadata {
  const codes = outlier?.spec.codes;
  return weirMetadata({
    source: jsonOfSource(source),
    ...(codes && { outlierGrpcCodes: codesOf({ codes }) }),
    ...(outlier && { outlierSource: jsonOfSource(outlier.source) }),
    ...(balancer && { balancerSource: jsonOfSource(balancer.source) }),
  });
}

/** A Cluster for a destination that does not exist. It has no endpoints, and says why. */
export function translateMissingCluster(
  { name, reason, source }: MissingCluster,
  balancer: BalancerName,
): Cluster {
  const metadata = weirMetadata({ missing: reason, source: jsonOfSource(source) });
  return { ...translateCluster(name, undefined, balancer), metadata };
}

function translateHttp(pool: ConnectionPoolObject | undefined): HttpProtocolOptions {
  const { http, tcp } = pool ?? {};
  const common: CommonHttpOptions = {
    // Envoy: 0 switches the timeout off.
    ...(http?.idleTimeout !== undefined && { idleTimeout: durationOf(http.idleTimeout) }),
    ...(tcp?.maxConnectionDuration !== undefined && {
      maxConnectionDuration: durationOf(tcp.maxConnectionDuration),
    }),
    ...((http?.maxRequestsPerConnection ?? 0) > 0 && {
      maxRequestsPerConnection: { value: http?.maxRequestsPerConnection ?? 0 },
    }),
  };
  const http2: Http2ProtocolOptions = {
    ...((http?.maxConcurrentStreams ?? 0) > 0 && {
      maxConcurrentStreams: { value: http?.maxConcurrentStreams ?? 0 },
    }),
    ...(http?.http2KeepAlive !== undefined && {
      connectionKeepalive: {
        interval: durationOf(http.http2KeepAlive.interval),
        // Envoy requires one; gRPC's own default is 20 s.
        timeout: durationOf(http.http2KeepAlive.timeout ?? '20s'),
      },
    }),
  };
  return {
    ...(Object.keys(common).length > 0 && { commonHttpProtocolOptions: common }),
    explicitHttpConfig: { http2ProtocolOptions: http2 },
  };
}

function translateKeepalive(pool: ConnectionPoolObject | undefined): Cluster['upstreamConnectionOptions'] {
  const keepalive = pool?.tcp?.tcpKeepalive;
  if (keepalive === undefined) return undefined;
  const { time } = keepalive;
  if (time === undefined) return { tcpKeepalive: {} };
  return { tcpKeepalive: { keepaliveTime: { value: Math.round((parseDurationMs(time) ?? 0) / 1000) } } };
}
