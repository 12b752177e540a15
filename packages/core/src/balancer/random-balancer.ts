import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';
import type { Balancer, PickContext } from './balancer.js';
import { asDescribed, availableHosts, type HostView } from './host-view.js';
import { WeightedDraw } from './weighted-draw.js';

/**
 * Any host, with a probability in proportion to its weight (Envoy `RANDOM`, which leaves the weights of hosts
 * out of account; here a weight means the same under every policy).
 */
export class RandomBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name = 'random';
  readonly #random: Random;
  #draw: WeightedDraw<Host>;

  constructor(random: Random) {
    this.#random = random;
    this.#draw = new WeightedDraw<Host>([], [], random);
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    const available = availableHosts(hosts, view);
    const weights = available.map((host) => view.weightOf(host));
    this.#draw = new WeightedDraw(available, weights, this.#random);
  }

  pick({ excluded }: PickContext): Host | undefined {
    return this.#draw.next(excluded);
  }
}
