export type MetricType = 'counter' | 'gauge' | 'histogram';
export type MetricLabels = Readonly<Record<string, string>>;

/** The content type of the text exposition format, version 0.0.4. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Writes metrics in Prometheus' text exposition format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
export class PrometheusText {
  readonly #lines: string[] = [];

  /**
   * Starts a metric; its samples follow before the next one is started: "All lines for a given metric must
   * be provided as one single group".
   */
  metric(name: string, type: MetricType, help: string): MetricWriter {
    this.#lines.push(`# HELP ${name} ${help.replace(/[\\\n]/g, escape)}`, `# TYPE ${name} ${type}`);
    return new MetricWriter(name, this.#lines);
  }

  toString(): string {
    // "The last line must end with a line feed character."
    return this.#lines.length === 0 ? '' : `${this.#lines.join('\n')}\n`;
  }
}

/** The samples of one metric. */
export class MetricWriter {
  readonly #name: string;
  readonly #lines: string[];

  constructor(name: string, lines: string[]) {
    this.#name = name;
    this.#lines = lines;
  }

  sample(value: number, labels?: MetricLabels): void {
    this.#write('', labels, value);
  }

  /**
   * One histogram: `counts[i]` are the observations above `bounds[i - 1]` up to `bounds[i]`, not summed up;
   * the last one is those above every bound.
   */
  histogram(bounds: readonly number[], counts: readonly number[], sum: number, labels: MetricLabels): void {
    let total = 0;
    for (let bucket = 0; bucket < counts.length; bucket++) {
      total += counts[bucket] ?? 0;
      this.#write('_bucket', { ...labels, le: formatNumber(bounds[bucket] ?? Infinity) }, total);
    }
    this.#write('_sum', labels, sum);
    this.#write('_count', labels, total);
  }

  #write(suffix: string, labels: MetricLabels | undefined, value: number): void {
    this.#lines.push(`${this.#name}${suffix}${labels ? formatLabels(labels) : ''} ${formatNumber(value)}`);
  }
}

function formatLabels(labels: MetricLabels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value.replace(/[\\"\n]/g, escape)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escape(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}

function formatNumber(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}
