import type { Balancer, PickContext, Random } from '@weir/core';
import type { Host } from '../model/caller.js';

/**
 * Of all hosts the one with the fewest requests in flight as this caller knows them; of several any (what
 * NGINX calls `least_conn` and Envoy a full scan). Only for comparison.
 */
export class LeastLoadedBalancer implements Balancer<Host> {
  readonly name = 'least_loaded';
  readonly #random: Random;
  #hosts: readonly Host[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  update(hosts: readonly Host[]): void {
    this.#hosts = hosts.filter(({ endpoint }) => endpoint.health === 'healthy');
  }

  pick(_context: PickContext): Host | undefined {
    let best: Host | undefined;
    let ties = 0;
    for (const host of this.#hosts) {
      const { inFlight } = host.stats;
      if (best === undefined || inFlight < best.stats.inFlight) {
        best = host;
        ties = 1;
      } else if (inFlight === best.stats.inFlight) {
        // Each of the equal ones stays with the same probability.
        ties += 1;
        if (this.#random.int(ties) === 0) best = host;
      }
    }
    return best;
  }
}
