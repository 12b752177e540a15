import { type Replica, working } from '../model/replica.js';
import { sharedMachine } from '../model/machine.js';
import { truncatedNormal } from '../model/work.js';
import type { World } from '../world.js';
import { endpointOf, type Fleet, startAll, worldOf } from './fleet.js';
import { fleetNamed } from './fleets.js';
import type { Job, Scenario } from './scenario.js';

const WARM_UP_MS = 15_000;
const SECOND = 1_000;

interface Plan {
  readonly measureMs: number;
  readonly level: number;
}

function started(fleet: Fleet, { policy, seed }: Job, { measureMs, level }: Plan): World {
  const world = worldOf(fleet, { level, warmUpMs: WARM_UP_MS, measureMs, stepMs: SECOND }, policy, seed);
  startAll(world, fleet);
  return world;
}

/** Runs `act` at an instant of the measured time. */
function during(world: World, atMs: number, act: () => void): void {
  world.at(WARM_UP_MS + atMs, act);
}

/** A replica that has just started needs more for each request: caches are empty, code is not compiled. */
function warmUp(world: World, replica: Replica, firstFactor: number, fadeMs: number): void {
  const begunMs = world.clock.nowMs();
  const step = (): void => {
    const left = Math.exp((begunMs - world.clock.nowMs()) / fadeMs);
    replica.behaviour = { ...working, workFactor: 1 + (firstFactor - 1) * left };
    if (left > 0.01) world.at(world.clock.nowMs() + 250, step);
  };
  step();
}

export const coldStart: Scenario = {
  name: 'cold-start',
  title: 'Cold start',
  story:
    'Five replicas join twenty. At first each of their requests costs eight times as much; this fades within 5 s.',
  disturbedMs: [10_000, 25_000],
  marked: 'newcomers',
  fairPercent: 20,
  build: (job) => {
    const world = started(fleetNamed('quiet-team'), job, { measureMs: 40_000, level: 0.9 });
    during(world, 10_000, () => {
      for (let count = 0; count < 5; count++) {
        const replica = world.addReplica();
        world.marked.add(replica);
        warmUp(world, replica, 8, 5_000);
      }
      world.publish(world.replicas.map((replica) => endpointOf(replica)));
    });
    return world;
  },
};

export const slowMiddle: Scenario = {
  name: 'slow-middle',
  title: 'Slow in the middle',
  story:
    'One caller, 1000 calls per second, a timeout of 1 s, eleven servers; one takes 2 s for 30 s (Linkerd, 2016).',
  disturbedMs: [15_000, 45_000],
  marked: 'the slow one',
  fairPercent: 100 / 11,
  build: ({ policy, seed }) => {
    const machine = { ...sharedMachine, allocationCores: 200, burst: 1, antagonists: undefined };
    const fleet: Fleet = { replicas: 11, callers: 1, processor: 'shared', machine, medianMs: 167 };
    const load = { level: 1, warmUpMs: WARM_UP_MS, measureMs: 60_000, stepMs: SECOND };
    const over = { callsPerSecond: 1_000, timeoutMs: 1_000, work: truncatedNormal(167) };
    const world = worldOf(fleet, load, policy, seed, over);
    startAll(world, fleet);
    const slow = world.replicas[3]!;
    world.marked.add(slow);
    during(world, 15_000, () => (slow.behaviour = { ...working, sleepMs: 2_000 }));
    during(world, 45_000, () => (slow.behaviour = working));
    return world;
  },
};

export const temporaryFailure: Scenario = {
  name: 'temporary-failure',
  title: 'Temporary failure',
  story:
    'One of twenty replicas answers nothing for 15 s, not even probes, and is not taken out. Calls time out after 5 s.',
  disturbedMs: [10_000, 25_000],
  marked: 'the silent one',
  fairPercent: 5,
  build: (job) => {
    const world = started(fleetNamed('quiet-team'), job, { measureMs: 50_000, level: 0.9 });
    const dead = world.replicas[3]!;
    world.marked.add(dead);
    during(world, 10_000, () => (dead.behaviour = { ...working, silent: true }));
    during(world, 25_000, () => (dead.behaviour = working));
    return world;
  },
};

export const sinkhole: Scenario = {
  name: 'sinkhole',
  title: 'Sinkhole',
  story: 'One of twenty replicas fails every call within 1 ms for 30 s, which makes it look idle and fast.',
  disturbedMs: [10_000, 40_000],
  marked: 'the sinkhole',
  fairPercent: 5,
  build: (job) => {
    const world = started(fleetNamed('quiet-team'), job, { measureMs: 60_000, level: 0.9 });
    const hole = world.replicas[3]!;
    world.marked.add(hole);
    during(world, 10_000, () => (hole.behaviour = { ...working, sleepMs: 1, fails: true }));
    during(world, 40_000, () => (hole.behaviour = working));
    return world;
  },
};

export const zoneLoss: Scenario = {
  name: 'zone-loss',
  title: 'Zone loss',
  story:
    'A third of eighteen replicas falls silent. Discovery takes them out after 5 s; after 20 s they are back.',
  disturbedMs: [10_000, 30_000],
  marked: 'the lost zone',
  fairPercent: 100 / 3,
  build: (job) => {
    const fleet: Fleet = { ...fleetNamed('quiet-team'), replicas: 18 };
    const world = started(fleet, job, { measureMs: 50_000, level: 0.75 });
    const lost = world.replicas.filter(({ number }) => number % 3 === 2);
    for (const replica of lost) world.marked.add(replica);
    const publish = (health: 'healthy' | 'unhealthy'): void =>
      world.publish(
        world.replicas.map((replica) => endpointOf(replica, world.marked.has(replica) ? health : 'healthy')),
      );
    const behave = (silent: boolean): void => {
      for (const replica of lost) replica.behaviour = { ...working, silent };
    };
    during(world, 10_000, () => behave(true));
    during(world, 15_000, () => publish('unhealthy'));
    during(world, 30_000, () => {
      behave(false);
      publish('healthy');
    });
    return world;
  },
};

export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  title: 'Rolling restart',
  story:
    'Every 1.5 s one of twenty replicas drains and another, cold for 3 s, takes its place under a new address.',
  disturbedMs: [10_000, 40_000],
  marked: 'the new ones',
  fairPercent: undefined,
  build: (job) => {
    const world = started(fleetNamed('quiet-team'), job, { measureMs: 50_000, level: 0.9 });
    const before = [...world.replicas];
    for (const [index, old] of before.entries()) {
      during(world, 10_000 + 1_500 * index, () => {
        const replica = world.addReplica();
        world.marked.add(replica);
        warmUp(world, replica, 6, 3_000);
        const gone = new Set(before.slice(0, index));
        const left = world.replicas.filter((one) => !gone.has(one));
        world.publish(left.map((one) => endpointOf(one, one === old ? 'draining' : 'healthy')));
      });
    }
    return world;
  },
};

export const shock: Scenario = {
  name: 'shock',
  title: 'Correlated shock',
  story: 'For 10 s, 60 % of the machines leave their replica only 60 % of its allocation.',
  disturbedMs: [10_000, 20_000],
  marked: 'those hit',
  fairPercent: 60,
  build: (job) => {
    const world = started(fleetNamed('team'), job, { measureMs: 40_000, level: 0.9 });
    const hit = world.replicas.filter(({ number }) => number % 5 < 3);
    for (const replica of hit) world.marked.add(replica);
    const { allocationCores } = world.settings.machine;
    during(world, 10_000, () => hit.forEach((replica) => world.setCeiling(replica, 0.6 * allocationCores)));
    during(world, 20_000, () => hit.forEach((replica) => world.setCeiling(replica, Infinity)));
    return world;
  },
};
