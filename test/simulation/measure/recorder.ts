import { LatencyHistogram } from './latency-histogram.js';

/** How many distinct numbers of requests in flight are told apart. */
const MOST_RIF = 4096;

/** What a run is asked, besides latencies. */
export interface RecorderSettings {
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Length of the steps of the time line; 0: none is kept. */
  readonly stepMs: number;
}

/** One step of a time line, by the instants at which calls began. */
export interface Step {
  readonly latencies: LatencyHistogram;
  calls: number;
  errors: number;
  /** Calls to the replicas that the scenario is about. */
  marked: number;
}

/**
 * What came of the calls that began in the measured time. A call that exceeded its deadline counts among the
 * latencies, as its deadline, and among the errors; one that was answered with an error only among the errors.
 */
export class Recorder {
  readonly latencies = new LatencyHistogram();
  /** Requests in flight at a replica as another one came to it. */
  readonly rif = new Uint32Array(MOST_RIF);
  readonly steps: Step[] = [];
  /** Calls by replica. */
  readonly perReplica: number[] = [];
  calls = 0;
  errors = 0;
  readonly #beginMs: number;
  readonly #endMs: number;
  readonly #stepMs: number;

  constructor({ warmUpMs, measureMs, stepMs }: RecorderSettings) {
    this.#beginMs = warmUpMs;
    this.#endMs = warmUpMs + measureMs;
    this.#stepMs = stepMs;
    const steps = stepMs > 0 ? Math.ceil(measureMs / stepMs) : 0;
    for (let at = 0; at < steps; at++) {
      this.steps.push({ latencies: new LatencyHistogram(), calls: 0, errors: 0, marked: 0 });
    }
  }

  get endMs(): number {
    return this.#endMs;
  }

  /** @param replica -1 when there was none to send it to */
  began(sentMs: number, replica: number, marked: boolean): void {
    if (sentMs < this.#beginMs || sentMs >= this.#endMs) return;
    this.calls += 1;
    if (replica >= 0) this.perReplica[replica] = (this.perReplica[replica] ?? 0) + 1;
    const step = this.#stepOf(sentMs);
    if (step === undefined) return;
    step.calls += 1;
    if (marked) step.marked += 1;
  }

  found(rif: number, nowMs: number): void {
    if (nowMs < this.#beginMs || nowMs >= this.#endMs) return;
    const at = Math.min(rif, MOST_RIF - 1);
    this.rif[at] = this.rif[at]! + 1;
  }

  answered(sentMs: number, latencyMs: number): void {
    if (sentMs < this.#beginMs || sentMs >= this.#endMs) return;
    this.latencies.add(latencyMs);
    this.#stepOf(sentMs)?.latencies.add(latencyMs);
  }

  failed(sentMs: number): void {
    if (sentMs < this.#beginMs || sentMs >= this.#endMs) return;
    this.errors += 1;
    const step = this.#stepOf(sentMs);
    if (step !== undefined) step.errors += 1;
  }

  timedOut(sentMs: number, deadlineMs: number): void {
    this.answered(sentMs, deadlineMs);
    this.failed(sentMs);
  }

  #stepOf(sentMs: number): Step | undefined {
    return this.#stepMs === 0 ? undefined : this.steps[Math.floor((sentMs - this.#beginMs) / this.#stepMs)];
  }
}
