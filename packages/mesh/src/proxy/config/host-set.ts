import type { Clock, Endpoint, Timer } from '@weir/core';
import { UpstreamHost } from './upstream-host.js';

export interface HostSetOptions {
  readonly clock: Clock;
  /** How long a removed host is remembered, so that one that flaps keeps its statistics. */
  readonly graceMs: number;
  /** Called when a removed host did not come back in time. */
  readonly onForgotten: (address: string) => void;
}

/**
 * The hosts of one cluster across updates: an address keeps its host, and with it its statistics and its
 * connections, for as long as it is in the set.
 */
export class HostSet {
  readonly #options: HostSetOptions;
  readonly #hosts = new Map<string, UpstreamHost>();
  readonly #retired = new Map<string, { readonly host: UpstreamHost; readonly timer: Timer }>();

  constructor(options: HostSetOptions) {
    this.#options = options;
  }

  get hosts(): ReadonlyMap<string, UpstreamHost> {
    return this.#hosts;
  }

  /**
   * Makes the set hold exactly these endpoints, each address once. The pools of removed hosts are drained:
   * requests in flight end in peace.
   */
  update(endpoints: readonly Endpoint[]): void {
    const gone = new Set(this.#hosts.keys());
    for (const endpoint of endpoints) {
      gone.delete(endpoint.address);
      this.#put(endpoint);
    }
    for (const address of gone) this.#remove(address);
  }

  /** Removes and forgets every host. */
  clear(): void {
    for (const host of this.#hosts.values()) giveBack(host);
    for (const { timer } of this.#retired.values()) timer.cancel();
    this.#hosts.clear();
    this.#retired.clear();
  }

  #put(endpoint: Endpoint): void {
    const { address } = endpoint;
    const host = this.#hosts.get(address) ?? this.#revive(address);
    if (host !== undefined && isSamePod(host.endpoint, endpoint)) {
      host.endpoint = endpoint;
      host.removed = false;
      this.#hosts.set(address, host);
      return;
    }
    // The address was handed on to another pod: neither statistics nor connections are about this one.
    if (host !== undefined) giveBack(host);
    this.#hosts.set(address, new UpstreamHost(endpoint));
  }

  #remove(address: string): void {
    const host = this.#hosts.get(address);
    if (host === undefined) return;
    this.#hosts.delete(address);
    giveBack(host);
    const { clock, graceMs, onForgotten } = this.#options;
    const timer = clock.setTimer(graceMs, () => {
      this.#retired.delete(address);
      onForgotten(address);
    });
    this.#retired.set(address, { host, timer });
  }

  #revive(address: string): UpstreamHost | undefined {
    const retired = this.#retired.get(address);
    if (retired === undefined) return undefined;
    retired.timer.cancel();
    this.#retired.delete(address);
    return retired.host;
  }
}

function giveBack(host: UpstreamHost): void {
  host.removed = true;
  const { pool, http1 } = host;
  host.pool = undefined;
  host.http1 = undefined;
  pool?.drain();
  http1?.drain();
}

function isSamePod(before: Endpoint, after: Endpoint): boolean {
  return before.pod === after.pod || before.pod === '' || after.pod === '';
}
