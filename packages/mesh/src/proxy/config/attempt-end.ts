/**
 * How an attempt has ended, as far as a host can be learnt about from it. Whoever is told reads it at once and
 * keeps nothing of it; what nobody reads is not worked out.
 */
export interface AttemptEnd {
  /** From the beginning of the attempt to the first header of the response, or to its end without one. */
  readonly latencyMs: number;
  /** Whether it speaks against the host; as in `stats.end`. */
  readonly failed: boolean;
  /**
   * The gRPC status; -1 when there was none. An attempt that was given up, as the caller cancelled or another
   * attempt was faster, has CANCELLED (1) and has not failed: without headers its latency is a lower bound.
   */
  readonly grpcCode: number;
  /** `grpc-retry-pushback-ms`; -1 when the server asks not to be asked again, `undefined` when it says nothing. */
  readonly pushbackMs: number | undefined;
  /** The trailer `endpoint-load-metrics-bin` as it came, in base64. */
  readonly loadReport: string | undefined;
}
