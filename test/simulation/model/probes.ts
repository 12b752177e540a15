import type { LoadReport, ProbeSender, Random } from '@weir/core';
import type { VirtualClock } from '../engine/virtual-clock.js';
import type { Host } from './caller.js';
import type { Replica } from './replica.js';

export interface ProbeSettings {
  readonly networkMs: readonly [least: number, most: number];
  readonly probeTimeoutMs: number;
  readonly probeWork: number;
}

interface ProbeEvents {
  atServer(atMs: number, probe: number): void;
  answer(atMs: number, probe: number): void;
  /** The probe has cost the replica some time. */
  replan(replica: Replica): void;
}

/** Probes over the simulated network. The sidecar answers them, so they do not wait behind requests. */
export class SimulatedProbes implements ProbeSender<Host> {
  readonly #settings: ProbeSettings;
  readonly #random: Random;
  readonly #clock: VirtualClock;
  readonly #events: ProbeEvents;
  readonly #hosts: (Host | undefined)[] = [];
  readonly #replies: (((report: LoadReport | undefined) => void) | undefined)[] = [];
  readonly #reports: (LoadReport | undefined)[] = [];
  readonly #sentMs: number[] = [];
  readonly #free: number[] = [];
  sent = 0;

  constructor(settings: ProbeSettings, random: Random, clock: VirtualClock, events: ProbeEvents) {
    this.#settings = settings;
    this.#random = random;
    this.#clock = clock;
    this.#events = events;
  }

  probe(host: Host, onReply: (report: LoadReport | undefined) => void): void {
    this.sent += 1;
    const probe = this.#free.pop() ?? this.#hosts.length;
    const nowMs = this.#clock.nowMs();
    this.#hosts[probe] = host;
    this.#replies[probe] = onReply;
    this.#reports[probe] = undefined;
    this.#sentMs[probe] = nowMs;
    if (host.replica.behaviour.silent) this.#events.answer(nowMs + this.#settings.probeTimeoutMs, probe);
    else this.#events.atServer(nowMs + this.#delayMs(), probe);
  }

  /** A probe has come to its replica. */
  serve(nowMs: number, probe: number): void {
    const { replica } = this.#hosts[probe]!;
    const { probeTimeoutMs, probeWork } = this.#settings;
    replica.processor.charge(nowMs, probeWork);
    this.#events.replan(replica);
    const backMs = nowMs + this.#delayMs();
    const latestMs = this.#sentMs[probe]! + probeTimeoutMs;
    if (backMs <= latestMs) this.#reports[probe] = replica.report();
    this.#events.answer(Math.min(backMs, latestMs), probe);
  }

  /** The answer has come to the caller, or the time is over. */
  answer(probe: number): void {
    const onReply = this.#replies[probe]!;
    const report = this.#reports[probe];
    this.#hosts[probe] = undefined;
    this.#replies[probe] = undefined;
    this.#reports[probe] = undefined;
    this.#free.push(probe);
    onReply(report);
  }

  #delayMs(): number {
    const [least, most] = this.#settings.networkMs;
    return least + this.#random.next() * (most - least);
  }
}
