import type { Fraction } from '@weir/core';
import type { RuntimeFractionalPercent } from '../../xds/generated/envoy.config.core.v3.js';
import type { FractionalPercent } from '../../xds/generated/envoy.type.v3.js';
import type { Findings } from './findings.js';

const DENOMINATORS = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 } as const;

/** A share of requests; one that is not written, or written without a number, is none of them. */
export function readFraction(percent: FractionalPercent | undefined): Fraction {
  return {
    numerator: percent?.numerator ?? 0,
    denominator: DENOMINATORS[percent?.denominator ?? 'HUNDRED'],
  };
}

const RUNTIME_FIELDS = new Set(['defaultValue', 'runtimeKey']);

/** A share of requests that Envoy would look up by a key: there is no runtime here, so the default counts. */
export function readRuntimeFraction(
  path: string,
  fraction: RuntimeFractionalPercent | undefined,
  findings: Findings,
): Fraction | undefined {
  if (fraction === undefined) return undefined;
  findings.unused(path, fraction, RUNTIME_FIELDS);
  return readFraction(fraction.defaultValue);
}
