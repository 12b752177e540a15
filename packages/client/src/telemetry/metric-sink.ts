import type { AttemptFeedback } from '@weir/core';

/** Where events go that an exporter wants one by one. */
export interface MetricSink {
  attemptEnded(method: string, attempt: AttemptFeedback): void;
}

export const noMetrics: MetricSink = { attemptEnded: () => {} };
