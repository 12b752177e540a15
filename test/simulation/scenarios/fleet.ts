import type { Endpoint } from '@weir/core';
import { type MachineSettings, sharedMachine } from '../model/machine.js';
import { type Replica, working } from '../model/replica.js';
import { truncatedNormal } from '../model/work.js';
import { policyNamed } from '../policies/registry.js';
import { World, type WorldSettings } from '../world.js';

/** Which machines, servers and callers there are. */
export interface Fleet {
  readonly replicas: number;
  readonly callers: number;
  /** `shared`: many cores, requests share them; `single`: one thread, as in Node.js. */
  readonly processor: 'shared' | 'single';
  readonly machine: MachineSettings;
  /** Half of all requests need at most so much on an idle core. */
  readonly medianMs: number;
  /** Every other replica needs twice as long for everything. */
  readonly slowHalf?: boolean;
}

/** Prequal's testbed: a hundred replicas, each with 4 of the 40 cores of its machine. */
export const testbed: Fleet = {
  replicas: 100,
  callers: 100,
  processor: 'shared',
  machine: sharedMachine,
  medianMs: 75,
};

/** Node.js servers: 0.4 of a core is theirs, and a whole one as long as nobody else wants it. */
export const singleThreaded: Fleet = {
  ...testbed,
  processor: 'single',
  machine: { ...sharedMachine, allocationCores: 0.4, burst: 2.5 },
  medianMs: 10,
};

export interface Load {
  /** In relation to what all replicas have when everybody wants everything. */
  readonly level: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** 0: no time line. */
  readonly stepMs: number;
}

/** A world with this fleet under this load; it has no replica yet. */
export function worldOf(
  fleet: Fleet,
  { level, warmUpMs, measureMs, stepMs }: Load,
  policy: string,
  seed: number,
  over: Partial<WorldSettings> = {},
): World {
  const work = over.work ?? truncatedNormal(fleet.medianMs);
  const cores = fleet.replicas * fleet.machine.allocationCores;
  const workFactor = fleet.slowHalf === true ? 1.5 : 1;
  return new World({
    seed,
    callers: fleet.callers,
    machine: fleet.machine,
    processor: fleet.processor,
    work,
    callsPerSecond: (level * cores * 1000) / (workFactor * work.mean),
    timeoutMs: 5_000,
    networkMs: [0.1, 0.5],
    probeTimeoutMs: 3,
    probeWork: 0.035,
    policy: policyNamed(policy),
    warmUpMs,
    measureMs,
    stepMs,
    ...over,
  });
}

/** The endpoint of a replica as the control plane would describe it. */
export function endpointOf(replica: Replica, health: Endpoint['health'] = 'healthy'): Endpoint {
  const { address, locality, number } = replica;
  const host = address.slice(0, address.lastIndexOf(':'));
  return { address, host, port: 50051, weight: 1, health, locality, pod: `pod-${number}` };
}

/** Starts the replicas of a fleet and tells everybody. */
export function startAll(world: World, { replicas, slowHalf }: Fleet): void {
  for (let count = 0; count < replicas; count++) {
    const replica = world.addReplica();
    if (slowHalf === true && count % 2 === 1) replica.behaviour = { ...working, workFactor: 2 };
  }
  world.publish(world.replicas.map((replica) => endpointOf(replica)));
}
