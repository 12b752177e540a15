import { type Clock, LoadMeter, type LoadReport } from '@weir/core';
import type { Processor } from './processor.js';

/** What a replica does with a request besides working on it. */
export interface Behaviour {
  /** Waits so long instead of working, holding no core; `undefined`: works. */
  readonly sleepMs: number | undefined;
  /** Answers with an error. */
  readonly fails: boolean;
  /** Neither answers nor refuses anything, probes included. */
  readonly silent: boolean;
  /** Times the work of each request. */
  readonly workFactor: number;
}

export const working: Behaviour = { sleepMs: undefined, fails: false, silent: false, workFactor: 1 };

const WINDOW_SECONDS = 10;

/** One server: its processor, and what its sidecar knows of it. */
export class Replica {
  readonly number: number;
  readonly address: string;
  readonly locality: string;
  readonly processor: Processor;
  readonly meter: LoadMeter;
  readonly #allocationCores: number;
  readonly #clock: Clock;
  /** Busy time at the last whole seconds. */
  readonly #busy = new Float64Array(WINDOW_SECONDS + 1);
  #second = 0;
  behaviour: Behaviour = working;
  /** No more cores than this, whatever the machine has. */
  ceilingCores = Infinity;
  machineCores = Infinity;

  constructor(number: number, locality: string, processor: Processor, allocationCores: number, clock: Clock) {
    this.number = number;
    this.address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}:50051`;
    this.locality = locality;
    this.processor = processor;
    this.meter = new LoadMeter(clock);
    this.#allocationCores = allocationCores;
    this.#clock = clock;
  }

  /** What it says of itself in a probe or a trailer. */
  report(): LoadReport {
    return this.meter.report({ cpu: this.utilization(), application: 0 });
  }

  /** What it used in the last ten seconds, as a fraction of its allocation: more than 1 where it could burst. */
  utilization(): number {
    const nowMs = this.#clock.nowMs();
    const busy = this.processor.busyUntil(nowMs);
    const second = Math.floor(nowMs / 1000);
    const slots = this.#busy.length;
    // Seconds in which nobody asked are filled with what is known now, which is at most a second off.
    for (let at = Math.max(this.#second + 1, second - slots + 1); at <= second; at++)
      this.#busy[at % slots] = busy;
    this.#second = second;
    const oldest = Math.max(0, second - WINDOW_SECONDS);
    const passedMs = nowMs - oldest * 1000;
    return passedMs <= 0 ? 0 : (busy - this.#busy[oldest % slots]!) / passedMs / this.#allocationCores;
  }
}
