import type { Fraction } from '../fraction.js';

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
