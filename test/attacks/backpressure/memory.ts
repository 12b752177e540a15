import { setTimeout as sleep } from 'node:timers/promises';
import type { AttackRange } from '../../support/attack-range.js';

const SAMPLE_MS = 20;

/** Watches the sidecar's resident memory from now on. */
export class MemoryWatch {
  readonly #range: AttackRange;
  readonly #timer: NodeJS.Timeout;
  readonly #beforeBytes: number;
  #peakBytes: number;

  constructor(range: AttackRange) {
    this.#range = range;
    this.#beforeBytes = this.#peakBytes = range.sidecar.process.residentBytes();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  /** The most by which it grew. Ends the watch. */
  growthBytes(): number {
    clearInterval(this.#timer);
    this.#sample();
    return this.#peakBytes - this.#beforeBytes;
  }

  #sample(): void {
    this.#peakBytes = Math.max(this.#peakBytes, this.#range.sidecar.process.residentBytes());
  }
}

/** Waits until a number has stopped changing, and returns it. */
export async function settled(read: () => number, pauseMs = 300): Promise<number> {
  for (let last = -1; ; await sleep(pauseMs)) {
    const now = read();
    if (now === last) return now;
    last = now;
  }
}
