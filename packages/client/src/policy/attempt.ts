import {
  type AttemptFeedback,
  type Clock,
  decodeOrcaLoadReport,
  grpcToHttpStatus,
  LOAD_TRAILER,
  type LoadReport,
  parsePushback,
  RETRY_PUSHBACK_HEADER,
} from '@weir/core';
import type { ClientHost } from './client-host.js';
import type { MeasuredAttempt } from '../telemetry/metric-sink.js';
import type { AttemptObserver, TrailerLookup } from './policy.js';

const RESOURCE_EXHAUSTED = 8;

/** Who hears of an attempt that has ended. */
export interface AttemptOwner {
  readonly clock: Clock;
  attemptStarted(method: string): void;
  attemptEnded(host: ClientHost, attempt: AttemptFeedback & MeasuredAttempt): void;
}

/**
 * One attempt at a host. It counts as in flight from the moment of the pick, since a burst of calls is picked
 * for before the first of them opens its stream; one that opens none is `forgotten`.
 */
export class Attempt implements AttemptObserver, AttemptFeedback, MeasuredAttempt {
  readonly #host: ClientHost;
  readonly #owner: AttemptOwner;
  #counted = true;
  #startedMs = -1;
  method = '';
  latencyMs = -1;
  durationMs = 0;
  failed = false;
  grpcCode = -1;
  pushbackMs: number | undefined = undefined;
  load: LoadReport | undefined = undefined;

  constructor(host: ClientHost, owner: AttemptOwner) {
    this.#host = host;
    this.#owner = owner;
    host.stats.begin();
  }

  /** Takes it off the books if no stream has been opened for it; should that still come, it is counted again. */
  forget(): void {
    if (this.#startedMs >= 0) return;
    this.#counted = false;
    this.#host.stats.inFlight -= 1;
    this.#host.stats.started -= 1;
  }

  started(method: string): void {
    if (!this.#counted) this.#host.stats.begin();
    this.method = method;
    this.#startedMs = this.#owner.clock.nowMs();
    this.#owner.attemptStarted(method);
  }

  answered(): void {
    this.latencyMs = this.#owner.clock.nowMs() - this.#startedMs;
  }

  ended(grpcCode: number, trailer: TrailerLookup): void {
    this.durationMs = this.#owner.clock.nowMs() - this.#startedMs;
    if (this.latencyMs < 0) this.latencyMs = this.durationMs;
    this.grpcCode = grpcCode;
    this.failed = speaksAgainstHost(grpcCode);
    if (this.failed) this.pushbackMs = pushbackIn(trailer);
    this.load = loadIn(trailer);
    this.#host.stats.end(this.failed);
    this.#owner.attemptEnded(this.#host, this);
  }
}

/**
 * Whether a status is the endpoint's fault: what Envoy's outlier detection reads as a 5xx, and
 * RESOURCE_EXHAUSTED, by which an endpoint sheds load it cannot bear.
 */
export function speaksAgainstHost(grpcCode: number): boolean {
  return grpcCode === RESOURCE_EXHAUSTED || grpcToHttpStatus(grpcCode) >= 500;
}

function pushbackIn(trailer: TrailerLookup): number | undefined {
  const pushback = parsePushback(trailer(RETRY_PUSHBACK_HEADER)?.toString());
  if (pushback === 'none') return undefined;
  return pushback === 'stop' ? -1 : pushback;
}

/** The load report in the trailers, if there is a readable one. */
export function loadIn(trailer: TrailerLookup): LoadReport | undefined {
  const bytes = trailer(LOAD_TRAILER);
  return bytes === undefined || typeof bytes === 'string' ? undefined : decodeOrcaLoadReport(bytes);
}
