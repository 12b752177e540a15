export interface LoadFailure {
  readonly kind: 'unary' | 'server-stream' | 'bidi';
  /** gRPC's; -1: it ended well and was not whole. */
  readonly code: number;
  readonly details: string;
  /** Who had answered so far. */
  readonly server: string;
  /** When it was known, in milliseconds since 1970. */
  readonly atMs: number;
  readonly tookMs: number;
}

/** The calls since the report before. */
export interface LoadReport {
  readonly succeeded: number;
  readonly failures: readonly LoadFailure[];
  readonly slowestMs: number;
  /** How long the caller did not get to run at a time: what else was asked of the machine meanwhile. */
  readonly longestPauseMs: number;
  /** How many calls each pod has answered. */
  readonly servers: Readonly<Record<string, number>>;
}
