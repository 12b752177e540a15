import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Moment } from './moment.js';
import type { ProbedHost } from './probed-host.js';

/**
 * Bounds what one host has of the requests to so many times its fair share, over about a second: a bucket per
 * host that each request of its own fills and each request at all drains.
 */
export class ShareCap {
  readonly #mostShares: number;
  #picks = 0;
  #picksBefore = 0;
  #secondFromMs = -Infinity;
  #perSecond = 0;

  constructor(mostShares: number) {
    this.#mostShares = mostShares;
  }

  isUsedUp(probed: ProbedHost<EndpointState>): boolean {
    const most = this.#mostShares * probed.share;
    this.#drain(probed, most);
    return probed.used + 1 > Math.max(1, most * this.#perSecond);
  }

  /** The host has a request. */
  use(probed: ProbedHost<EndpointState>, { nowMs }: Moment): void {
    this.#drain(probed, this.#mostShares * probed.share);
    probed.used += 1;
    this.#picks += 1;
    const sinceMs = nowMs - this.#secondFromMs;
    if (sinceMs < 1_000) return;
    this.#perSecond = Math.round(((this.#picks - this.#picksBefore) * 1_000) / sinceMs);
    this.#picksBefore = this.#picks;
    this.#secondFromMs = nowMs;
  }

  #drain(probed: ProbedHost<EndpointState>, most: number): void {
    probed.used = Math.max(0, probed.used - (this.#picks - probed.usedAtPick) * most);
    probed.usedAtPick = this.#picks;
  }
}
