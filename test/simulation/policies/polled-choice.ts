import type { Balancer, Clock, PickContext, ProbeSender, Random, Timer } from '@weir/core';
import type { Host } from '../model/caller.js';

/**
 * Of two random hosts the one that had fewer requests in flight, all callers together, when it was last asked;
 * all are asked every `intervalMs` (Prequal's "YARP-Po2C"). Only for comparison.
 */
export class PolledChoiceBalancer implements Balancer<Host> {
  readonly name = 'polled_choice';
  readonly #intervalMs: number;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #probes: ProbeSender<Host>;
  readonly #known = new Map<Host, number>();
  #hosts: readonly Host[] = [];
  #timer: Timer | undefined;

  constructor(intervalMs: number, random: Random, clock: Clock, probes: ProbeSender<Host>) {
    this.#intervalMs = intervalMs;
    this.#random = random;
    this.#clock = clock;
    this.#probes = probes;
  }

  update(hosts: readonly Host[]): void {
    this.#hosts = hosts.filter(({ endpoint }) => endpoint.health === 'healthy');
    // Callers that all ask at the same instant would all see the same.
    this.#timer ??= this.#clock.setTimer(this.#random.next() * this.#intervalMs, () => this.#poll());
  }

  pick(_context: PickContext): Host | undefined {
    const hosts = this.#hosts;
    if (hosts.length < 2) return hosts[0];
    const first = this.#random.int(hosts.length);
    const second = (first + 1 + this.#random.int(hosts.length - 1)) % hosts.length;
    const a = hosts[first]!;
    const b = hosts[second]!;
    return (this.#known.get(a) ?? 0) <= (this.#known.get(b) ?? 0) ? a : b;
  }

  close(): void {
    this.#timer?.cancel();
  }

  #poll(): void {
    this.#timer = this.#clock.setTimer(this.#intervalMs, () => this.#poll());
    for (const host of this.#hosts) {
      this.#probes.probe(host, (report) => {
        if (report?.requestsInFlight !== undefined) this.#known.set(host, report.requestsInFlight);
      });
    }
  }
}
