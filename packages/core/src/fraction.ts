import type { Random } from './random.js';

/** A share of requests, exact: `numerator` of every `denominator` (Envoy `FractionalPercent`). */
export interface Fraction {
  /** An integer of at least 0; from `denominator` on it means all. */
  readonly numerator: number;
  /** A positive integer; Envoy knows 100, 10 000 and 1 000 000. */
  readonly denominator: number;
}

export const all: Fraction = { numerator: 1, denominator: 1 };

/** Whether this request is one of the share. No chance is used up when none or all are. */
export function isDrawn(fraction: Fraction, random: Random): boolean {
  const { numerator, denominator } = fraction;
  if (numerator <= 0) return false;
  return numerator >= denominator || random.int(denominator) < numerator;
}

/** @throws {RangeError} when it is no fraction */
export function checkFraction({ numerator, denominator }: Fraction, what: string): void {
  const isFraction = Number.isInteger(numerator) && numerator >= 0 && Number.isInteger(denominator);
  if (!isFraction || denominator < 1) {
    throw new RangeError(`${what}: must be a share such as 5 of 100, not ${numerator} of ${denominator}`);
  }
}

/** `2.5 %`. */
export function formatFraction({ numerator, denominator }: Fraction): string {
  return `${Math.min(100, (numerator / denominator) * 100)} %`;
}
