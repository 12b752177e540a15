import { fleetNamed } from './fleets.js';
import { startAll, worldOf } from './fleet.js';
import type { Scenario } from './scenario.js';

/** Everything constant but the machines: one point of the load ramp, or of a sweep. */
export const ramp: Scenario = {
  name: 'ramp',
  title: 'Load ramp',
  story: 'Nothing happens but that the others on each machine want more or less of it.',
  disturbedMs: undefined,
  marked: undefined,
  fairPercent: undefined,
  build: ({ policy, seed, fleet: name = 'testbed', level = 1, measureMs = 10_000, warmUpMs = 15_000 }) => {
    const fleet = fleetNamed(name);
    const world = worldOf(fleet, { level, warmUpMs, measureMs, stepMs: 0 }, policy, seed);
    startAll(world, fleet);
    return world;
  },
};
