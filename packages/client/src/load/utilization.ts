import type { Clock, Utilization } from '@weir/core';
import { availableParallelism } from 'node:os';
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { cpuUsage } from 'node:process';

/** How often the machine is asked; in between the last answer is given. */
const INTERVAL_MS = 1000;

/** How busy a process is. */
export interface UtilizationMeter {
  read(): Utilization;
}

/**
 * Of this process: of the processor, the share of all cores that it uses; of the application, the share of the
 * time that the event loop is busy, since in Node.js that is what runs out first.
 */
export class ProcessUtilization implements UtilizationMeter {
  readonly #clock: Clock;
  #sinceMs: number;
  #cpuMs: number;
  #loop: EventLoopUtilization;
  #last: Utilization = { cpu: 0, application: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.nowMs();
    this.#cpuMs = usedMs();
    this.#loop = performance.eventLoopUtilization();
  }

  read(): Utilization {
    const nowMs = this.#clock.nowMs();
    const passedMs = nowMs - this.#sinceMs;
    if (passedMs < INTERVAL_MS) return this.#last;
    const cpuMs = usedMs();
    const loop = performance.eventLoopUtilization();
    const busy = performance.eventLoopUtilization(loop, this.#loop).utilization;
    this.#last = {
      cpu: (cpuMs - this.#cpuMs) / (passedMs * availableParallelism()),
      application: Number.isFinite(busy) ? busy : 0,
    };
    this.#sinceMs = nowMs;
    this.#cpuMs = cpuMs;
    this.#loop = loop;
    return this.#last;
  }
}

function usedMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}
