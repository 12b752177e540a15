import type { PrometheusText } from './prometheus-text.js';

/** What the operating system knows of this process. */
export interface ProcessView {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
}

export function readProcess(): ProcessView {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes: rss, heapUsedBytes: heapUsed };
}

/** Appends the metrics under the names that every Prometheus client library gives them. */
export function formatProcess(view: ProcessView, text: PrometheusText): void {
  text
    .metric('process_cpu_seconds_total', 'counter', 'User and system CPU time spent.')
    .sample(view.cpuSeconds);
  text.metric('process_resident_memory_bytes', 'gauge', 'Resident memory.').sample(view.residentBytes);
  text.metric('nodejs_heap_size_used_bytes', 'gauge', 'Used JavaScript heap.').sample(view.heapUsedBytes);
}
