import { isIP } from 'node:net';
import type { Endpoint, EndpointHealth } from '@weir/core';
import type { HealthStatus, Locality } from '../../xds/generated/envoy.config.core.v3.js';
import type {
  ClusterLoadAssignment,
  LbEndpoint,
  LocalityLbEndpoints,
} from '../../xds/generated/envoy.config.endpoint.v3.js';
import type { Findings } from './findings.js';

const ASSIGNMENT_FIELDS = new Set(['clusterName', 'endpoints', 'policy']);
const POLICY_FIELDS = new Set(['overprovisioningFactor']);
// Proximity counts only with a zone-aware policy.
const LOCALITY_FIELDS = new Set([
  'locality',
  'lbEndpoints',
  'loadBalancingWeight',
  'priority',
  'proximity',
  'metadata',
]);
const LOCALITY_REFUSED = new Set(['loadBalancerEndpoints', 'ledsClusterLocalityConfig']);
const LB_ENDPOINT_FIELDS = new Set(['endpoint', 'healthStatus', 'metadata', 'loadBalancingWeight']);
// The host name serves health checks and rewrites of the authority, of which there are none.
const ENDPOINT_FIELDS = new Set(['address', 'hostname', 'healthCheckConfig']);

/** The filter metadata key under which the control plane says which pod an endpoint is. */
const METADATA_KEY = 'weir';

/** Envoy: `overprovisioning_factor`, "If this value is not set, the default is 140". */
export const DEFAULT_OVERPROVISIONING_PERCENT = 140;

/** What the proxy needs of a ClusterLoadAssignment. */
export interface LoadAssignment {
  readonly endpoints: readonly Endpoint[];
  /** How far a priority may be from full strength and still bear all load, in percent. */
  readonly overprovisioningPercent: number;
}

/** Reads the endpoints of a cluster, each address once. */
export function readLoadAssignment(assignment: ClusterLoadAssignment, findings: Findings): LoadAssignment {
  findings.unused('', assignment, ASSIGNMENT_FIELDS);
  findings.unused('policy', assignment.policy ?? {}, POLICY_FIELDS);
  const byAddress = new Map<string, Endpoint>();
  assignment.endpoints?.forEach((group, groupIndex) => {
    const path = `endpoints[${groupIndex}]`;
    checkGroup(path, group, findings);
    const place: Place = {
      locality: formatLocality(group.locality),
      priority: group.priority ?? 0,
      localityWeight: group.loadBalancingWeight?.value ?? 0,
    };
    group.lbEndpoints?.forEach((lbEndpoint, index) => {
      const where = `${path}.lb_endpoints[${index}]`;
      const endpoint = readEndpoint(where, lbEndpoint, place, findings);
      if (endpoint === undefined) return;
      if (byAddress.has(endpoint.address))
        findings.warn(where, `${endpoint.address} is there already; the first counts`);
      else byAddress.set(endpoint.address, endpoint);
    });
  });
  return {
    endpoints: [...byAddress.values()],
    overprovisioningPercent: readOverprovisioning(assignment, findings),
  };
}

/** What all endpoints of a group have in common. */
type Place = Required<Pick<Endpoint, 'locality' | 'priority' | 'localityWeight'>>;

function readOverprovisioning({ policy }: ClusterLoadAssignment, findings: Findings): number {
  const factor = policy?.overprovisioningFactor;
  if (factor === undefined) return DEFAULT_OVERPROVISIONING_PERCENT;
  const percent = factor.value ?? 0;
  if (percent < 1) findings.error('policy.overprovisioning_factor', `must be at least 1, not ${percent}`);
  return percent;
}

function checkGroup(path: string, group: LocalityLbEndpoints, findings: Findings): void {
  findings.unused(path, group, new Set([...LOCALITY_FIELDS, ...LOCALITY_REFUSED]));
  findings.refuse(path, group, LOCALITY_REFUSED);
  // Envoy keeps a list of them, and so has the same bound (LocalityLbEndpoints.priority).
  if ((group.priority ?? 0) > 128) {
    findings.error(`${path}.priority`, `must be at most 128, not ${group.priority}`);
  }
}

function readEndpoint(
  path: string,
  lbEndpoint: LbEndpoint,
  place: Place,
  findings: Findings,
): Endpoint | undefined {
  findings.unused(path, lbEndpoint, LB_ENDPOINT_FIELDS);
  findings.unused(`${path}.endpoint`, lbEndpoint.endpoint ?? {}, ENDPOINT_FIELDS);
  const socketAddress = lbEndpoint.endpoint?.address?.socketAddress;
  const host = socketAddress?.address ?? '';
  const port = socketAddress?.portValue ?? 0;
  const family = isIP(host);
  if (family === 0) {
    findings.error(`${path}.endpoint.address.socket_address.address`, `must be an IP address, not "${host}"`);
    return undefined;
  }
  if (port < 1 || port > 65_535) {
    findings.error(
      `${path}.endpoint.address.socket_address.port_value`,
      `must be from 1 to 65535, not ${port}`,
    );
    return undefined;
  }
  return {
    address: family === 6 ? `[${host}]:${port}` : `${host}:${port}`,
    host,
    port,
    // "If unspecified, each host is presumed to have equal weight" (LbEndpoint.load_balancing_weight).
    weight: Math.max(1, lbEndpoint.loadBalancingWeight?.value ?? 1),
    health: readHealth(path, lbEndpoint.healthStatus, findings),
    ...place,
    pod: lbEndpoint.metadata?.filterMetadata?.[METADATA_KEY]?.fields?.['pod']?.stringValue ?? '',
  };
}

function readHealth(path: string, status: HealthStatus | undefined, findings: Findings): EndpointHealth {
  switch (status) {
    case undefined:
    case 'UNKNOWN':
    case 'HEALTHY':
      return 'healthy';
    case 'DRAINING':
      return 'draining';
    case 'UNHEALTHY':
    // "TIMEOUT: Health check timed out. This is interpreted by Envoy as UNHEALTHY."
    case 'TIMEOUT':
      return 'unhealthy';
    case 'DEGRADED':
      findings.warn(`${path}.health_status`, 'DEGRADED counts as healthy in this proxy');
      return 'healthy';
  }
}

function formatLocality({ region = '', zone = '', subZone = '' }: Locality = {}): string {
  return [region, zone, subZone].join('/').replace(/\/+$/, '');
}
