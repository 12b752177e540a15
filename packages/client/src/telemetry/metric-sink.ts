/** What became of an attempt, as an exporter wants it. */
export interface MeasuredAttempt {
  /** `/package.Service/Method`; empty when unknown. */
  readonly method: string;
  readonly grpcCode: number;
  /** From its beginning to its end, in milliseconds. */
  readonly durationMs: number;
}

export type ConnectionEvent = 'connected' | 'connect failed' | 'disconnected';

/** Where events go that an exporter wants one by one. */
export interface MetricSink {
  /** @param target empty when unknown */
  attemptStarted(target: string, method: string): void;
  attemptEnded(target: string, attempt: MeasuredAttempt): void;
  connectionChanged(target: string, event: ConnectionEvent): void;
}

export const noMetrics: MetricSink = {
  attemptStarted: () => {},
  attemptEnded: () => {},
  connectionChanged: () => {},
};
