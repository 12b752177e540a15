import type { Clock } from '../clock.js';
import { type EndpointDiff, diffEndpoints } from './diff-endpoints.js';
import type { EndpointState } from './endpoint-state.js';
import type { Endpoint } from './endpoint.js';

/** For how long a set remembers who has left. */
export interface EndpointMemory {
  readonly clock: Clock;
  readonly rememberMs: number;
}

interface Departed<State> {
  readonly state: State;
  readonly leftMs: number;
}

/**
 * The endpoints of one cluster across updates: an address keeps its state for as long as it is in the set,
 * and beyond that while requests to it are in flight or the set's memory lasts, so that an endpoint which flaps
 * comes back with all that was learnt of it. An address that was handed on to another pod begins anew.
 */
export class EndpointSet<State extends EndpointState> {
  readonly #create: (endpoint: Endpoint) => State;
  readonly #memory: EndpointMemory | undefined;
  readonly #current = new Map<string, State>();
  readonly #departed = new Map<string, Departed<State>>();
  #hosts: readonly State[] = [];

  /**
   * @param create makes the state of an address that the set does not remember
   * @param memory default: who has left and has nothing in flight is forgotten at the next update
   */
  constructor(create: (endpoint: Endpoint) => State, memory?: EndpointMemory) {
    this.#create = create;
    this.#memory = memory;
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
    const { address } = endpoint;
    const known = this.#current.get(address) ?? this.#departed.get(address)?.state;
    const state = known !== undefined && isSamePod(known.endpoint, endpoint) ? known : this.#create(endpoint);
    state.endpoint = endpoint;
    this.#departed.delete(address);
    this.#current.set(address, state);
    return state;
  }

  #remove(address: string): void {
    const state = this.#current.get(address);
    if (state === undefined) return;
    this.#current.delete(address);
    this.#departed.set(address, { state, leftMs: this.#memory?.clock.nowMs() ?? 0 });
  }

  #forgetIdle(): void {
    const memory = this.#memory;
    const sinceMs = memory === undefined ? Infinity : memory.clock.nowMs() - memory.rememberMs;
    for (const [address, { state, leftMs }] of this.#departed) {
      if (state.stats.inFlight === 0 && leftMs <= sinceMs) this.#departed.delete(address);
    }
  }
}

function isSamePod(before: Endpoint, after: Endpoint): boolean {
  return before.pod === after.pod || before.pod === '' || after.pod === '';
}
