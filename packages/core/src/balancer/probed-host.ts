import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { LoadReport } from '../load/load-report.js';

/** What a probe is sent with: made once for each host. */
export type OnProbeReply = (report: LoadReport | undefined) => void;

/** A host as one balancer probes it. */
export class ProbedHost<Host extends EndpointState> {
  readonly host: Host;
  /** Its fair share of the requests, 0 to 1. */
  share = 0.5;
  readonly onReply: OnProbeReply;
  /** Requests that wait for the answer on its way. */
  readonly waiting: OnProbeReply[] = [];
  /** Whether an answer is on its way. */
  isAsked = false;
  /** Whether it may still be picked. */
  isCurrent = true;
  /** When it last answered, on the clock's `nowMs`. */
  answeredMs = -Infinity;
  /** As it stands in the distribution of requests in flight; -1: not at all. */
  requestsInFlight = -1;
  /** How far it has used up its share, in requests, and as of which pick. */
  used = 0.5;
  usedAtPick = 0;

  constructor(host: Host, onReply: (probed: ProbedHost<Host>, report: LoadReport | undefined) => void) {
    this.host = host;
    this.onReply = (report) => onReply(this, report);
    this.used = 0;
  }
}
