import { emptyLoadReport, LATENCY_METRIC, type OrcaLoadReport, RIF_METRIC } from './load-report.js';
import { ProtobufReader } from './protobuf-reader.js';
import { ProtobufWriter } from './protobuf-writer.js';

/**
 * Decodes `xds.data.orca.v3.OrcaLoadReport`, the content of the trailer `endpoint-load-metrics-bin` once its
 * base64 is undone. Values that are no numbers of at least 0 count as not said, because a weight made of them
 * would poison a balancer. The metrics `weir.rif` and `weir.latency_ms` become fields of their own and are not
 * among `namedMetrics`.
 *
 * @returns `undefined` when the bytes are no such message
 */
export function decodeOrcaLoadReport(bytes: Uint8Array): OrcaLoadReport | undefined {
  const report: Writable<OrcaLoadReport> = { ...emptyLoadReport };
  try {
    readReport(new ProtobufReader(bytes), report);
  } catch {
    return undefined;
  }
  return report;
}

/** Encodes a report, whatever it leaves out as not said. */
export function encodeOrcaLoadReport(report: Partial<OrcaLoadReport>): Uint8Array {
  const writer = new ProtobufWriter();
  writer.double(1, report.cpuUtilization ?? 0);
  writer.double(2, report.memoryUtilization ?? 0);
  writer.entries(4, report.requestCost);
  writer.entries(5, report.utilization);
  writer.double(6, report.qps ?? 0);
  writer.double(7, report.eps ?? 0);
  if (report.requestsInFlight !== undefined) writer.entry(8, RIF_METRIC, report.requestsInFlight);
  if (report.latencyMs !== undefined) writer.entry(8, LATENCY_METRIC, report.latencyMs);
  writer.entries(8, report.namedMetrics);
  writer.double(9, report.applicationUtilization ?? 0);
  return writer.finish();
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

function readReport(reader: ProtobufReader, report: Writable<OrcaLoadReport>): void {
  const entry = { name: '', value: 0 };
  let rps = 0;
  while (!reader.atEnd) {
    const tag = reader.varint();
    const wireType = tag & 7;
    const field = tag >>> 3;
    if (wireType === 1 && isNumberField(field)) {
      const value = orZero(reader.double());
      if (field === 1) report.cpuUtilization = value;
      else if (field === 2) report.memoryUtilization = value;
      else if (field === 6) report.qps = value;
      else if (field === 7) report.eps = value;
      else report.applicationUtilization = value;
    } else if (wireType === 2 && (field === 4 || field === 5 || field === 8)) {
      readEntry(reader, entry);
      if (field === 4) report.requestCost = withEntry(report.requestCost, entry);
      else if (field === 5) report.utilization = withEntry(report.utilization, entry);
      else if (entry.name === RIF_METRIC) report.requestsInFlight = orUnknown(entry.value);
      else if (entry.name === LATENCY_METRIC) report.latencyMs = orUnknown(entry.value);
      else report.namedMetrics = withEntry(report.namedMetrics, entry);
    } else if (wireType === 0 && field === 3) {
      rps = reader.varint();
    } else {
      reader.skip(wireType);
    }
  }
  // `rps` is what `rps_fractional` replaced; older servers still send only the former.
  if (report.qps === 0) report.qps = rps;
}

function isNumberField(field: number): boolean {
  return field === 1 || field === 2 || field === 6 || field === 7 || field === 9;
}

function readEntry(reader: ProtobufReader, entry: { name: string; value: number }): void {
  entry.name = '';
  entry.value = 0;
  reader.message(() => {
    while (!reader.atEnd) {
      const tag = reader.varint();
      if (tag === ((1 << 3) | 2)) entry.name = reader.text();
      else if (tag === ((2 << 3) | 1)) entry.value = reader.double();
      else reader.skip(tag & 7);
    }
  });
}

function withEntry(
  values: ReadonlyMap<string, number> | undefined,
  { name, value }: { name: string; value: number },
): ReadonlyMap<string, number> {
  const map = (values as Map<string, number> | undefined) ?? new Map<string, number>();
  return map.set(name, value);
}

function orZero(value: number): number {
  return value >= 0 && value < Infinity ? value : 0;
}

function orUnknown(value: number): number | undefined {
  return value >= 0 && value < Infinity ? value : undefined;
}
