import { isIP } from 'node:net';
import type { JsonObject } from '../../xds/struct.js';
import type { HostPort } from '../parse-address.js';
import { nodeOf, type BootstrapIdentity } from './node-identity.js';

const HTTP2_OPTIONS = 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const CLUSTER = 'weir-control';
const V3 = 'V3';

/** `envoy.config.bootstrap.v3.Bootstrap`: everything over incremental ADS from one control plane. */
export function envoyBootstrap(server: HostPort, admin: HostPort, identity: BootstrapIdentity): JsonObject {
  const { id, cluster = '', metadata, locality } = nodeOf('sidecar', identity);
  const { region = '', zone = '', subZone = '' } = locality ?? {};
  const overAds = { ads: {}, resource_api_version: V3 };
  return {
    node: { id, cluster, metadata, locality: { region, zone, sub_zone: subZone } },
    admin: { address: socketAddress(admin) },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: V3,
        grpc_services: [{ envoy_grpc: { cluster_name: CLUSTER } }],
      },
      lds_config: overAds,
      cds_config: overAds,
    },
    static_resources: {
      clusters: [
        {
          name: CLUSTER,
          type: isIP(server.host) === 0 ? 'STRICT_DNS' : 'STATIC',
          connect_timeout: '5s',
          load_assignment: {
            cluster_name: CLUSTER,
            endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(server) } }] }],
          },
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': HTTP2_OPTIONS,
              explicit_http_config: {
                http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '10s' } },
              },
            },
          },
        },
      ],
    },
  };
}

function socketAddress({ host, port }: HostPort): JsonObject {
  return { socket_address: { address: host, port_value: port } };
}
