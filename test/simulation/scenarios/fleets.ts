import { type Fleet, singleThreaded, testbed } from './fleet.js';
import { sharedMachine } from '../model/machine.js';

/** Machines that nobody else uses, with half as much again as was asked for. */
const quietMachine = { ...sharedMachine, burst: 1.5, antagonists: undefined };

const fleets: Readonly<Record<string, Fleet>> = {
  testbed,
  /** Replicas of sixteen cores: one long request holds up the others less. */
  'testbed-wide': {
    ...testbed,
    replicas: 30,
    callers: 30,
    machine: { ...sharedMachine, allocationCores: 16 },
  },
  'testbed-10x1': { ...testbed, replicas: 10, callers: 1 },
  'testbed-10x8': { ...testbed, replicas: 10, callers: 8 },
  node: singleThreaded,
  'node-10x1': { ...singleThreaded, replicas: 10, callers: 1 },
  'node-10x8': { ...singleThreaded, replicas: 10, callers: 8 },
  /** Half of the replicas need twice as long for everything. */
  mixed: { ...testbed, slowHalf: true },
  /** The size of most services. */
  team: { ...testbed, replicas: 20, callers: 10 },
  'quiet-team': { ...testbed, replicas: 20, callers: 10, machine: quietMachine },
};

/** @throws {RangeError} when there is none of that name */
export function fleetNamed(name: string): Fleet {
  const fleet = fleets[name];
  if (fleet === undefined)
    throw new RangeError(`no fleet ${name}; there are: ${Object.keys(fleets).join(', ')}`);
  return fleet;
}
