import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Hash64 } from '../hash/hash64.js';
import type { HostView } from './host-view.js';

/** What a balancer may know about the request it picks for. */
export interface PickContext {
  /** Hosts that this request has tried already. */
  readonly excluded: ReadonlySet<EndpointState> | undefined;
  /** Hash of whatever the request is bound to; `undefined` when it is bound to nothing. */
  readonly hash: Hash64 | undefined;
  /** Priorities that are avoided as long as another has a host; default: none (`previous_priorities`). */
  readonly avoidedPriorities?: ReadonlySet<number> | undefined;
}

/**
 * Chooses a host for each request. A balancer keeps only its own position; everything worth remembering about
 * a host is in the host's statistics, so that replacing the balancer loses nothing.
 */
export interface Balancer<Host extends EndpointState = EndpointState> {
  /** The policy's name, as Envoy's `lb_policy` in lower case. */
  readonly name: string;
  /**
   * Takes the hosts of the cluster, of any health; to be called again whenever a host comes, goes, or gets
   * another health or weight, is ejected or comes back. The array is read, not kept.
   *
   * @param view how to see them; default: `asDescribed`
   */
  update(hosts: readonly Host[], view?: HostView): void;
  /**
   * An available host that the request has not tried; `undefined` when there is none, and the caller decides
   * what that means. Allocates nothing.
   */
  pick(context: PickContext): Host | undefined;
}
