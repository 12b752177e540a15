import { type Clock, encodeOrcaLoadReport, LoadMeter, type LoadReport } from '@weir/core';
import type { UtilizationMeter } from './utilization.js';

/** What one server knows of its load, ready to be sent. */
export class ServerLoad {
  readonly clock: Clock;
  readonly #meter: LoadMeter;
  readonly #utilization: UtilizationMeter;

  constructor(clock: Clock, utilization: UtilizationMeter) {
    this.clock = clock;
    this.#meter = new LoadMeter(clock);
    this.#utilization = utilization;
  }

  /** A request begins; what is returned is told how it ends, once. */
  begin(): { end(failed: boolean): void; abandon(): void } {
    const found = this.#meter.begin();
    const beganMs = this.clock.nowMs();
    let isOver = false;
    const once = (act: () => void): void => {
      if (!isOver) act();
      isOver = true;
    };
    return {
      end: (failed) => once(() => this.#meter.end(found, this.clock.nowMs() - beganMs, failed)),
      abandon: () => once(() => this.#meter.abandon()),
    };
  }

  report(): LoadReport {
    return this.#meter.report(this.#utilization.read());
  }

  /** As it goes into a trailer. */
  encode(): Buffer {
    return Buffer.from(encodeOrcaLoadReport(this.report()));
  }
}
