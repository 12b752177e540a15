import type { Clock, Timer } from '../clock.js';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { LoadReport } from '../load/load-report.js';
import type { ProbedHost } from './probed-host.js';

/** One request that waits for the answers of the hosts it may go to: for all of them but the slowest. */
export class SyncPick<Host extends EndpointState> {
  readonly #sample: readonly ProbedHost<Host>[];
  readonly #answers = new Map<ProbedHost<Host>, LoadReport>();
  readonly #onEnough: (answers: ReadonlyMap<ProbedHost<Host>, LoadReport>) => void;
  readonly #timer: Timer;
  #outstanding: number;
  #isOver = false;

  /** @param onEnough is called once, with whatever has come in time */
  constructor(
    sample: readonly ProbedHost<Host>[],
    clock: Clock,
    timeoutMs: number,
    onEnough: (answers: ReadonlyMap<ProbedHost<Host>, LoadReport>) => void,
  ) {
    this.#sample = sample;
    this.#outstanding = sample.length;
    this.#onEnough = onEnough;
    this.#timer = clock.setTimer(timeoutMs, () => this.#end());
  }

  /** @param index of the host in the sample */
  onReply(index: number, report: LoadReport | undefined): void {
    this.#outstanding -= 1;
    if (report !== undefined) this.#answers.set(this.#sample[index]!, report);
    if (this.#outstanding === 0 || this.#answers.size >= this.#sample.length - 1) this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.cancel();
    this.#onEnough(this.#answers);
  }
}
