import { type MetricSink, noMetrics } from './telemetry/metric-sink.js';
import { type MeterLike, openTelemetrySink } from './telemetry/open-telemetry.js';

let sink = noMetrics;

/** What every policy reports to; by default nobody listens. */
export const measurements: MetricSink = {
  attemptStarted: (target, method) => sink.attemptStarted(target, method),
  attemptEnded: (target, attempt) => sink.attemptEnded(target, attempt),
  connectionChanged: (target, event) => sink.connectionChanged(target, event),
};

/**
 * Reports the attempts and connections of all channels to OpenTelemetry, from now on, under gRPC's own names
 * (gRFC A66, A78). Without it, take the numbers from `snapshot`.
 *
 * @param meter from `@opentelemetry/api`: `metrics.getMeter('grpc')`; `undefined`: to nobody any more
 */
export function measure(meter: MeterLike | undefined): void {
  sink = meter === undefined ? noMetrics : openTelemetrySink(meter);
}
