import { quantile, spread } from '../relay/statistics.mjs';

const SHARES = [0.5, 0.99, 0.999];
const COLUMNS = ['', 'p50 ms', 'p99 ms', 'p99.9 ms', 'p99 to round robin', 'failed', 'CPU µs/call'];

/**
 * One scenario as lines of text. Percentiles are over all passes together; the ratio is of each pass by itself, the
 * median with smallest and largest.
 *
 * @param watched - an endpoint whose share of the requests is told
 */
export function formatScenario(title, results, watched) {
  const base = results[0];
  const rows = results.map((result) => {
    const all = ascending(result.latencies.flat());
    const calls = result.counts.flat().reduce((sum, count) => sum + count, 0);
    const ratios = result.latencies.map((one, pass) => p99(one) / p99(base.latencies[pass]));
    const { min, median, max } = spread(ratios);
    const row = [
      result.policy.title,
      ...SHARES.map((share) => quantile(all, share).toFixed(0)),
      `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`,
      `${((100 * result.failures) / all.length).toFixed(2)} %`,
      (result.cpuMicros / calls).toFixed(0),
    ];
    if (watched === undefined) return row;
    const had = result.counts.reduce((sum, counts) => sum + counts[watched], 0);
    return [...row, `${((100 * had) / calls).toFixed(1)} %`];
  });
  const columns = watched === undefined ? COLUMNS : [...COLUMNS, 'its share'];
  const widths = columns.map((column, at) => Math.max(column.length, ...rows.map((row) => row[at].length)));
  const line = (cells) =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [`\n${title}\n`, line(columns), rule, ...rows.map(line)].join('\n');
}

const ascending = (values) => [...values].sort((a, b) => a - b);
const p99 = (latencies) => quantile(ascending(latencies), 0.99);
