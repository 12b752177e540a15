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
// The over-provisioning factor says when to spill over to the next priority; there is only one.
const POLICY_FIELDS = new Set(['overprovisioningFactor']);
// Locality weights count only with a locality-weighted policy, and proximity only with a zone-aware one.
const LOCALITY_FIELDS = new Set([
  'locality',
  'lbEndpoints',
  'loadBalancingWeight',
  'priority',
  'proximity',
  'metadata',
]);
const LOCALITY_REFUSED = new Set(['loadBalancerEndpoints', 'ledsClusterLocalityConfig']);
const ENDPOINT_FIELDS = new Set(['endpoint', 'healthStatus', 'metadata', 'loadBalancingWeight']);

/** The filter metadata key under which the control plane says which pod an endpoint is. */
const METADATA_KEY = 'weir';

/** Reads the endpoints of a cluster, each address once. */
export function readLoadAssignment(
  assignment: ClusterLoadAssignment,
  findings: Findings,
): readonly Endpoint[] {
  findings.unused('', assignment, ASSIGNMENT_FIELDS);
  findings.unused('policy', assignment.policy ?? {}, POLICY_FIELDS);
  const byAddress = new Map<string, Endpoint>();
  assignment.endpoints?.forEach((group, groupIndex) => {
    const path = `endpoints[${groupIndex}]`;
    checkGroup(path, group, findings);
    const locality = formatLocality(group.locality);
    group.lbEndpoints?.forEach((lbEndpoint, index) => {
      const where = `${path}.lb_endpoints[${index}]`;
      const endpoint = readEndpoint(where, lbEndpoint, locality, findings);
      if (endpoint === undefined) return;
      if (byAddress.has(endpoint.address))
        findings.warn(where, `${endpoint.address} is there already; the first counts`);
      else byAddress.set(endpoint.address, endpoint);
    });
  });
  return [...byAddress.values()];
}

function checkGroup(path: string, group: LocalityLbEndpoints, findings: Findings): void {
  findings.unused(path, group, new Set([...LOCALITY_FIELDS, ...LOCALITY_REFUSED]));
  findings.refuse(path, group, LOCALITY_REFUSED);
  if ((group.priority ?? 0) !== 0) {
    findings.error(
      `${path}.priority`,
      `must be 0, not ${group.priority}: this proxy has no failover between priorities`,
    );
  }
}

function readEndpoint(
  path: string,
  lbEndpoint: LbEndpoint,
  locality: string,
  findings: Findings,
): Endpoint | undefined {
  findings.unused(path, lbEndpoint, ENDPOINT_FIELDS);
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
    locality,
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
