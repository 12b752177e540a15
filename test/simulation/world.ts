import { type Endpoint, type PickContext, type Random, seededRandom } from '@weir/core';
import { Appointments } from './engine/appointments.js';
import { EventHeap } from './engine/event-heap.js';
import { VirtualClock } from './engine/virtual-clock.js';
import { Recorder, type RecorderSettings } from './measure/recorder.js';
import { Caller, type Host } from './model/caller.js';
import { Calls, CLOSED, OPEN } from './model/calls.js';
import { Machine, type MachineSettings } from './model/machine.js';
import { SimulatedProbes } from './model/probes.js';
import { Replica } from './model/replica.js';
import { SharedProcessor } from './model/shared-processor.js';
import { SingleThread } from './model/single-thread.js';
import type { Work } from './model/work.js';
import type { Policy } from './policies/policy.js';

export interface WorldSettings extends RecorderSettings {
  /** The same seed gives the same calls, machines and delays under every policy. */
  readonly seed: number;
  readonly callers: number;
  readonly machine: MachineSettings;
  readonly processor: 'shared' | 'single';
  readonly work: Work;
  readonly callsPerSecond: number;
  /** Length; the caller gives up then and says so to the server. */
  readonly timeoutMs: number;
  /** One way, drawn evenly for each message. */
  readonly networkMs: readonly [least: number, most: number];
  readonly probeTimeoutMs: number;
  /** Core-milliseconds that an answer to a probe costs the replica. */
  readonly probeWork: number;
  readonly policy: Policy;
}

const TIMER = 0;
const AT_SERVER = 1;
const AWAKE = 2;
const ANSWER = 3;
const GIVEN_UP = 4;
const PROBE_AT_SERVER = 5;
const PROBE_ANSWER = 6;
const EPOCH = 7;
const KINDS = 8;

const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;
const freely: PickContext = { excluded: undefined, hash: undefined };

/**
 * A fleet of replicas and callers on virtual time. Calls come at random instants, whether or not earlier ones
 * are answered (open loop). Nothing in it is random but by its seed.
 */
export class World {
  readonly recorder: Recorder;
  readonly clock: VirtualClock;
  readonly replicas: Replica[] = [];
  readonly settings: WorldSettings;
  /** The replicas that a time line counts apart. */
  readonly marked = new Set<Replica>();
  readonly #machines: Machine[] = [];
  readonly #byAddress = new Map<string, Replica>();
  readonly #callers: Caller[] = [];
  readonly #events = new EventHeap();
  readonly #processing = new Appointments();
  readonly #calls: Calls;
  readonly #probes: SimulatedProbes;
  /** What is the same under every policy has a stream of its own. */
  readonly #arrivals: Random;
  #nextArrivalMs: number;
  /** The oldest call that may be open. */
  #oldest = 0;

  constructor(settings: WorldSettings) {
    this.settings = settings;
    this.recorder = new Recorder(settings);
    this.clock = new VirtualClock((atMs, timer) => this.#push(atMs, TIMER, timer));
    this.#calls = new Calls(settings.callsPerSecond * ((2 * settings.timeoutMs) / 1000 + 2) + 64);
    this.#arrivals = seededRandom(Math.imul(settings.seed + 1, 0x27d4_eb2f));
    this.#nextArrivalMs = this.#gapMs();
    const chance = seededRandom(Math.imul(settings.seed + 1, 0x1656_67b1));
    this.#probes = new SimulatedProbes(settings, chance, this.clock, {
      atServer: (atMs, probe) => this.#push(atMs, PROBE_AT_SERVER, probe),
      answer: (atMs, probe) => this.#push(atMs, PROBE_ANSWER, probe),
      replan: (replica) => this.#replan(replica),
    });
    for (let number = 0; number < settings.callers; number++) {
      const random = seededRandom(Math.imul(settings.seed + 1, 0x9e37_79b1) + number * 7919);
      const { clock, probes } = { clock: this.clock, probes: this.#probes };
      const balancer = settings.policy.create({ random, clock, probes, callers: settings.callers });
      this.#callers.push(new Caller(balancer, (address) => this.#byAddress.get(address)!));
    }
  }

  /** Starts a replica on a machine of its own. Nobody knows it until `publish`. */
  addReplica(locality = ''): Replica {
    const { machine: machineSettings, processor: kind, seed } = this.settings;
    const number = this.#processing.add();
    const processor = kind === 'single' ? new SingleThread(0) : new SharedProcessor(0);
    const replica = new Replica(number, locality, processor, machineSettings.allocationCores, this.clock);
    this.replicas.push(replica);
    this.#byAddress.set(replica.address, replica);
    this.#machines.push(new Machine(machineSettings, seed, number));
    this.#turnEpoch(number);
    return replica;
  }

  /** Tells every caller at once which endpoints there are. */
  publish(endpoints: readonly Endpoint[]): void {
    for (const caller of this.#callers) caller.update(endpoints);
  }

  at(ms: number, act: () => void): void {
    this.clock.setTimer(ms - this.clock.nowMs(), act);
  }

  /** Gives the replica no more than so many cores from now on. */
  setCeiling(replica: Replica, cores: number): void {
    replica.ceilingCores = cores;
    this.#applyCores(replica);
  }

  /** Lets time pass until every call of the measured time is over. */
  run(onProgress?: (fraction: number) => void): Recorder {
    const calls = this.#calls;
    const { timeoutMs } = this.settings;
    const untilMs = this.recorder.endMs + timeoutMs + 1;
    let tellAtMs = 0;
    for (;;) {
      while (this.#oldest < calls.next && calls.state[calls.placeOf(this.#oldest)] === CLOSED)
        this.#oldest += 1;
      const deadlineMs =
        this.#oldest < calls.next ? calls.sentMs[calls.placeOf(this.#oldest)]! + timeoutMs : Infinity;
      const workMs = this.#processing.nextMs;
      const eventMs = this.#events.nextMs;
      const nowMs = Math.min(this.#nextArrivalMs, deadlineMs, workMs, eventMs);
      if (nowMs > untilMs) break;
      this.clock.turnTo(nowMs);
      if (nowMs === eventMs) this.#handle(nowMs, this.#events.pop());
      else if (nowMs === workMs) this.#finish(nowMs, this.#processing.next);
      else if (nowMs === this.#nextArrivalMs) this.#arrive(nowMs);
      else this.#expire(nowMs, this.#oldest);
      if (onProgress !== undefined && nowMs >= tellAtMs) {
        onProgress(nowMs / untilMs);
        tellAtMs += untilMs / 100;
      }
    }
    for (const { balancer } of this.#callers) balancer.close?.();
    return this.recorder;
  }

  #handle(nowMs: number, payload: number): void {
    const kind = payload % KINDS;
    const number = Math.floor(payload / KINDS);
    switch (kind) {
      case TIMER:
        return this.clock.fire(number);
      case AT_SERVER:
        return this.#serve(nowMs, number);
      case AWAKE:
        return this.#leave(nowMs, number);
      case ANSWER:
        return this.#answer(nowMs, number);
      case GIVEN_UP:
        return this.#giveUp(nowMs, number);
      case PROBE_AT_SERVER:
        return this.#probes.serve(nowMs, number);
      case PROBE_ANSWER:
        return this.#probes.answer(number);
      case EPOCH:
        return this.#turnEpoch(number);
      default:
        throw new Error(`no event of kind ${kind}`);
    }
  }

  #arrive(nowMs: number): void {
    const random = this.#arrivals;
    const { networkMs, work } = this.settings;
    const calls = this.#calls;
    const call = calls.next++;
    const at = calls.placeOf(call);
    const number = random.int(this.#callers.length);
    calls.caller[at] = number;
    calls.work[at] = work.draw(random);
    calls.outMs[at] = networkMs[0] + random.next() * (networkMs[1] - networkMs[0]);
    calls.backMs[at] = networkMs[0] + random.next() * (networkMs[1] - networkMs[0]);
    calls.sentMs[at] = nowMs;
    calls.foundRif[at] = -1;
    calls.failed[at] = 0;
    calls.reports[at] = undefined;
    this.#nextArrivalMs = nowMs + this.#gapMs();

    const { balancer } = this.#callers[number]!;
    if (balancer.pickAfterProbes === undefined) this.#send(call, balancer.pick(freely));
    else balancer.pickAfterProbes(freely, (host) => this.#send(call, host));
  }

  /** @param host `undefined` when there was none to be picked */
  #send(call: number, host: Host | undefined): void {
    const calls = this.#calls;
    const at = calls.placeOf(call);
    const sentMs = calls.sentMs[at]!;
    calls.hosts[at] = host;
    calls.state[at] = host === undefined ? CLOSED : OPEN;
    this.recorder.began(
      sentMs,
      host?.replica.number ?? -1,
      host !== undefined && this.marked.has(host.replica),
    );
    if (host === undefined) return this.recorder.failed(sentMs);
    host.stats.begin();
    this.#push(this.clock.nowMs() + calls.outMs[at]!, AT_SERVER, call);
  }

  #serve(nowMs: number, call: number): void {
    const calls = this.#calls;
    const at = calls.placeOf(call);
    const { replica } = calls.hosts[at]!;
    const { behaviour, meter, processor } = replica;
    if (behaviour.silent) return;
    calls.foundMs[at] = nowMs;
    calls.foundRif[at] = meter.begin();
    this.recorder.found(calls.foundRif[at]!, nowMs);
    if (behaviour.fails) calls.failed[at] = 1;
    if (behaviour.sleepMs !== undefined) return this.#push(nowMs + behaviour.sleepMs, AWAKE, call);
    processor.add(nowMs, call, calls.work[at]! * behaviour.workFactor);
    this.#replan(replica);
  }

  #finish(nowMs: number, number: number): void {
    const replica = this.replicas[number]!;
    const call = replica.processor.finish(nowMs);
    this.#replan(replica);
    this.#leave(nowMs, call);
  }

  #leave(nowMs: number, call: number): void {
    const calls = this.#calls;
    const at = calls.placeOf(call);
    // A sleeper that was given up wakes for nothing.
    if (calls.foundRif[at]! < 0) return;
    const host = calls.hosts[at]!;
    const { replica } = host;
    const tookMs = nowMs - calls.foundMs[at]!;
    replica.meter.end(calls.foundRif[at]!, tookMs, calls.failed[at] === 1);
    calls.foundRif[at] = -1;
    if (replica.behaviour.silent) return;
    host.serviceMs = tookMs;
    if (this.settings.policy.readsReports) calls.reports[at] = replica.report();
    this.#push(nowMs + calls.backMs[at]!, ANSWER, call);
  }

  #answer(nowMs: number, call: number): void {
    const calls = this.#calls;
    const at = calls.placeOf(call);
    if (calls.state[at] === CLOSED) return;
    const failed = calls.failed[at] === 1;
    const sentMs = calls.sentMs[at]!;
    if (failed) this.recorder.failed(sentMs);
    else this.recorder.answered(sentMs, nowMs - sentMs);
    this.#close(at, nowMs - sentMs, failed ? UNAVAILABLE : 0);
  }

  #expire(nowMs: number, call: number): void {
    const calls = this.#calls;
    const at = calls.placeOf(call);
    this.recorder.timedOut(calls.sentMs[at]!, this.settings.timeoutMs);
    this.#close(at, this.settings.timeoutMs, DEADLINE_EXCEEDED);
    this.#push(nowMs + calls.outMs[at]!, GIVEN_UP, call);
  }

  #close(at: number, latencyMs: number, grpcCode: number): void {
    const calls = this.#calls;
    calls.state[at] = CLOSED;
    const host = calls.hosts[at]!;
    const failed = grpcCode !== 0;
    host.stats.end(failed);
    const load = calls.reports[at];
    calls.reports[at] = undefined;
    const { balancer } = this.#callers[calls.caller[at]!]!;
    balancer.onAttemptEnd?.(host, { latencyMs, failed, grpcCode, pushbackMs: undefined, load });
  }

  #giveUp(nowMs: number, call: number): void {
    const calls = this.#calls;
    const at = calls.placeOf(call);
    if (calls.foundRif[at]! < 0) return;
    calls.foundRif[at] = -1;
    const { replica } = calls.hosts[at]!;
    replica.meter.abandon();
    replica.processor.cancel(nowMs, call);
    this.#replan(replica);
  }

  #turnEpoch(number: number): void {
    const { durationMs, cores, hobble } = this.#machines[number]!.nextEpoch();
    const replica = this.replicas[number]!;
    replica.machineCores = replica.utilization() > 1 ? hobble * cores : cores;
    this.#applyCores(replica);
    if (durationMs < Infinity) this.#push(this.clock.nowMs() + durationMs, EPOCH, number);
  }

  #applyCores(replica: Replica): void {
    const cores = Math.min(replica.machineCores, replica.ceilingCores);
    replica.processor.setCapacity(this.clock.nowMs(), cores);
    this.#replan(replica);
  }

  #replan({ number, processor }: Replica): void {
    this.#processing.move(number, processor.nextMs);
  }

  #gapMs(): number {
    return (-1000 * Math.log(1 - this.#arrivals.next())) / this.settings.callsPerSecond;
  }

  #push(atMs: number, kind: number, number: number): void {
    this.#events.push(atMs, number * KINDS + kind);
  }
}
