import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Hash64 } from '../hash/hash64.js';
import type { LoadReport } from '../load/load-report.js';
import type { AttemptFeedback } from './attempt-feedback.js';
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
  /** The policy's name, which is Envoy's `lb_policy` in lower case where Envoy has one. */
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
  /**
   * There only when the policy would rather ask some hosts first: a caller that can hold the request calls
   * this instead of `pick`. `onPicked` is called exactly once, possibly before this returns; the context must
   * not change until then.
   */
  readonly pickAfterProbes?:
    ((context: PickContext, onPicked: (host: Host | undefined) => void) => void) | undefined;
  /**
   * Learns from an attempt that has ended: to be called once for each attempt at a picked host, after
   * `host.stats.end`, which it does not replace. Keeps nothing of `feedback`.
   */
  onAttemptEnd?(host: Host, feedback: AttemptFeedback): void;
  /** Learns from a load report that came without an attempt (out of band). */
  onLoadReport?(host: Host, report: LoadReport): void;
  /** Stops its timers and probes. It may still be asked to pick, by what it knows. */
  close?(): void;
}
