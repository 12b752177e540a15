import * as disturbances from './disturbances.js';
import { ramp } from './ramp.js';
import type { Scenario } from './scenario.js';

/** Everything that can happen to a fleet in the simulation, in the order of the page. */
export const disturbed: readonly Scenario[] = [
  disturbances.coldStart,
  disturbances.slowMiddle,
  disturbances.temporaryFailure,
  disturbances.sinkhole,
  disturbances.zoneLoss,
  disturbances.rollingRestart,
  disturbances.shock,
];

/** @throws {RangeError} when there is none of that name */
export function scenarioNamed(name: string): Scenario {
  const scenario = [ramp, ...disturbed].find((one) => one.name === name);
  if (scenario === undefined) throw new RangeError(`no scenario ${name}`);
  return scenario;
}
