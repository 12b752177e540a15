import type { JsonObject } from '../../xds/struct.js';
import type { HostPort } from '../parse-address.js';
import { formatHostPort } from '../parse-address.js';
import { nodeOf, type BootstrapIdentity } from './node-identity.js';

/**
 * What gRPC libraries read from the file that `GRPC_XDS_BOOTSTRAP` names. Source: gRFC A27, A30 (`server_features`), A47
 * (template of listener names).
 */
export function grpcBootstrap(server: HostPort, identity: BootstrapIdentity): JsonObject {
  const { id, cluster = '', metadata, locality } = nodeOf('proxyless', identity);
  const { region = '', zone = '', subZone = '' } = locality ?? {};
  return {
    xds_servers: [
      {
        server_uri: formatHostPort(server),
        // grpc-js knows no other that needs no Google account.
        channel_creds: [{ type: 'insecure' }],
        server_features: ['xds_v3'],
      },
    ],
    node: {
      id,
      cluster,
      metadata,
      // Some libraries refuse a node without one.
      locality: { region, zone, sub_zone: subZone },
    },
    client_default_listener_resource_name_template: '%s',
  };
}
