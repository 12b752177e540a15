import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runJob } from './run/outcome.js';
import { type Fleet, startAll, worldOf } from './scenarios/fleet.js';
import { sharedMachine } from './model/machine.js';
import { working } from './model/replica.js';
import { constantWork } from './model/work.js';
import { recoverySteps } from './run/summary.js';

const idle: Fleet = {
  replicas: 5,
  callers: 2,
  processor: 'shared',
  machine: { ...sharedMachine, antagonists: undefined },
  medianMs: 20,
};
const load = { level: 0.01, warmUpMs: 0, measureMs: 60_000, stepMs: 0 };

describe('World', () => {
  it('repeats itself exactly with the same seed', () => {
    const job = {
      scenario: 'ramp',
      fleet: 'testbed-10x8',
      policy: 'prequal',
      level: 1,
      seed: 3,
      measureMs: 2_000,
    };
    assert.deepEqual(runJob(job), runJob(job));
    assert.notDeepEqual(runJob(job).perReplica, runJob({ ...job, seed: 4 }).perReplica);
  });

  it('offers the same calls under every policy', () => {
    const run = (policy: string): number =>
      runJob({ scenario: 'ramp', fleet: 'testbed-10x8', policy, level: 1, seed: 3, measureMs: 2_000 }).calls;
    assert.equal(run('round_robin'), run('p2c_ewma'));
    assert.equal(run('round_robin'), run('prequal'));
  });

  it('answers on an idle server after the work and two ways through the network', () => {
    const world = worldOf(idle, load, 'round_robin', 1, { work: constantWork(20), networkMs: [1, 1] });
    startAll(world, idle);
    const { latencies, calls, errors } = world.run();
    assert.equal(errors, 0);
    assert.equal(latencies.total, calls);
    assert.ok(Math.abs(latencies.quantile(0.5) / 22 - 1) < 0.005);
  });

  it('counts a call that is not answered at its deadline as an error, and takes it off the caller’s books', () => {
    const world = worldOf(idle, load, 'least_request', 1);
    startAll(world, idle);
    for (const replica of world.replicas) replica.behaviour = { ...working, silent: true };
    const { latencies, calls, errors } = world.run();
    assert.ok(calls > 100);
    assert.equal(errors, calls);
    assert.ok(Math.abs(latencies.quantile(0.001) / 5_000 - 1) < 0.005);
  });

  it('takes work off the server when the caller gives up', () => {
    const world = worldOf(idle, { ...load, level: 3, measureMs: 10_000 }, 'round_robin', 1, {
      timeoutMs: 200,
    });
    startAll(world, idle);
    for (const replica of world.replicas) world.setCeiling(replica, 1);
    const { errors } = world.run();
    assert.ok(errors > 0);
    // What has come within the last timeout, and nothing older.
    for (const { processor, meter } of world.replicas) {
      assert.equal(meter.requestsInFlight, processor.inFlight);
      assert.ok(processor.inFlight < 200);
    }
  });

  it('gives calls that fail at once as errors that are no latencies', () => {
    const world = worldOf(idle, load, 'round_robin', 1);
    startAll(world, idle);
    world.replicas[0]!.behaviour = { ...working, sleepMs: 1, fails: true };
    const { latencies, calls, errors } = world.run();
    assert.equal(latencies.total, calls - errors);
    assert.ok(Math.abs(errors / calls - 0.2) < 0.01);
  });
});

describe('recoverySteps', () => {
  const line = (p99: readonly number[]) => ({ p99, errorPercent: p99.map(() => 0), markedPercent: [] });

  it('counts from the disturbance to the first of three good steps on end', () => {
    assert.equal(recoverySteps(line([100, 100, 900, 110, 900, 110, 120, 100]), 2), 3);
  });

  it('does not take a lull before the worst for the end', () => {
    assert.equal(recoverySteps(line([100, 100, 130, 110, 110, 110, 900, 800, 110, 110, 110]), 2), 6);
  });

  it('is nothing when nothing was the matter', () => {
    assert.equal(recoverySteps(line([100, 100, 110, 120, 110]), 2), 0);
  });

  it('does not take a fleet for well that never is', () => {
    assert.equal(recoverySteps(line([100, 100, 900, 110, 900, 900]), 2), undefined);
  });
});
