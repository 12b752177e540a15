import type { Cluster, OutlierDetection } from '../../../xds/generated/envoy.config.cluster.v3.js';
import type { ClientProfile } from '../client-profile.js';
import { metadataContent } from '../sidecar/weir-metadata.js';
import type { Limits } from './limits.js';

/** Envoy's and gRPC's default for `failure_percentage_threshold`. */
const FAILURE_PERCENT = 85;
/** gRPC needs as many calls in an interval before it looks at the share of failed ones; few make it like "in a row". */
const REQUEST_VOLUME = 5;

/**
 * Outlier detection in gRPC's terms (gRFC A50): it ejects by success rate and by percentage of failed calls, and does
 * not count errors in a row. Those become a percentage of all calls.
 */
export function narrowOutlierDetection(
  { outlierDetection, metadata, commonLbConfig }: Cluster,
  { capabilities }: ClientProfile,
  limits: Limits,
): OutlierDetection | undefined {
  if (outlierDetection === undefined) return undefined;
  if (!capabilities.has('outlierDetection')) {
    limits.add('outlierDetection', 'ignored', 'endpoints are not ejected');
    return undefined;
  }
  if (metadataContent(metadata)['outlierGrpcCodes'] !== undefined) {
    limits.add('outlierDetection: codes', 'ignored', 'every status but OK counts as a failure');
  }
  if ((commonLbConfig?.healthyPanicThreshold?.value ?? 0) > 0) {
    limits.add('outlierDetection: minHealthPercent', 'ignored', 'maxEjectionPercent is the only limit');
  }
  const { interval, baseEjectionTime, maxEjectionTime, maxEjectionPercent } = outlierDetection;
  return {
    ...(interval !== undefined && { interval }),
    ...(baseEjectionTime !== undefined && { baseEjectionTime }),
    ...(maxEjectionTime !== undefined && { maxEjectionTime }),
    ...(maxEjectionPercent !== undefined && { maxEjectionPercent }),
    ...successRate(outlierDetection),
    ...failurePercentage(outlierDetection, limits),
  };
}

/** Written out also when it is off: grpc-js takes what is not there for on. */
function successRate(outlier: OutlierDetection): OutlierDetection {
  const { enforcingSuccessRate, successRateMinimumHosts, successRateRequestVolume, successRateStdevFactor } =
    outlier;
  return {
    enforcingSuccessRate: { value: enforcingSuccessRate?.value ?? 0 },
    ...(successRateMinimumHosts && { successRateMinimumHosts }),
    ...(successRateRequestVolume && { successRateRequestVolume }),
    ...(successRateStdevFactor && { successRateStdevFactor }),
  };
}

function failurePercentage(outlier: OutlierDetection, limits: Limits): OutlierDetection {
  if ((outlier.enforcingFailurePercentage?.value ?? 0) > 0) {
    const { failurePercentageThreshold, failurePercentageMinimumHosts, failurePercentageRequestVolume } =
      outlier;
    return {
      enforcingFailurePercentage: outlier.enforcingFailurePercentage,
      ...(failurePercentageThreshold && { failurePercentageThreshold }),
      ...(failurePercentageMinimumHosts && { failurePercentageMinimumHosts }),
      ...(failurePercentageRequestVolume && { failurePercentageRequestVolume }),
    };
  }
  const counters = [
    ['consecutive5xxErrors', outlier.consecutive5xx, outlier.enforcingConsecutive5xx] as const,
    [
      'consecutiveGatewayErrors',
      outlier.consecutiveGatewayFailure,
      outlier.enforcingConsecutiveGatewayFailure,
    ] as const,
  ];
  const first = counters.find(([, count, enforced]) => (count?.value ?? 0) > 0 && enforced?.value !== 0);
  if (first === undefined) return {};
  limits.add(
    `outlierDetection: ${first[0]}`,
    'approximated',
    `ejected when ${FAILURE_PERCENT} % of at least ${REQUEST_VOLUME} calls in an interval fail`,
  );
  return {
    enforcingFailurePercentage: { value: 100 },
    failurePercentageThreshold: { value: FAILURE_PERCENT },
    // Two endpoints suffice: one that fails can be left out.
    failurePercentageMinimumHosts: { value: 2 },
    failurePercentageRequestVolume: { value: Math.max(REQUEST_VOLUME, first[1]?.value ?? 0) },
  };
}
