import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';
import type { Balancer, PickContext } from './balancer.js';
import { healthyHosts, weightsAreEqual } from './healthy-hosts.js';
import { pickAmongLeft } from './pick-among-left.js';

/**
 * Any host, with a probability in proportion to its weight (Envoy `RANDOM`, which leaves the weights of hosts out of
 * account; here a weight means the same under every policy).
 */
export class RandomBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name = 'random';
  readonly #random: Random;
  #hosts: Host[] = [];
  /** Weight of a host and all before it; empty when the weights are equal. */
  #upTo = new Float64Array(0);

  constructor(random: Random) {
    this.#random = random;
  }

  update(hosts: readonly Host[]): void {
    this.#hosts = healthyHosts(hosts);
    let sum = 0;
    this.#upTo = weightsAreEqual(this.#hosts)
      ? new Float64Array(0)
      : Float64Array.from(this.#hosts, (host) => (sum += host.endpoint.weight));
  }

  pick(context: PickContext): Host | undefined {
    const { excluded } = context;
    if (excluded !== undefined && excluded.size > 0) {
      return pickAmongLeft(this.#hosts, excluded, this.#random);
    }
    const count = this.#hosts.length;
    if (count === 0) return undefined;
    if (this.#upTo.length === 0) return this.#hosts[this.#random.int(count)];
    return this.#hosts[firstAbove(this.#upTo, this.#random.next() * this.#upTo[count - 1]!)];
  }
}

/** Index of the first element greater than `point`; `ascending` holds one. */
function firstAbove(ascending: Float64Array, point: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! > point) high = middle;
    else low = middle + 1;
  }
  return low;
}
