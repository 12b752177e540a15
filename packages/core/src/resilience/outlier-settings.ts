/**
 * When an endpoint is taken out of balancing for its failures (Envoy `OutlierDetection`, whose defaults are
 * `defaultOutlierSettings`; DestinationRule `outlierDetection`). Times in milliseconds. An `enforcing…` is
 * the percentage of the ejections found due that are carried out.
 */
export interface OutlierSettings {
  /** Between looks at rates, and at ejected hosts. */
  readonly intervalMs: number;
  /** Length of the first ejection; each further one adds as much. */
  readonly baseEjectionMs: number;
  /** No ejection is longer; counts for no less than `baseEjectionMs`. */
  readonly maxEjectionMs: number;
  /** Up to so much is added to each ejection at random. */
  readonly maxEjectionJitterMs: number;
  /**
   * Hosts that may be ejected at once, in percent of all; one of several in any case, unless it is 0.
   */
  readonly maxEjectionPercent: number;
  /** Errors in a row; 0 means no matter how many. */
  readonly consecutive5xx: number;
  readonly enforcingConsecutive5xx: number;
  /** Failures of a gateway's kind in a row, 502 to 504; 0 means no matter how many. */
  readonly consecutiveGatewayFailure: number;
  readonly enforcingConsecutiveGatewayFailure: number;
  /** Whether failures on the way to the host count apart from the host's own answers. */
  readonly splitExternalLocalOriginErrors: boolean;
  /** Failures on the way in a row, when they count apart; 0 means no matter how many. */
  readonly consecutiveLocalOriginFailure: number;
  readonly enforcingConsecutiveLocalOriginFailure: number;
  readonly successRate: SuccessRateSettings;
  readonly failurePercentage: FailurePercentageSettings;
  /**
   * HTTP statuses that are errors; default: 500 to 599 (Istio `outlierDetectionHttpErrorCodes`).
   */
  readonly httpErrors?: ReadonlySet<number>;
  /** gRPC codes that are errors; default: those whose HTTP counterpart is one. */
  readonly grpcErrors?: ReadonlySet<number>;
}

/** Ejects who does worse than the others: success rate below mean - factor/1000 standard deviations. */
export interface SuccessRateSettings {
  readonly enforcing: number;
  readonly enforcingLocalOrigin: number;
  /** Hosts with enough requests that it takes. */
  readonly minimumHosts: number;
  /** Requests within one interval that it takes for a host to be judged. */
  readonly requestVolume: number;
  /** In thousandths. */
  readonly stdevFactor: number;
}

/** Ejects who fails so often, whatever the others do. */
export interface FailurePercentageSettings {
  readonly enforcing: number;
  readonly enforcingLocalOrigin: number;
  readonly minimumHosts: number;
  readonly requestVolume: number;
  /** Failures in percent from which on a host is ejected. */
  readonly threshold: number;
}

export const defaultOutlierSettings: OutlierSettings = {
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionJitterMs: 0,
  maxEjectionPercent: 10,
  consecutive5xx: 5,
  enforcingConsecutive5xx: 100,
  consecutiveGatewayFailure: 5,
  enforcingConsecutiveGatewayFailure: 0,
  splitExternalLocalOriginErrors: false,
  consecutiveLocalOriginFailure: 5,
  enforcingConsecutiveLocalOriginFailure: 100,
  successRate: {
    enforcing: 100,
    enforcingLocalOrigin: 100,
    minimumHosts: 5,
    requestVolume: 100,
    stdevFactor: 1_900,
  },
  failurePercentage: {
    enforcing: 0,
    enforcingLocalOrigin: 0,
    minimumHosts: 5,
    requestVolume: 50,
    threshold: 85,
  },
};
