import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import { seededRandom } from '../random.js';
import { fakeHosts } from '../testing/index.js';
import { FluidSchedule } from './fluid-schedule.js';
import type { LoadedSchedule } from './loaded-schedule.js';
import { TurnHeap } from './turn-heap.js';

type Schedule = typeof TurnHeap | typeof FluidSchedule;

/** Picks of each host when requests take a while, so that many are in flight. */
function run(Kind: Schedule, weights: readonly number[], bias: number, inFlight: number, turns: number) {
  const hosts = fakeHosts(...weights);
  const schedule: LoadedSchedule<EndpointState> = new Kind(hosts, weights, bias, seededRandom(1));
  const open: EndpointState[] = [];
  const counts = hosts.map(() => 0);
  for (let turn = 0; turn < turns; turn++) {
    const host = schedule.next(undefined)!;
    counts[hosts.indexOf(host)]! += 1;
    host.stats.begin();
    open.push(host);
    if (open.length <= inFlight) continue;
    // The fast ones end first now and then, so that loads differ.
    const ended = open.splice((turn * 7919) % open.length, 1)[0]!;
    ended.stats.end(false);
    schedule.onLoadChange(ended);
  }
  return counts;
}

describe('the heap of turns', () => {
  it('divides as the pass over all hosts does, with requests in flight', () => {
    for (const bias of [0, 1, 2]) {
      const weights = Array.from({ length: 40 }, (_, index) => 1 + (index % 7));
      const heap = run(TurnHeap, weights, bias, 60, 40_000);
      const pass = run(FluidSchedule, weights, bias, 60, 40_000);
      heap.forEach((count, index) => {
        const due = pass[index]!;
        assert.ok(Math.abs(count - due) < 0.04 * due + 20, `bias ${bias}: ${count} instead of ${due}`);
      });
    }
  });

  it('lets an idle host have its share as soon as it is told that it is idle', () => {
    const weights = Array.from({ length: 40 }, (_, index) => 1 + (index % 2));
    const hosts = fakeHosts(...weights);
    const schedule = new TurnHeap(hosts, weights, 1, seededRandom(1));
    hosts[0]!.stats.inFlight = 1_000;
    schedule.onLoadChange(hosts[0]!);
    for (let turn = 0; turn < 500; turn++) assert.notEqual(schedule.next(undefined), hosts[0]);
    hosts[0]!.stats.inFlight = 0;
    schedule.onLoadChange(hosts[0]!);
    let picks = 0;
    for (let turn = 0; turn < 600; turn++) if (schedule.next(undefined) === hosts[0]) picks += 1;
    assert.ok(Math.abs(picks - 10) <= 1, `${picks} of 10`);
  });

  it('passes over excluded hosts and gives them their turn afterwards', () => {
    const someWeights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(someWeights, fc.array(fc.nat(19)), (weights, tried) => {
        const hosts = fakeHosts(...weights);
        const schedule = new TurnHeap(hosts, weights, 1, seededRandom(1));
        const excluded = new Set(tried.filter((index) => index < hosts.length).map((index) => hosts[index]!));
        for (let turn = 0; turn < 30; turn++) {
          const host = schedule.next(excluded);
          if (excluded.size === hosts.length) assert.equal(host, undefined);
          else assert.ok(host !== undefined && !excluded.has(host));
        }
        const counts = new Map<EndpointState, number>();
        for (let turn = 0; turn < 2_000; turn++) {
          const host = schedule.next(undefined)!;
          counts.set(host, (counts.get(host) ?? 0) + 1);
        }
        assert.equal(counts.size, hosts.length);
      }),
      { seed: 8, numRuns: 100 },
    );
  });

  it('carries on where another schedule has been', () => {
    const weights = Array.from({ length: 40 }, (_, index) => 1 + index);
    const hosts = fakeHosts(...weights);
    let schedule: LoadedSchedule<EndpointState> = new TurnHeap(hosts, weights, 1, seededRandom(1));
    const counts = hosts.map(() => 0);
    for (let turn = 0; turn < 8_200; turn++) {
      const Kind = turn % 2 === 0 ? TurnHeap : FluidSchedule;
      schedule = new Kind(hosts, weights, 1, seededRandom(turn), schedule);
      counts[hosts.indexOf(schedule.next(undefined)!)]! += 1;
    }
    counts.forEach((count, index) => assert.ok(Math.abs(count - 10 * (index + 1)) <= 3, `${counts}`));
  });
});
