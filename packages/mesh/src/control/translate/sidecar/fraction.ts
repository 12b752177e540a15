import type { RuntimeFractionalPercent } from '../../../xds/generated/envoy.config.core.v3.js';
import type { FractionalPercent } from '../../../xds/generated/envoy.type.v3.js';

/** A share of calls, exact to a ten-thousandth of a percent. */
export function fractionOf(percent: number): FractionalPercent {
  return { numerator: Math.round(percent * 10_000), denominator: 'MILLION' };
}

export function runtimeFractionOf(percent: number): RuntimeFractionalPercent {
  return { defaultValue: fractionOf(percent) };
}
