/** What a callee says of its own load (`xds.data.orca.v3.OrcaLoadReport`, gRFC A51). */
export interface LoadReport {
  /** Requests it is working on (the named metric `weir.rif`); `undefined`: it does not say. */
  readonly requestsInFlight: number | undefined;
  /** Median latency at about so many requests in flight (`weir.latency_ms`); `undefined`: not known. */
  readonly latencyMs: number | undefined;
  /** Fraction of the processor that is in use; 0: not said (`cpu_utilization`). */
  readonly cpuUtilization: number;
  /** Fraction of what the application can bear; 0: not said (`application_utilization`). */
  readonly applicationUtilization: number;
  /** Requests per second, all callers together; 0: not said (`rps_fractional`). */
  readonly qps: number;
  /** Failures per second; 0: not said (`eps`). */
  readonly eps: number;
  /** Further metrics (`named_metrics`); `undefined` when there are none. */
  readonly namedMetrics: ReadonlyMap<string, number> | undefined;
}

/** A load report with what Weir's balancers have no use for, but others may. */
export interface OrcaLoadReport extends LoadReport {
  /** Fraction of the memory that is in use; 0: not said (`mem_utilization`). */
  readonly memoryUtilization: number;
  /** Fractions in use of whatever else there is (`utilization`); `undefined` when there are none. */
  readonly utilization: ReadonlyMap<string, number> | undefined;
  /** What this request cost, in the application's own units (`request_cost`); `undefined` when not said. */
  readonly requestCost: ReadonlyMap<string, number> | undefined;
}

/** Says nothing: the base for reports that say a little. */
export const emptyLoadReport: OrcaLoadReport = {
  requestsInFlight: undefined,
  latencyMs: undefined,
  cpuUtilization: 0,
  applicationUtilization: 0,
  qps: 0,
  eps: 0,
  namedMetrics: undefined,
  memoryUtilization: 0,
  utilization: undefined,
  requestCost: undefined,
};

/** Trailer that carries a load report; base64 of the message, as in every `-bin` field (gRFC A51). */
export const LOAD_TRAILER = 'endpoint-load-metrics-bin';

/** Named metric for requests in flight. */
export const RIF_METRIC = 'weir.rif';

/** Named metric for the median latency at about the current number of requests in flight, in milliseconds. */
export const LATENCY_METRIC = 'weir.latency_ms';

/** Method by which a callee is asked for its load; its sidecar or library answers, never the application. */
export const LOAD_PROBE_PATH = '/weir.v1.LoadProbe/Probe';
