import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';

/**
 * Takes turns in proportion to `weight / (inFlight + 1) ^ bias`, as it is at each turn (Envoy `LEAST_REQUEST` with unequal
 * weights). Weights that move with every request rule out a schedule made beforehand. Envoy keeps a queue of deadlines and
 * looks at a host's load only when the host's turn has come; a host that was busy then and is idle now waits out its old
 * deadline. Here every host is given its present weight as credit at each turn, the one with the most credit is taken and
 * pays for all of it (nginx's smooth weighted round robin): one pass over the hosts, always with fresh numbers.
 */
export class SmoothSchedule<Host extends EndpointState> {
  readonly #hosts: readonly Host[];
  readonly #bias: number;
  readonly #weight: Float64Array;
  readonly #credit: Float64Array;

  /**
   * @param hosts a copy is kept
   * @param before the schedule to carry on: its hosts keep their credit
   */
  constructor(hosts: readonly Host[], bias: number, random: Random, before?: SmoothSchedule<Host>) {
    this.#hosts = [...hosts];
    this.#bias = bias;
    this.#weight = Float64Array.from(hosts, (host) => host.endpoint.weight);
    const credits = before?.credits();
    // A newcomer starts anywhere in its turn, or all clients would begin with the same host.
    this.#credit = Float64Array.from(
      hosts,
      (host) => credits?.get(host) ?? random.next() * host.endpoint.weight,
    );
  }

  /** The host whose turn it is, of those not excluded; `undefined` when none is left. */
  next(excluded: ReadonlySet<EndpointState> | undefined): Host | undefined {
    const hosts = this.#hosts;
    let given = 0;
    let best = -1;
    for (let index = 0; index < hosts.length; index++) {
      const host = hosts[index]!;
      if (excluded !== undefined && excluded.has(host)) continue;
      const now = this.#weight[index]! * this.#share(host.stats.inFlight);
      given += now;
      this.#credit[index]! += now;
      if (best < 0 || this.#credit[index]! > this.#credit[best]!) best = index;
    }
    if (best < 0) return undefined;
    this.#credit[best]! -= given;
    return hosts[best];
  }

  /** Each host's credit, for the schedule that follows. */
  credits(): ReadonlyMap<Host, number> {
    return new Map(this.#hosts.map((host, index) => [host, this.#credit[index]!]));
  }

  /** What the load leaves of a weight. */
  #share(inFlight: number): number {
    return this.#bias === 1 ? 1 / (inFlight + 1) : (inFlight + 1) ** -this.#bias;
  }
}
