import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';
import type { Balancer, PickContext } from './balancer.js';
import { asDescribed, availableHosts, type HostView } from './host-view.js';
import { pickAmongLeft } from './pick-among-left.js';
import { StrideSchedule } from './stride-schedule.js';

/**
 * Each host in turn, as often as its weight says (Envoy `ROUND_ROBIN`). The first turn starts at a random
 * host, or every client of a service would send its first request to the same one. An update keeps the turn:
 * those who were next are next.
 *
 * A further attempt of one request is drawn by weight from the hosts left, so that one failing host does not
 * shift the turns of everybody else.
 */
export class RoundRobinBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name = 'round_robin';
  readonly #random: Random;
  #hosts: readonly Host[] = [];
  #weights: readonly number[] = [];
  #schedule: StrideSchedule<Host>;

  constructor(random: Random) {
    this.#random = random;
    this.#schedule = new StrideSchedule([], [], random);
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    this.#hosts = availableHosts(hosts, view);
    this.#weights = this.#hosts.map((host) => view.weightOf(host));
    this.#schedule = new StrideSchedule(this.#hosts, this.#weights, this.#random, this.#schedule);
  }

  pick(context: PickContext): Host | undefined {
    const { excluded } = context;
    if (excluded !== undefined && excluded.size > 0) {
      return pickAmongLeft(this.#hosts, this.#weights, excluded, this.#random);
    }
    return this.#hosts[this.#schedule.next()];
  }
}
