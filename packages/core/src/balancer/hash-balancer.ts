import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Hash64 } from '../hash/hash64.js';
import type { Random } from '../random.js';
import type { Balancer, PickContext } from './balancer.js';
import { HashRing, type RingSettings } from './hash-ring.js';
import { asDescribed, type HostView } from './host-view.js';
import { isPrime, MaglevTable, MOST_PLACES } from './maglev-table.js';
import { RandomBalancer } from './random-balancer.js';

/** Places that belong to hosts, one of which each hash leads to. */
export interface HashPlaces {
  readonly size: number;
  placeOf(hash: Hash64): number;
  ownerOf(place: number): number;
}

type BuildPlaces = (addresses: readonly string[], weights: readonly number[]) => HashPlaces;

/**
 * Binds requests to hosts: the same hash leads to the same host for as long as the host is there, and nearly
 * always when others come and go. The places are divided among all hosts of whatever health; one that is not
 * available or was tried already is stepped over to the owner of the next place, so that its requests alone
 * go elsewhere, and come back with it.
 *
 * A request that is bound to nothing goes to any host by weight.
 */
export class HashBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name: string;
  readonly #build: BuildPlaces;
  readonly #unbound: RandomBalancer<Host>;
  /** In order of their addresses. */
  #hosts: readonly Host[] = [];
  #weights: readonly number[] = [];
  #available = new Uint8Array(0);
  #anyAvailable = false;
  #places: HashPlaces | undefined;

  constructor(name: string, build: BuildPlaces, random: Random) {
    this.name = name;
    this.#build = build;
    this.#unbound = new RandomBalancer(random);
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    this.#unbound.update(hosts, view);
    const before = this.#hosts;
    const beforeWeights = this.#weights;
    this.#hosts = [...hosts].sort((a, b) => (a.endpoint.address < b.endpoint.address ? -1 : 1));
    this.#weights = this.#hosts.map((host) => view.weightOf(host));
    this.#available = Uint8Array.from(this.#hosts, (host) => (view.isAvailable(host) ? 1 : 0));
    this.#anyAvailable = this.#available.includes(1);
    const isSame =
      this.#hosts.length === before.length &&
      this.#hosts.every(
        (host, index) => host === before[index] && this.#weights[index] === beforeWeights[index],
      );
    if (this.#hosts.length === 0) this.#places = undefined;
    else if (!isSame || this.#places === undefined) this.#places = this.#buildPlaces();
  }

  pick(context: PickContext): Host | undefined {
    const { hash, excluded } = context;
    if (hash === undefined) return this.#unbound.pick(context);
    const places = this.#places;
    if (places === undefined || !this.#anyAvailable) return undefined;
    let place = places.placeOf(hash);
    for (let looked = 0; looked < places.size; looked++) {
      const owner = places.ownerOf(place);
      if (this.#available[owner] === 1) {
        const host = this.#hosts[owner]!;
        if (excluded === undefined || !excluded.has(host)) return host;
      }
      place = place + 1 === places.size ? 0 : place + 1;
    }
    // Whoever is left has no place of its own: too light for a table of this size.
    return this.#unbound.pick(context);
  }

  #buildPlaces(): HashPlaces {
    return this.#build(
      this.#hosts.map(({ endpoint }) => endpoint.address),
      this.#weights,
    );
  }
}

/** Envoy's `RING_HASH`. @throws {RangeError} when a setting is out of its range */
export function createRingHashBalancer<Host extends EndpointState>(
  settings: RingSettings,
  random: Random,
): HashBalancer<Host> {
  const { minimumRingSize, maximumRingSize } = settings;
  const isSize = (size: number): boolean => Number.isInteger(size) && size >= 1 && size <= 8_388_608;
  if (!isSize(minimumRingSize) || !isSize(maximumRingSize) || minimumRingSize > maximumRingSize) {
    throw new RangeError(
      'ring_hash: minimum_ring_size and maximum_ring_size must be integers from 1 to 8388608, the first no ' +
        `greater than the second, not ${minimumRingSize} and ${maximumRingSize}`,
    );
  }
  return new HashBalancer(
    'ring_hash',
    (addresses, weights) => new HashRing(addresses, weights, settings),
    random,
  );
}

/** Envoy's `MAGLEV`. @throws {RangeError} when the size of the table is no prime up to 5 000 011 */
export function createMaglevBalancer<Host extends EndpointState>(
  tableSize: number,
  random: Random,
): HashBalancer<Host> {
  if (!isPrime(tableSize) || tableSize > MOST_PLACES) {
    throw new RangeError(`maglev: table_size must be a prime up to ${MOST_PLACES}, not ${tableSize}`);
  }
  return new HashBalancer(
    'maglev',
    (addresses, weights) => new MaglevTable(addresses, weights, tableSize),
    random,
  );
}
