import type { RuntimeDouble } from '../../../xds/generated/envoy.config.core.v3.js';

/** A number that Envoy lets its runtime override. It refuses one without a key, though nothing need stand under it. */
export function runtimeDouble(value: number, runtimeKey: string): RuntimeDouble {
  return { defaultValue: value, runtimeKey };
}
