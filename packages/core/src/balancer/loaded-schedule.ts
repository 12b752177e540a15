import type { EndpointState } from '../endpoint/endpoint-state.js';

/**
 * The least share a load can leave: a bias far beyond reason must not make rates of zero, which have no
 * order.
 */
export const LEAST_SHARE = 1e-300;

/** Turns in proportion to weights that fall with the load. */
export interface LoadedSchedule<Host extends EndpointState> {
  /** The host whose turn it is, of those not excluded; `undefined` when none is left. */
  next(excluded: ReadonlySet<EndpointState> | undefined): Host | undefined;
  /** The host has more or fewer requests in flight than before. */
  onLoadChange(host: Host): void;
  /** How full each host's vessel is, for the schedule that follows. */
  levels(): ReadonlyMap<Host, number>;
}
