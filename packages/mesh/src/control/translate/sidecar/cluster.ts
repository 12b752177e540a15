import type { Cluster } from '../../../xds/generated/envoy.config.cluster.v3.js';
import {
  encodeHttpProtocolOptions,
  type HttpProtocolOptions,
} from '../../../xds/generated/envoy.extensions.upstreams.http.v3.js';
import { HTTP_PROTOCOL_OPTIONS, TYPE_HTTP_PROTOCOL_OPTIONS } from '../../../xds/type-urls.js';
import type { ModelPort, ModelService } from '../../registry/model.js';
import { clusterName } from '../names.js';
import { OVER_ADS } from './config-source.js';

export type BalancerName = 'least_request' | 'round_robin' | 'random';

const CONNECT_TIMEOUT_SECONDS = 5;
const HTTP2: HttpProtocolOptions = { explicitHttpConfig: { http2ProtocolOptions: {} } };

/** The Cluster of one port of a service: its endpoints come over EDS and are spoken to in HTTP/2. */
export function translateCluster(service: ModelService, port: ModelPort, balancer: BalancerName): Cluster {
  const name = clusterName(service.host, port.number);
  return {
    name,
    type: 'EDS',
    edsClusterConfig: { edsConfig: OVER_ADS, serviceName: name },
    connectTimeout: { seconds: CONNECT_TIMEOUT_SECONDS },
    ...translateBalancer(balancer),
    typedExtensionProtocolOptions: {
      [HTTP_PROTOCOL_OPTIONS]: {
        typeUrl: TYPE_HTTP_PROTOCOL_OPTIONS,
        value: encodeHttpProtocolOptions(HTTP2),
      },
    },
  };
}

function translateBalancer(balancer: BalancerName): Pick<Cluster, 'lbPolicy' | 'leastRequestLbConfig'> {
  switch (balancer) {
    case 'least_request':
      return { lbPolicy: 'LEAST_REQUEST', leastRequestLbConfig: { choiceCount: { value: 2 } } };
    case 'round_robin':
      return { lbPolicy: 'ROUND_ROBIN' };
    case 'random':
      return { lbPolicy: 'RANDOM' };
  }
}
