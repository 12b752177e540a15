import type {
  ClusterLoadAssignment,
  LbEndpoint,
  LocalityLbEndpoints,
} from '../../../xds/generated/envoy.config.endpoint.v3.js';
import { structOf } from '../../../xds/struct.js';
import type { ModelEndpoint, ModelPort, ModelService } from '../../registry/model.js';
import { clusterName } from '../names.js';

const MAX_UINT32 = 2 ** 32 - 1;

/**
 * The endpoints of one port of a service, by locality. A port without endpoints has an assignment too: state of
 * the world xDS has no other way to say "none", and silence makes clients wait.
 */
export function translateLoadAssignment(service: ModelService, port: ModelPort): ClusterLoadAssignment {
  const byLocality = new Map<string, ModelEndpoint[]>();
  for (const endpoint of port.endpoints) {
    const { region, zone, subZone } = endpoint.locality;
    const key = `${region}/${zone}/${subZone}`;
    const others = byLocality.get(key);
    if (others === undefined) byLocality.set(key, [endpoint]);
    else others.push(endpoint);
  }
  return {
    clusterName: clusterName(service.host, port.number),
    endpoints: [...byLocality.keys()].sort().map((key) => translateLocality(byLocality.get(key) ?? [])),
  };
}

function translateLocality(endpoints: readonly ModelEndpoint[]): LocalityLbEndpoints {
  const weight = endpoints.reduce((sum, endpoint) => sum + endpoint.weight, 0);
  return {
    locality: endpoints[0]?.locality,
    lbEndpoints: endpoints.map(translateEndpoint),
    // gRPC clients drop a locality without a weight.
    loadBalancingWeight: { value: Math.min(Math.max(1, weight), MAX_UINT32) },
    priority: 0,
  };
}

function translateEndpoint({ host, port, weight, health, pod }: ModelEndpoint): LbEndpoint {
  return {
    endpoint: { address: { socketAddress: { address: host, portValue: port } } },
    healthStatus: health === 'healthy' ? 'HEALTHY' : 'DRAINING',
    metadata: { filterMetadata: { weir: structOf({ pod }) } },
    loadBalancingWeight: { value: weight },
  };
}
