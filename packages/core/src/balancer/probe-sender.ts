import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { LoadReport } from '../load/load-report.js';

/** Asks callees for their load, over whatever connects the caller with them. */
export interface ProbeSender<Host extends EndpointState = EndpointState> {
  /**
   * Asks one host. `onReply` is called exactly once, never before `probe` has returned, with `undefined` when
   * there is no answer in time or the host does not answer probes.
   */
  probe(host: Host, onReply: (report: LoadReport | undefined) => void): void;
}
