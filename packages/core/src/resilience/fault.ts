import { type Fraction, isDrawn } from '../fraction.js';
import type { Random } from '../random.js';

/** Harm done on purpose, to see what it does (Envoy's fault filter, `HTTPFault`). */
export interface FaultPolicy {
  readonly delay?: {
    readonly delayMs: number;
    readonly fraction: Fraction;
  };
  /** Comes after the delay, when a request is drawn for both. */
  readonly abort?: {
    readonly status: AbortStatus;
    readonly fraction: Fraction;
  };
}

export type AbortStatus =
  { readonly kind: 'http'; readonly status: number } | { readonly kind: 'grpc'; readonly code: number };

/** What one request has to suffer. */
export interface Fault {
  /** 0 means none. */
  readonly delayMs: number;
  readonly abort: AbortStatus | undefined;
}

const NO_FAULT: Fault = { delayMs: 0, abort: undefined };

/** Draws what a request has to suffer; delay and abort are drawn independently of each other. */
export function drawFault(policy: FaultPolicy | undefined, random: Random): Fault {
  if (policy === undefined) return NO_FAULT;
  const { delay, abort } = policy;
  const delayMs = delay !== undefined && isDrawn(delay.fraction, random) ? delay.delayMs : 0;
  const status = abort !== undefined && isDrawn(abort.fraction, random) ? abort.status : undefined;
  return delayMs === 0 && status === undefined ? NO_FAULT : { delayMs, abort: status };
}
