import { type Fraction, type Mirror } from '@weir/core';
import type { RouteAction_RequestMirrorPolicy as MirrorPolicy } from '../../../xds/generated/envoy.config.route.v3.js';
import type { Findings } from '../findings.js';
import { readRuntimeFraction } from '../fraction.js';

const ALL: Fraction = { numerator: 1, denominator: 1 };
const FIELDS = new Set(['cluster', 'runtimeFraction', 'clusterHeader', 'disableShadowHostSuffixAppend']);
const REFUSED = new Set(['clusterHeader']);

/** Reads where copies of requests go; `undefined` when there is none, so that the level above counts. */
export function readMirrors(
  path: string,
  policies: readonly MirrorPolicy[] | undefined,
  findings: Findings,
): readonly Mirror[] | undefined {
  if (policies === undefined || policies.length === 0) return undefined;
  return policies.map((policy, index) => {
    const where = `${path}.request_mirror_policies[${index}]`;
    findings.unused(where, policy, FIELDS);
    findings.refuse(where, policy, REFUSED);
    const { cluster = '' } = policy;
    if (cluster === '') findings.error(`${where}.cluster`, 'must name a cluster');
    // "If not specified, all requests to the target cluster will be mirrored."
    const fraction =
      readRuntimeFraction(`${where}.runtime_fraction`, policy.runtimeFraction, findings) ?? ALL;
    return {
      cluster,
      fraction,
      ...(policy.disableShadowHostSuffixAppend === true && { keepsAuthority: true }),
    };
  });
}
