import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HealthStatus } from '../../xds/generated/envoy.config.core.v3.js';
import type {
  ClusterLoadAssignment_Policy,
  LbEndpoint,
  LocalityLbEndpoints,
} from '../../xds/generated/envoy.config.endpoint.v3.js';
import { Findings } from './findings.js';
import { readLoadAssignment } from './read-load-assignment.js';

function at(address: string, portValue: number, rest: LbEndpoint = {}): LbEndpoint {
  return { endpoint: { address: { socketAddress: { address, portValue } } }, ...rest };
}

function read(...endpoints: LocalityLbEndpoints[]) {
  const findings = new Findings();
  const { endpoints: content } = readLoadAssignment({ clusterName: 'a', endpoints }, findings);
  return { content, errors: findings.errors, warnings: findings.warnings };
}

test('an endpoint has address, weight, health, place and pod', () => {
  const { content, errors, warnings } = read({
    locality: { region: 'eu', zone: 'eu-1' },
    loadBalancingWeight: { value: 7 },
    priority: 2,
    lbEndpoints: [
      at('10.0.0.7', 50051, {
        healthStatus: 'DRAINING',
        loadBalancingWeight: { value: 3 },
        metadata: { filterMetadata: { weir: { fields: { pod: { stringValue: 'greeter-0' } } } } },
      }),
    ],
  });
  assert.deepEqual([errors, warnings], [[], []]);
  assert.deepEqual(content, [
    {
      address: '10.0.0.7:50051',
      host: '10.0.0.7',
      port: 50051,
      weight: 3,
      health: 'draining',
      locality: 'eu/eu-1',
      pod: 'greeter-0',
      priority: 2,
      localityWeight: 7,
    },
  ]);
});

test('an IPv6 address is written in brackets', () => {
  const { content } = read({ lbEndpoints: [at('fd00::7', 50051)] });
  assert.equal(content[0]?.address, '[fd00::7]:50051');
  assert.equal(content[0]?.host, 'fd00::7');
});

const health: readonly (readonly [HealthStatus, string])[] = [
  ['UNKNOWN', 'healthy'],
  ['HEALTHY', 'healthy'],
  ['DEGRADED', 'healthy'],
  ['UNHEALTHY', 'unhealthy'],
  ['TIMEOUT', 'unhealthy'],
  ['DRAINING', 'draining'],
];
for (const [healthStatus, expected] of health) {
  test(`${healthStatus} is ${expected}`, () => {
    assert.equal(read({ lbEndpoints: [at('10.0.0.1', 1, { healthStatus })] }).content[0]?.health, expected);
  });
}

test('of an address that is there twice the first counts', () => {
  const { content, warnings } = read(
    { lbEndpoints: [at('10.0.0.1', 1)] },
    { lbEndpoints: [at('10.0.0.1', 1, { healthStatus: 'DRAINING' })] },
  );
  assert.deepEqual(
    content.map((endpoint) => endpoint.health),
    ['healthy'],
  );
  assert.deepEqual(warnings, ['endpoints[1].lb_endpoints[0]: 10.0.0.1:1 is there already; the first counts']);
});

test('a host name, a missing port and a priority beyond all are refused', () => {
  const { errors } = read({ lbEndpoints: [at('greeter.local', 1), at('10.0.0.1', 0)] }, { priority: 129 });
  assert.deepEqual(errors, [
    'endpoints[0].lb_endpoints[0].endpoint.address.socket_address.address: must be an IP address, not "greeter.local"',
    'endpoints[0].lb_endpoints[1].endpoint.address.socket_address.port_value: must be from 1 to 65535, not 0',
    'endpoints[1].priority: must be at most 128, not 129',
  ]);
});

test('the over-provisioning factor is that of Envoy unless it is written', () => {
  const factorOf = (policy: ClusterLoadAssignment_Policy) => {
    const findings = new Findings();
    const { overprovisioningPercent } = readLoadAssignment({ clusterName: 'a', policy }, findings);
    return findings.errors[0] ?? overprovisioningPercent;
  };
  assert.equal(factorOf({}), 140);
  assert.equal(factorOf({ overprovisioningFactor: { value: 200 } }), 200);
  assert.equal(
    factorOf({ overprovisioningFactor: {} }),
    'policy.overprovisioning_factor: must be at least 1, not 0',
  );
});
