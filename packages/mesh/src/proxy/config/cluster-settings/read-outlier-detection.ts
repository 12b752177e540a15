import { defaultOutlierSettings, type OutlierSettings } from '@weir/core';
import type { OutlierDetection } from '../../../xds/generated/envoy.config.cluster.v3.js';
import type { UInt32Value } from '../../../xds/generated/google.protobuf.js';
import { readDuration, readPositiveDuration } from '../duration.js';
import { type Findings, joinPath } from '../findings.js';

const PATH = 'outlier_detection';
const PERCENTAGES = [
  'maxEjectionPercent',
  'enforcingConsecutive5xx',
  'enforcingConsecutiveGatewayFailure',
  'enforcingConsecutiveLocalOriginFailure',
  'enforcingSuccessRate',
  'enforcingLocalOriginSuccessRate',
  'enforcingFailurePercentage',
  'enforcingFailurePercentageLocalOrigin',
  'failurePercentageThreshold',
] as const;

/** Reads when hosts are taken out of balancing for their failures; `undefined` when never. */
export function readOutlierDetection(
  outlier: OutlierDetection | undefined,
  findings: Findings,
): OutlierSettings | undefined {
  if (outlier === undefined) return undefined;
  check(outlier, findings);
  const defaults = defaultOutlierSettings;
  const time = (field: string, written: OutlierDetection['interval'], otherwiseMs: number): number =>
    readPositiveDuration(`${PATH}.${field}`, written, findings) ?? otherwiseMs;
  const { interval, baseEjectionTime, maxEjectionTime } = outlier;
  const jitter = readDuration(`${PATH}.max_ejection_time_jitter`, outlier.maxEjectionTimeJitter, findings);
  return {
    intervalMs: time('interval', interval, defaults.intervalMs),
    baseEjectionMs: time('base_ejection_time', baseEjectionTime, defaults.baseEjectionMs),
    maxEjectionMs: time('max_ejection_time', maxEjectionTime, defaults.maxEjectionMs),
    maxEjectionJitterMs: jitter ?? defaults.maxEjectionJitterMs,
    maxEjectionPercent: or(outlier.maxEjectionPercent, defaults.maxEjectionPercent),
    ...readConsecutive(outlier, defaults),
    ...readRates(outlier, defaults),
  };
}

function readConsecutive(outlier: OutlierDetection, defaults: OutlierSettings) {
  return {
    consecutive5xx: or(outlier.consecutive5xx, defaults.consecutive5xx),
    enforcingConsecutive5xx: or(outlier.enforcingConsecutive5xx, defaults.enforcingConsecutive5xx),
    consecutiveGatewayFailure: or(outlier.consecutiveGatewayFailure, defaults.consecutiveGatewayFailure),
    enforcingConsecutiveGatewayFailure: or(
      outlier.enforcingConsecutiveGatewayFailure,
      defaults.enforcingConsecutiveGatewayFailure,
    ),
    splitExternalLocalOriginErrors: outlier.splitExternalLocalOriginErrors ?? false,
    consecutiveLocalOriginFailure: or(
      outlier.consecutiveLocalOriginFailure,
      defaults.consecutiveLocalOriginFailure,
    ),
    enforcingConsecutiveLocalOriginFailure: or(
      outlier.enforcingConsecutiveLocalOriginFailure,
      defaults.enforcingConsecutiveLocalOriginFailure,
    ),
  };
}

function readRates(
  outlier: OutlierDetection,
  { successRate, failurePercentage }: OutlierSettings,
): Pick<OutlierSettings, 'successRate' | 'failurePercentage'> {
  return {
    successRate: {
      enforcing: or(outlier.enforcingSuccessRate, successRate.enforcing),
      enforcingLocalOrigin: or(outlier.enforcingLocalOriginSuccessRate, successRate.enforcingLocalOrigin),
      minimumHosts: or(outlier.successRateMinimumHosts, successRate.minimumHosts),
      requestVolume: or(outlier.successRateRequestVolume, successRate.requestVolume),
      stdevFactor: or(outlier.successRateStdevFactor, successRate.stdevFactor),
    },
    failurePercentage: {
      enforcing: or(outlier.enforcingFailurePercentage, failurePercentage.enforcing),
      enforcingLocalOrigin: or(
        outlier.enforcingFailurePercentageLocalOrigin,
        failurePercentage.enforcingLocalOrigin,
      ),
      minimumHosts: or(outlier.failurePercentageMinimumHosts, failurePercentage.minimumHosts),
      requestVolume: or(outlier.failurePercentageRequestVolume, failurePercentage.requestVolume),
      threshold: or(outlier.failurePercentageThreshold, failurePercentage.threshold),
    },
  };
}

function or(written: UInt32Value | undefined, otherwise: number): number {
  return written === undefined ? otherwise : (written.value ?? 0);
}

function check(outlier: OutlierDetection, findings: Findings): void {
  const { monitors, alwaysEjectOneHost } = outlier;
  if (monitors !== undefined && monitors.length > 0) {
    findings.warn(`${PATH}.monitors`, 'has no effect in this proxy');
  }
  if (alwaysEjectOneHost !== undefined && alwaysEjectOneHost.value !== true) {
    findings.warn(
      `${PATH}.always_eject_one_host`,
      'one of several hosts may always be ejected in this proxy',
    );
  }
  for (const field of PERCENTAGES) {
    const value = outlier[field]?.value ?? 0;
    if (value > 100) findings.error(joinPath(PATH, field), `must be at most 100, not ${value}`);
  }
}
