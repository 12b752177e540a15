import type { BalancerPolicy } from '@weir/core';
import type { ClientSideWeightedRoundRobin } from '../../../xds/generated/envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.js';
import type { Duration } from '../../../xds/generated/google.protobuf.js';
import { readDuration } from '../duration.js';
import type { Findings } from '../findings.js';

const FIELDS = new Set([
  'enableOobLoadReport',
  'oobReportingPeriod',
  'blackoutPeriod',
  'weightExpirationPeriod',
  'weightUpdatePeriod',
  'errorUtilizationPenalty',
]);

/** Reads gRFC A58's policy; what it leaves out has the defaults of the gRFC. */
export function readWeightedRoundRobin(
  path: string,
  config: ClientSideWeightedRoundRobin,
  findings: Findings,
): BalancerPolicy {
  findings.unused(path, config, FIELDS);
  if (config.enableOobLoadReport?.value === true) {
    findings.warn(
      `${path}.enable_oob_load_report`,
      'has no effect in this proxy: it goes by the reports that come with calls',
    );
  }
  const ms = (field: string, value: Duration | undefined): number | undefined =>
    value && readDuration(`${path}.${field}`, value, findings);
  return {
    name: 'weighted_round_robin',
    blackoutMs: ms('blackout_period', config.blackoutPeriod),
    expirationMs: ms('weight_expiration_period', config.weightExpirationPeriod),
    updateMs: ms('weight_update_period', config.weightUpdatePeriod),
    errorUtilizationPenalty: config.errorUtilizationPenalty && (config.errorUtilizationPenalty.value ?? 0),
  };
}
