import type { GrpcOutlierObject } from '../../../kube/resources/grpc-policy.js';
import type { OutlierDetectionObject } from '../../../kube/resources/traffic-policy.js';
import type { OutlierDetection } from '../../../xds/generated/envoy.config.cluster.v3.js';
import { durationOf } from './duration.js';

/** As Istio translates it: only errors in a row eject; success rates and percentages do when a GRPCPolicy says so. */
export function translateOutlierDetection(
  outlier: OutlierDetectionObject,
  grpc: GrpcOutlierObject = {},
): OutlierDetection {
  const { consecutive5xxErrors, consecutiveGatewayErrors, consecutiveLocalOriginFailures } = outlier;
  return {
    ...translateRates(grpc),
    ...(consecutive5xxErrors !== undefined && {
      consecutive5xx: { value: consecutive5xxErrors },
      enforcingConsecutive5xx: enforced(consecutive5xxErrors),
    }),
    ...(consecutiveGatewayErrors !== undefined && {
      consecutiveGatewayFailure: { value: consecutiveGatewayErrors },
      enforcingConsecutiveGatewayFailure: enforced(consecutiveGatewayErrors),
    }),
    ...(outlier.interval !== undefined && { interval: durationOf(outlier.interval) }),
    ...(outlier.baseEjectionTime !== undefined && {
      baseEjectionTime: durationOf(outlier.baseEjectionTime),
    }),
    ...((outlier.maxEjectionPercent ?? 0) > 0 && {
      maxEjectionPercent: { value: outlier.maxEjectionPercent ?? 0 },
    }),
    ...(outlier.splitExternalLocalOriginErrors === true && {
      splitExternalLocalOriginErrors: true,
      enforcingLocalOriginSuccessRate: { value: 0 },
      ...((consecutiveLocalOriginFailures ?? 0) > 0 && {
        consecutiveLocalOriginFailure: { value: consecutiveLocalOriginFailures ?? 0 },
        enforcingConsecutiveLocalOriginFailure: { value: 100 },
      }),
    }),
  };
}

/** 0 errors in a row switches the detector off. */
function enforced(errors: number): { value: number } {
  return { value: errors > 0 ? 100 : 0 };
}

function translateRates({ successRate, failurePercentage }: GrpcOutlierObject): OutlierDetection {
  const stdevFactor = successRate?.stdevFactor;
  return {
    enforcingSuccessRate: { value: successRate === undefined ? 0 : (successRate.enforcing ?? 100) },
    ...whenSet('successRateMinimumHosts', successRate?.minimumHosts),
    ...whenSet('successRateRequestVolume', successRate?.requestVolume),
    ...whenSet(
      'successRateStdevFactor',
      stdevFactor === undefined ? undefined : Math.round(stdevFactor * 1000),
    ),
    ...(failurePercentage !== undefined && {
      enforcingFailurePercentage: { value: failurePercentage.enforcing ?? 100 },
      ...whenSet('failurePercentageMinimumHosts', failurePercentage.minimumHosts),
      ...whenSet('failurePercentageRequestVolume', failurePercentage.requestVolume),
      ...whenSet('failurePercentageThreshold', failurePercentage.threshold),
    }),
  };
}

function whenSet(field: keyof OutlierDetection, value: number | undefined): OutlierDetection {
  return value === undefined ? {} : { [field]: { value } };
}
