import type { LoadReport } from '../load/load-report.js';

/** What became of an attempt. Callers may reuse one object for every call. */
export interface AttemptFeedback {
  /** From the beginning of the attempt to the first header of the response, or to its end without one. */
  readonly latencyMs: number;
  /** Whether the attempt speaks against the host; the caller's judgement, as in `stats.end`. */
  readonly failed: boolean;
  /** The gRPC status, -1 when there was none. */
  readonly grpcCode: number;
  /** `grpc-retry-pushback-ms` as sent; `undefined` when it was not. */
  readonly pushbackMs: number | undefined;
  /** The load report that came with the answer. */
  readonly load: LoadReport | undefined;
}
