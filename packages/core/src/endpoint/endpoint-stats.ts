import type { GoZeroRecord } from './go-zero-record.js';
import type { OrcaWeight } from './orca-weight.js';
import type { PeakEwma } from './peak-ewma.js';
import type { ProbeRecord } from './probe-record.js';
import type { ResultWindow } from './result-window.js';
import type { OutlierRecord } from '../resilience/outlier-record.js';

/**
 * What has been learnt about an endpoint. It outlives balancers and configuration updates, because a balancer
 * that forgets on every rollout takes each survivor for an idle newcomer. Plain numbers: the request path
 * writes them, balancers and exporters read them.
 */
export class EndpointStats {
  /** Requests begun and not yet ended. */
  inFlight = 0;
  /** Sequence number of the last pick by a balancer that breaks ties with it; 0 means never. */
  lastPick = 0;
  /** When it was last picked by a balancer that minds, on the clock's `nowMs`; `-Infinity` means never. */
  lastPickMs = -Infinity;
  /** Requests ever begun. */
  started = 0;
  /** Requests that ended in failure, as judged by the caller. */
  failed = 0;

  /** Taken out of balancing for its failures; balancers look at it only in `update`. */
  ejected = false;
  /** What outlier detection knows of it; `undefined` as long as there is none. */
  outlier: OutlierRecord | undefined = undefined;
  /**
   * Since when it has been among the hosts that may be picked, on the clock's `nowMs`; `undefined` when it is
   * not, or when nobody asks.
   */
  availableSinceMs: number | undefined = undefined;

  /** Its latency as seen from here, with what its failures add; `undefined` when nobody measures. */
  latency: PeakEwma | undefined = undefined;
  /** How its latest attempts ended; `undefined` when nobody counts. */
  results: ResultWindow | undefined = undefined;
  /** Its weight by its own load reports; `undefined` when there were none or nobody minds. */
  orca: OrcaWeight | undefined = undefined;
  /** What it last said of its load; `undefined` when it was not asked or does not say. */
  probe: ProbeRecord | undefined = undefined;
  /** What go-zero's algorithm knows of it. */
  goZero: GoZeroRecord | undefined = undefined;

  /** Counts a request sent to the endpoint. Each call is followed by exactly one `end`. */
  begin(): void {
    this.inFlight += 1;
    this.started += 1;
  }

  /** Counts the end of a request, however it ended. */
  end(failed: boolean): void {
    this.inFlight -= 1;
    if (failed) this.failed += 1;
  }
}
