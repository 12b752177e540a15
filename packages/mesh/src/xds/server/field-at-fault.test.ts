import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldAtFault } from './field-at-fault.js';

const CLUSTER = 'outbound|50051||echo.default.svc.cluster.local';

test('the field that a client complains of is found in the words of each client', () => {
  const words: readonly (readonly [string, string | undefined])[] = [
    // grpc-js-xds
    [
      `[Cluster message validation failed: [outlier_detection.interval out of range]]`,
      'outlier_detection.interval',
    ],
    [
      `RouteConfiguration message validation failed: [virtual_hosts[a].routes[b].match unset]`,
      'virtual_hosts[a].routes[b].match',
    ],
    // C-core
    [
      `xDS response validation errors: [resource index 0: ${CLUSTER}: INVALID_ARGUMENT: errors: [field:lb_policy error:unsupported]]`,
      'lb_policy',
    ],
    // Envoy, by its generated validators
    [
      `Error adding/updating cluster(s) ${CLUSTER}: Proto constraint validation failed (ClusterValidationError.ConnectTimeout: value must be greater than 0s)`,
      'ClusterValidationError.ConnectTimeout',
    ],
    // The sidecar
    [
      `Cluster ${CLUSTER}: circuit_breakers.thresholds[0].max_requests: is not a number`,
      'circuit_breakers.thresholds[0].max_requests',
    ],
    ['no thanks', undefined],
  ];
  for (const [message, field] of words) assert.equal(fieldAtFault(message, [CLUSTER]), field, message);
});
