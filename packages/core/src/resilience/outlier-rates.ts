import type { ResultCount } from './outlier-record.js';
import type { FailurePercentageSettings, SuccessRateSettings } from './outlier-settings.js';

/** A host and what it did in the interval that has ended. */
export interface RatedHost<Host> {
  readonly host: Host;
  readonly results: ResultCount;
}

/**
 * The hosts that do worse than the rest: those whose success rate is below `mean - factor/1000 * stdev` of
 * the hosts that had enough requests, stdev being the population's (Envoy `DetectorImpl::
 * successRateEjectionThreshold`, gRFC A50).
 */
export function worseThanTheRest<Host>(
  hosts: readonly RatedHost<Host>[],
  { minimumHosts, requestVolume, stdevFactor }: SuccessRateSettings,
): Host[] {
  const judged = hosts.filter(({ results }) => results.total >= requestVolume && results.total > 0);
  if (judged.length === 0 || judged.length < minimumHosts) return [];
  const rates = judged.map(({ results }) => results.successRate);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  const threshold = mean - (stdevFactor / 1_000) * Math.sqrt(variance);
  return judged.filter(({ results }) => results.successRate < threshold).map(({ host }) => host);
}

/**
 * The hosts that fail at least `threshold` percent of their requests, provided that enough hosts had enough
 * requests (Envoy: "greater than or equal to this value"; gRFC A50 wants more than that).
 */
export function failingTooOften<Host>(
  hosts: readonly RatedHost<Host>[],
  { minimumHosts, requestVolume, threshold }: FailurePercentageSettings,
): Host[] {
  const judged = hosts.filter(({ results }) => results.total >= requestVolume && results.total > 0);
  if (judged.length < minimumHosts) return [];
  return judged.filter(({ results }) => 100 - results.successRate >= threshold).map(({ host }) => host);
}
