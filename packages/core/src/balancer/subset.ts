import type { EndpointState } from '../endpoint/endpoint-state.js';
import { xxHash64 } from '../hash/xxhash64.js';
import type { LoadReport } from '../load/load-report.js';
import type { AttemptFeedback } from './attempt-feedback.js';
import type { Balancer, PickContext } from './balancer.js';
import { asDescribed, type HostView } from './host-view.js';

/** Which hosts one client has to do with, where there are too many for everybody to know everybody. */
export interface SubsetSettings {
  /** Tells clients apart: the pod's name, say. The same one has the same hosts. */
  readonly clientId: string;
  /** Available hosts at most; an integer of at least 1 (A68 `subset_size`). */
  readonly size: number;
}

/**
 * Leaves a client only some of the hosts: those whose address and the client's id together have the lowest
 * hashes (rendezvous hashing; gRFC A68 `random_subsetting`, with the id in the place of a random number so
 * that a restart does not shuffle connections). One host that comes, goes, fails or mends changes at most one
 * of them. How many clients a host has differs by chance: where it is 100 on average, by about 10.
 *
 * A host that is not available does not count, and is kept for as long as it ranks among those that do.
 */
export class SubsetBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name: string;
  readonly pickAfterProbes: Balancer<Host>['pickAfterProbes'];
  readonly #inner: Balancer<Host>;
  readonly #size: number;
  readonly #seed: number;
  #ranks: ReadonlyMap<Host, number> = new Map();

  /** @throws {RangeError} when the size is no integer of at least 1 */
  constructor(inner: Balancer<Host>, { clientId, size }: SubsetSettings) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`subset: size must be an integer of at least 1, not ${size}`);
    }
    this.name = inner.name;
    this.pickAfterProbes = inner.pickAfterProbes;
    this.#inner = inner;
    this.#size = size;
    this.#seed = xxHash64(clientId).low;
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    const ranks = new Map<Host, number>();
    for (const host of hosts) ranks.set(host, this.#ranks.get(host) ?? this.#rankOf(host));
    this.#ranks = ranks;
    const available = hosts.filter((host) => view.isAvailable(host));
    if (available.length <= this.#size) return this.#inner.update(hosts, view);
    const ascending = Float64Array.from(available, (host) => ranks.get(host)!).sort();
    const last = ascending[this.#size - 1]!;
    this.#inner.update(
      hosts.filter((host) => ranks.get(host)! <= last),
      view,
    );
  }

  pick(context: PickContext): Host | undefined {
    return this.#inner.pick(context);
  }

  onAttemptEnd(host: Host, feedback: AttemptFeedback): void {
    this.#inner.onAttemptEnd?.(host, feedback);
  }

  onLoadReport(host: Host, report: LoadReport): void {
    this.#inner.onLoadReport?.(host, report);
  }

  close(): void {
    this.#inner.close?.();
  }

  /** The upper 53 bits of the hash: as many as a number holds exactly. */
  #rankOf({ endpoint }: Host): number {
    const { high, low } = xxHash64(endpoint.address, this.#seed);
    return high * 2 ** 21 + (low >>> 11);
  }
}
