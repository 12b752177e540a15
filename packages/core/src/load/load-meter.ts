import type { Clock } from '../clock.js';
import { LatencyByRif } from './latency-by-rif.js';
import type { LoadReport } from './load-report.js';
import { SlidingRate } from './sliding-rate.js';

export interface LoadMeterSettings {
  /** Latencies older than this no longer count; default 5000. */
  readonly latencyMaxAgeMs: number;
  /** Over how long qps and eps are taken; default 10 000. */
  readonly rateWindowMs: number;
}

/** How busy the server itself is, as a fraction; what the meter cannot know from requests. */
export interface Utilization {
  /** Of the processor; 0: not known. */
  readonly cpu: number;
  /** Of whatever the application says; 0: not known. */
  readonly application: number;
}

const notKnown: Utilization = { cpu: 0, application: 0 };

/**
 * What a server knows of its own load, for Prequal's probes and ORCA reports. One per server. Counting
 * allocates nothing; a report is one object.
 *
 * Each `begin` is followed by exactly one `end` or `abandon`.
 */
export class LoadMeter {
  readonly #clock: Clock;
  readonly #latencies: LatencyByRif;
  readonly #requests: SlidingRate;
  readonly #failures: SlidingRate;
  #rif = 0;

  constructor(clock: Clock, settings: Partial<LoadMeterSettings> = {}) {
    const { latencyMaxAgeMs = 5000, rateWindowMs = 10_000 } = settings;
    this.#clock = clock;
    this.#latencies = new LatencyByRif(latencyMaxAgeMs);
    this.#requests = new SlidingRate(rateWindowMs, clock.nowMs());
    this.#failures = new SlidingRate(rateWindowMs, clock.nowMs());
  }

  /** Requests begun and not yet ended. */
  get requestsInFlight(): number {
    return this.#rif;
  }

  /**
   * A request is handed to the application.
   *
   * @returns how many were in flight before it: to be given back to `end`
   */
  begin(): number {
    return this.#rif++;
  }

  /**
   * The application has answered.
   *
   * @param found what `begin` returned
   * @param latencyMs from `begin` on
   * @param failed whether the answer counts among the failures per second
   */
  end(found: number, latencyMs: number, failed: boolean): void {
    const nowMs = this.#clock.nowMs();
    this.#rif -= 1;
    this.#latencies.record(found, latencyMs, nowMs);
    this.#requests.add(nowMs);
    if (failed) this.#failures.add(nowMs);
  }

  /** The caller has gone before the answer: the request is no longer in flight, and says nothing of latency. */
  abandon(): void {
    this.#rif -= 1;
  }

  /** Median latency at about the requests in flight now; `undefined` when there is no recent one. */
  latencyMs(): number | undefined {
    const median = this.#latencies.median(this.#rif, this.#clock.nowMs());
    return median < 0 ? undefined : median;
  }

  /** The load as of now; qps and eps count requests as they end. */
  report(utilization: Utilization = notKnown): LoadReport {
    const nowMs = this.#clock.nowMs();
    return {
      requestsInFlight: this.#rif,
      latencyMs: this.latencyMs(),
      cpuUtilization: utilization.cpu,
      applicationUtilization: utilization.application,
      qps: this.#requests.perSecond(nowMs),
      eps: this.#failures.perSecond(nowMs),
      namedMetrics: undefined,
    };
  }
}
