import type { LoadReport, OrcaLoadReport } from '../load/load-report.js';

/** How a weight is made of load reports; gRFC A58 and A114. */
export interface OrcaWeightSettings {
  /** So long reports must have come before they count, in milliseconds (`blackout_period`). */
  readonly blackoutMs: number;
  /** After so long without a report the weight is forgotten, in milliseconds (`weight_expiration_period`). */
  readonly expirationMs: number;
  /** How strongly failures lower the weight; at least 0 (`error_utilization_penalty`). */
  readonly errorUtilizationPenalty: number;
  /** Metrics whose maximum counts as the utilization when a report holds any of them. */
  readonly utilizationMetrics: readonly string[];
}

/** The weight that an endpoint has by its own load reports: the `EndpointWeight` of gRFC A58. */
export class OrcaWeight {
  #weight = 0.5;
  #updatedAtMs = -Infinity;
  #nonEmptySinceMs = Infinity;

  /** Takes in a report; one that says neither rate nor utilization changes nothing. */
  observe(report: LoadReport, nowMs: number, settings: OrcaWeightSettings): void {
    const { qps, eps } = report;
    let utilization = utilizationOf(report, settings.utilizationMetrics);
    if (!(utilization > 0) || !(qps > 0)) return;
    if (eps > 0) utilization += (eps / qps) * settings.errorUtilizationPenalty;
    const weight = qps / utilization;
    if (!(weight > 0 && weight < Infinity)) return;
    if (this.#nonEmptySinceMs === Infinity) this.#nonEmptySinceMs = nowMs;
    this.#updatedAtMs = nowMs;
    this.#weight = weight;
  }

  /** The endpoint has been away: reports from now on have to prove themselves again. */
  restart(): void {
    this.#nonEmptySinceMs = Infinity;
  }

  /** Requests a second at full utilization; 0 while there is nothing to go by. */
  weightAt(nowMs: number, { blackoutMs, expirationMs }: OrcaWeightSettings): number {
    if (nowMs - this.#updatedAtMs >= expirationMs) {
      this.#nonEmptySinceMs = Infinity;
      return 0;
    }
    if (this.#nonEmptySinceMs === Infinity) return 0;
    if (blackoutMs > 0 && nowMs - this.#nonEmptySinceMs < blackoutMs) return 0;
    return this.#weight;
  }
}

/**
 * The utilization a report stands for: the highest of the metrics that are named and present, else what the
 * application says, else the processor's; 0 when there is none of them (gRFC A114; Envoy asks the application
 * first).
 */
export function utilizationOf(
  report: LoadReport & Partial<OrcaLoadReport>,
  metrics: readonly string[],
): number {
  let highest = 0;
  for (const name of metrics) highest = Math.max(highest, metricOf(report, name));
  if (highest > 0) return highest;
  return report.applicationUtilization > 0 ? report.applicationUtilization : report.cpuUtilization;
}

/** `cpu_utilization`, `mem_utilization`, `application_utilization`, or `<map field>.<key>`; 0: not there. */
function metricOf(report: LoadReport & Partial<OrcaLoadReport>, name: string): number {
  switch (name) {
    case 'cpu_utilization':
      return report.cpuUtilization;
    case 'mem_utilization':
      return report.memoryUtilization ?? 0;
    case 'application_utilization':
      return report.applicationUtilization;
    default:
      return (
        inMap(report.namedMetrics, 'named_metrics.', name) ??
        inMap(report.utilization, 'utilization.', name) ??
        0
      );
  }
}

function inMap(
  map: ReadonlyMap<string, number> | undefined,
  prefix: string,
  name: string,
): number | undefined {
  if (map === undefined || !name.startsWith(prefix)) return undefined;
  const value = map.get(name.slice(prefix.length));
  return value !== undefined && value > 0 ? value : undefined;
}
