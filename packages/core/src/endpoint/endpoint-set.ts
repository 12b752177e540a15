import { type EndpointDiff, diffEndpoints } from './diff-endpoints.js';
import type { EndpointState } from './endpoint-state.js';
import type { Endpoint } from './endpoint.js';

/**
 * The endpoints of one cluster across updates: an address keeps its state for as long as it is in the set,
 * and beyond that while requests to it are in flight, so that an endpoint which flaps comes back with its
 * load known.
 */
export class EndpointSet<State extends EndpointState> {
  readonly #create: (endpoint: Endpoint) => State;
  readonly #current = new Map<string, State>();
  readonly #departed = new Map<string, State>();
  #hosts: readonly State[] = [];

  /** @param create makes the state of an address that the set does not remember */
  constructor(create: (endpoint: Endpoint) => State) {
    this.#create = create;
  }

  /** The state of every endpoint, in the order of the last update; a new array after each update. */
  get hosts(): readonly State[] {
    return this.#hosts;
  }

  get(address: string): State | undefined {
    return this.#current.get(address);
  }

  /** Makes the set hold exactly these endpoints. Of two with the same address the first one counts. */
  update(endpoints: readonly Endpoint[]): EndpointDiff {
    const wanted = new Map<string, Endpoint>();
    for (const endpoint of endpoints) {
      if (!wanted.has(endpoint.address)) wanted.set(endpoint.address, endpoint);
    }
    const before = this.#hosts.map((state) => state.endpoint);
    const diff = diffEndpoints(before, [...wanted.values()]);

    for (const { address } of diff.removed) this.#remove(address);
    this.#hosts = Array.from(wanted.values(), (endpoint) => this.#put(endpoint));
    this.#forgetIdle();
    return diff;
  }

  #put(endpoint: Endpoint): State {
    const known = this.#current.get(endpoint.address) ?? this.#departed.get(endpoint.address);
    const state = known ?? this.#create(endpoint);
    state.endpoint = endpoint;
    this.#departed.delete(endpoint.address);
    this.#current.set(endpoint.address, state);
    return state;
  }

  #remove(address: string): void {
    const state = this.#current.get(address);
    if (state === undefined) return;
    this.#current.delete(address);
    this.#departed.set(address, state);
  }

  #forgetIdle(): void {
    for (const [address, state] of this.#departed) {
      if (state.stats.inFlight === 0) this.#departed.delete(address);
    }
  }
}
