import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';
import type { Balancer, PickContext } from './balancer.js';
import { areEqual, asDescribed, availableHosts, type HostView } from './host-view.js';
import { DRAW_STEPS, pickAmongLeft } from './pick-among-left.js';

/**
 * Any host, with a probability in proportion to its weight (Envoy `RANDOM`, which leaves the weights of hosts
 * out of account; here a weight means the same under every policy).
 */
export class RandomBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name = 'random';
  readonly #random: Random;
  #hosts: readonly Host[] = [];
  #weights: readonly number[] = [];
  /** How many of the `DRAW_STEPS` belong to a host and all before it; empty when the weights are equal. */
  #upTo = new Int32Array(0);

  constructor(random: Random) {
    this.#random = random;
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    this.#hosts = availableHosts(hosts, view);
    this.#weights = this.#hosts.map((host) => view.weightOf(host));
    this.#upTo = areEqual(this.#weights) ? new Int32Array(0) : divideSteps(this.#weights);
  }

  pick(context: PickContext): Host | undefined {
    const { excluded } = context;
    if (excluded !== undefined && excluded.size > 0) {
      return pickAmongLeft(this.#hosts, this.#weights, excluded, this.#random);
    }
    const count = this.#hosts.length;
    if (count === 0) return undefined;
    if (this.#upTo.length === 0) return this.#hosts[this.#random.int(count)];
    return this.#hosts[firstAbove(this.#upTo, this.#random.int(DRAW_STEPS))];
  }
}

function divideSteps(weights: readonly number[]): Int32Array<ArrayBuffer> {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let upTo = 0;
  return Int32Array.from(weights, (weight) => Math.round(((upTo += weight) / total) * DRAW_STEPS));
}

/** Index of the first element greater than `point`; `ascending` holds one. */
function firstAbove(ascending: Int32Array, point: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! > point) high = middle;
    else low = middle + 1;
  }
  return low;
}
