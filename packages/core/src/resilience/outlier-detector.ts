import type { Clock, Timer } from '../clock.js';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';
import { grpcToHttpStatus } from './grpc-code.js';
import { failingTooOften, type RatedHost, worseThanTheRest } from './outlier-rates.js';
import { OutlierRecord } from './outlier-record.js';
import type { OutlierSettings } from './outlier-settings.js';

/** Why a host is ejected; the names of Envoy's counters. */
export const EJECTION_KINDS = [
  'consecutive_5xx',
  'consecutive_gateway_failure',
  'consecutive_local_origin_failure',
  'success_rate',
  'local_origin_success_rate',
  'failure_percentage',
  'local_origin_failure_percentage',
] as const;

export type EjectionKind = (typeof EJECTION_KINDS)[number];

export interface EjectionCounts {
  /** Ejections found due, whatever came of them. */
  detected: number;
  /** Ejections carried out. */
  enforced: number;
}

/**
 * Finds the hosts of one cluster that fail more than they may and keeps them out of balancing for a while
 * (Envoy's outlier detection, gRFC A50). It sets `host.stats.ejected` and says so; balancers heed it at their
 * next update. What it knows of a host is kept with the host's statistics.
 *
 * Of a gRPC answer the gRPC status counts, wherever it was, as the HTTP status that stands for it.
 */
export class OutlierDetector<Host extends EndpointState = EndpointState> {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #onChange: () => void;
  readonly #counts = new Map<EjectionKind, EjectionCounts>();
  #settings: OutlierSettings;
  #hosts: ReadonlySet<Host> = new Set();
  #timer: Timer | undefined;
  /** Ejections that were due and would have left too few hosts. */
  overflows = 0;

  /** @param onChange called after hosts were ejected or have come back: the balancer is to be updated */
  constructor(settings: OutlierSettings, clock: Clock, random: Random, onChange: () => void) {
    this.#settings = settings;
    this.#clock = clock;
    this.#random = random;
    this.#onChange = onChange;
    for (const kind of EJECTION_KINDS) this.#counts.set(kind, { detected: 0, enforced: 0 });
  }

  get counts(): ReadonlyMap<EjectionKind, Readonly<EjectionCounts>> {
    return this.#counts;
  }

  /** How many hosts are ejected now. */
  get ejected(): number {
    let ejected = 0;
    for (const { stats } of this.#hosts) if (stats.ejected) ejected += 1;
    return ejected;
  }

  /** Takes the hosts of the cluster, of any health. */
  setHosts(hosts: Iterable<Host>): void {
    this.#hosts = new Set(hosts);
    if (this.#hosts.size === 0) this.#stopTimer();
    else this.#timer ??= this.#startTimer();
  }

  /** Takes new settings; who is ejected stays so for as long as was decided. */
  configure(settings: OutlierSettings): void {
    const { intervalMs } = this.#settings;
    this.#settings = settings;
    if (this.#timer === undefined || intervalMs === settings.intervalMs) return;
    this.#stopTimer();
    this.#timer = this.#startTimer();
  }

  /** Ends detection: every host is back at once. */
  close(): void {
    this.#stopTimer();
    const ejected = [...this.#hosts].filter(({ stats }) => stats.ejected);
    for (const host of ejected) this.#restore(host);
    if (ejected.length > 0) this.#onChange();
  }

  /**
   * A host has answered.
   *
   * @param grpcStatus `undefined` when the call is not gRPC
   */
  answered(host: Host, httpStatus: number, grpcStatus: number | undefined): void {
    const { httpErrors, grpcErrors } = this.#settings;
    const isGrpcStatus = grpcStatus !== undefined && httpStatus === 200;
    const status = isGrpcStatus ? grpcToHttpStatus(grpcStatus) : httpStatus;
    const isError =
      isGrpcStatus && grpcErrors !== undefined
        ? grpcErrors.has(grpcStatus)
        : (httpErrors?.has(status) ?? (status >= 500 && status <= 599));
    this.#countExternal(host, isError, status >= 502 && status <= 504);
  }

  /** A connection to the host could be had. Only matters when failures on the way count apart. */
  connected(host: Host): void {
    if (!this.#settings.splitExternalLocalOriginErrors) return;
    const record = recordOf(host);
    record.localOrigin.count(true);
    record.consecutiveLocalOriginFailure = 0;
  }

  /** The host ended the request or its connection without an answer. */
  reset(host: Host): void {
    this.#countExternal(host, true, false);
  }

  /** No connection could be had, or no answer came in time. Counts as 503 or 504 unless it counts apart. */
  localFailure(host: Host): void {
    const { splitExternalLocalOriginErrors, consecutiveLocalOriginFailure } = this.#settings;
    if (!splitExternalLocalOriginErrors) return this.#countExternal(host, true, true);
    const record = recordOf(host);
    record.localOrigin.count(false);
    record.consecutiveLocalOriginFailure += 1;
    if (!isReached(record.consecutiveLocalOriginFailure, consecutiveLocalOriginFailure)) return;
    record.consecutiveLocalOriginFailure = 0;
    this.#found(
      host,
      'consecutive_local_origin_failure',
      this.#settings.enforcingConsecutiveLocalOriginFailure,
    );
  }

  #countExternal(host: Host, isError: boolean, isGatewayFailure: boolean): void {
    const record = recordOf(host);
    record.external.count(!isError);
    if (!isError) {
      record.consecutive5xx = 0;
      record.consecutiveGatewayFailure = 0;
      return;
    }
    const settings = this.#settings;
    record.consecutiveGatewayFailure = isGatewayFailure ? record.consecutiveGatewayFailure + 1 : 0;
    if (isReached(record.consecutiveGatewayFailure, settings.consecutiveGatewayFailure)) {
      record.consecutiveGatewayFailure = 0;
      this.#found(host, 'consecutive_gateway_failure', settings.enforcingConsecutiveGatewayFailure);
    }
    record.consecutive5xx += 1;
    if (isReached(record.consecutive5xx, settings.consecutive5xx)) {
      record.consecutive5xx = 0;
      this.#found(host, 'consecutive_5xx', settings.enforcingConsecutive5xx);
    }
  }

  #found(host: Host, kind: EjectionKind, enforcing: number): void {
    if (this.#eject(host, kind, enforcing)) this.#onChange();
  }

  #startTimer(): Timer {
    return this.#clock.setTimer(this.#settings.intervalMs, () => {
      this.#timer = this.#startTimer();
      this.#endInterval();
    });
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #endInterval(): void {
    const nowMs = this.#clock.nowMs();
    let changed = false;
    for (const host of this.#hosts) if (this.#restoreIfDue(host, nowMs)) changed = true;
    if (this.#ejectByRates()) changed = true;
    for (const { stats } of this.#hosts) {
      stats.outlier?.external.reset();
      stats.outlier?.localOrigin.reset();
    }
    if (changed) this.#onChange();
  }

  #restoreIfDue(host: Host, nowMs: number): boolean {
    const record = host.stats.outlier;
    if (record === undefined) return false;
    if (!host.stats.ejected) {
      record.multiplier = Math.max(0, record.multiplier - 1);
      return false;
    }
    if (nowMs - record.ejectedAtMs < record.ejectionMs) return false;
    this.#restore(host);
    return true;
  }

  #restore(host: Host): void {
    host.stats.ejected = false;
    host.stats.outlier?.resetConsecutive();
  }

  #ejectByRates(): boolean {
    const { successRate, failurePercentage, splitExternalLocalOriginErrors } = this.#settings;
    const answers = this.#rated(({ external }) => external);
    let changed = false;
    const eject = (hosts: readonly Host[], kind: EjectionKind, enforcing: number): void => {
      for (const host of hosts) if (this.#eject(host, kind, enforcing)) changed = true;
    };
    eject(worseThanTheRest(answers, successRate), 'success_rate', successRate.enforcing);
    eject(failingTooOften(answers, failurePercentage), 'failure_percentage', failurePercentage.enforcing);
    if (splitExternalLocalOriginErrors) {
      const local = this.#rated(({ localOrigin }) => localOrigin);
      const { enforcingLocalOrigin } = successRate;
      eject(worseThanTheRest(local, successRate), 'local_origin_success_rate', enforcingLocalOrigin);
      eject(
        failingTooOften(local, failurePercentage),
        'local_origin_failure_percentage',
        failurePercentage.enforcingLocalOrigin,
      );
    }
    return changed;
  }

  #rated(resultsOf: (record: OutlierRecord) => OutlierRecord['external']): RatedHost<Host>[] {
    const rated: RatedHost<Host>[] = [];
    for (const host of this.#hosts) {
      const record = host.stats.outlier;
      if (record !== undefined && !host.stats.ejected) rated.push({ host, results: resultsOf(record) });
    }
    return rated;
  }

  #eject(host: Host, kind: EjectionKind, enforcing: number): boolean {
    if (host.stats.ejected || !this.#hosts.has(host)) return false;
    const counts = this.#counts.get(kind)!;
    counts.detected += 1;
    if (this.#random.int(100) >= enforcing) return false;
    if (this.ejected >= this.#mostEjected()) {
      this.overflows += 1;
      return false;
    }
    counts.enforced += 1;
    const { baseEjectionMs, maxEjectionMs, maxEjectionJitterMs } = this.#settings;
    const mostMs = Math.max(baseEjectionMs, maxEjectionMs);
    const record = recordOf(host);
    // Envoy lets the multiplier grow until the longest time is reached, no further: it has to fall again.
    if (record.multiplier * baseEjectionMs < mostMs) record.multiplier += 1;
    record.ejectedAtMs = this.#clock.nowMs();
    record.ejectionMs =
      Math.min(baseEjectionMs * record.multiplier, mostMs) + this.#random.next() * maxEjectionJitterMs;
    record.ejections += 1;
    host.stats.ejected = true;
    return true;
  }

  /** The only host of a cluster is not ejected for the sake of "at least one": nobody would be left. */
  #mostEjected(): number {
    const { maxEjectionPercent } = this.#settings;
    const share = Math.floor((this.#hosts.size * maxEjectionPercent) / 100);
    return maxEjectionPercent > 0 && this.#hosts.size > 1 ? Math.max(1, share) : share;
  }
}

function isReached(count: number, threshold: number): boolean {
  return threshold > 0 && count >= threshold;
}

function recordOf({ stats }: EndpointState): OutlierRecord {
  return (stats.outlier ??= new OutlierRecord());
}
