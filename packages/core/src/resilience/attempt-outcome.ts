/** How an attempt ended, as far as it matters to whether there is another. */
export type AttemptOutcome = AnsweredAttempt | FailedAttempt;

/** The endpoint answered, be it with an error. */
export interface AnsweredAttempt {
  readonly kind: 'answered';
  readonly httpStatus: number;
  /** From the headers or from the trailers, whichever had it; `undefined` when the call is not gRPC. */
  readonly grpcStatus: number | undefined;
  /** A header's value, its name in lower case, of the response's headers or else of its trailers. */
  header(name: string): string | undefined;
}

/** There was no answer, or not all of it. */
export interface FailedAttempt {
  /**
   * - `connect-failure`: no connection could be had
   * - `unsent`: the connection went before the request was on it
   * - `goaway`: GOAWAY said that the stream was not processed
   * - `refused-stream`: RST_STREAM with REFUSED_STREAM
   * - `reset`: anything else that ended the stream or its connection
   * - `per-try-timeout`: the attempt's own time was up
   * - `overflow`: a limit of the cluster kept the request here
   */
  readonly kind:
    'connect-failure' | 'unsent' | 'goaway' | 'refused-stream' | 'reset' | 'per-try-timeout' | 'overflow';
  /** What the caller would be told; `undefined` when the call is not gRPC. */
  readonly grpcStatus: number | undefined;
}

/** Whether the application provably has not seen the request, so that sending it again is always safe. */
export function isUnprocessed({ kind }: AttemptOutcome): boolean {
  return kind === 'connect-failure' || kind === 'unsent' || kind === 'goaway' || kind === 'refused-stream';
}
