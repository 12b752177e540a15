import { type Clock, LOAD_PROBE_PATH, type LoadReport, type ProbeSender } from '@weir/core';
import { loadIn } from './attempt.js';
import type { ClientHost } from './client-host.js';

const UNIMPLEMENTED = 12;
/** An answer that took longer says little of now; a policy that cannot wait so long does not. */
const TIMEOUT_MS = 250;
/** How long an endpoint is left alone that does not answer probes. */
const NO_PROBES_MS = 5 * 60_000;

/** Asks endpoints for their load over the connections of the channel. */
export class Prober implements ProbeSender<ClientHost> {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  probe(host: ClientHost, onReply: (report: LoadReport | undefined) => void): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs < host.noProbesUntilMs) return this.#later(onReply);
    const giveUp = host.leaf.ask(LOAD_PROBE_PATH, TIMEOUT_MS, (code, trailer) => {
      timer.cancel();
      if (code === UNIMPLEMENTED) host.noProbesUntilMs = this.#clock.nowMs() + NO_PROBES_MS;
      const report = code === 0 ? loadIn(trailer) : undefined;
      if (report !== undefined) host.load = report;
      onReply(report);
    });
    if (giveUp === undefined) return this.#later(onReply);
    const timer = this.#clock.setTimer(TIMEOUT_MS, () => {
      giveUp();
      onReply(undefined);
    });
  }

  #later(onReply: (report: undefined) => void): void {
    this.#clock.setTimer(0, () => onReply(undefined));
  }
}
