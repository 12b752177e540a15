import { recoverySteps } from '../run/summary.js';
import type { Scenario } from '../scenarios/scenario.js';
import type { PartResult, PointResult } from './results.js';

/** Rows of cells under a head, as Markdown with even columns, numbers to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

export function milliseconds(value: number): string {
  return Number.isNaN(value) ? '–' : value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function percent(value: number): string {
  if (value === 0) return '0';
  return value >= 10 ? value.toFixed(0) : value >= 0.1 ? value.toFixed(1) : value.toPrecision(1);
}

const unique = <Value>(values: readonly Value[]): Value[] => [...new Set(values)];

/** One quantity, policies down, values of x across. */
export function tableOverX(
  points: readonly PointResult[],
  cell: (point: PointResult) => string,
  formatX: (x: number) => string,
): string {
  const xs = unique(points.map(({ x }) => x)).sort((a, b) => a - b);
  const rows = unique(points.map(({ policy }) => policy)).map((policy) => {
    const own = points.filter((point) => point.policy === policy);
    return [own[0]!.title, ...xs.map((x) => cell(own.find((point) => point.x === x)!))];
  });
  return markdownTable(['', ...xs.map(formatX)], rows);
}

/** The tables of a part, as the page and the terminal show them. */
export function tablesOf({ part, points }: PartResult, scenario: Scenario | undefined): string {
  if (scenario !== undefined) return scenarioTable(points, scenario);
  if (part === 'rules') return rulesTable(points);
  if (part.startsWith('sweep-')) return sweepTable(points);
  if (part === 'shares') return sharesTable(points);
  const groups = unique(points.map(({ group }) => group));
  return groups
    .map((group) => {
      const own = points.filter((point) => point.group === group);
      const level = (x: number): string => x.toFixed(2);
      const p99 = tableOverX(own, ({ summary }) => milliseconds(summary.p99), level);
      const p999 = tableOverX(own, ({ summary }) => milliseconds(summary.p999), level);
      const errors = tableOverX(own, ({ summary }) => percent(summary.errorPercent), level);
      const name = groups.length > 1 ? `${group}: ` : '';
      return `${name}p99, ms\n\n${p99}\n\n${name}p99.9, ms\n\n${p999}\n\n${name}errors, %\n\n${errors}`;
    })
    .join('\n\n');
}

function rulesTable(points: readonly PointResult[]): string {
  const rows = unique(points.map(({ policy }) => policy)).map((policy) => {
    const at = (x: number): PointResult['summary'] =>
      points.find((one) => one.policy === policy && one.x === x)!.summary;
    const title = points.find((one) => one.policy === policy)!.title;
    return [
      title,
      ...[0.7, 0.9].flatMap((x) => [
        milliseconds(at(x).p90),
        milliseconds(at(x).p99),
        milliseconds(at(x).p999),
      ]),
    ];
  });
  return markdownTable(
    ['', ...['70 %', '90 %'].flatMap((x) => ['p90', 'p99', 'p99.9'].map((q) => `${q} @ ${x}`))],
    rows,
  );
}

function sweepTable(points: readonly PointResult[]): string {
  const rows = points.map(({ x, summary }) => [
    String(x),
    milliseconds(summary.p50),
    milliseconds(summary.p90),
    milliseconds(summary.p99),
    milliseconds(summary.p999),
    String(summary.rif99),
    String(summary.rif999),
  ]);
  return markdownTable(['', 'p50', 'p90', 'p99', 'p99.9', 'RIF p99', 'RIF p99.9'], rows);
}

function sharesTable(points: readonly PointResult[]): string {
  const rows = points.map(({ title, perReplica = [], summary }) => {
    const mean = (parity: number): number => {
      const own = perReplica.filter((_, replica) => replica % 2 === parity);
      return own.reduce((sum, count) => sum + count, 0) / own.length;
    };
    const fair = perReplica.reduce((sum, count) => sum + count, 0) / perReplica.length;
    const share = (parity: number): string => `${((100 * mean(parity)) / fair).toFixed(0)} %`;
    return [
      title,
      share(0),
      share(1),
      milliseconds(summary.p50),
      milliseconds(summary.p99),
      percent(summary.errorPercent),
    ];
  });
  return markdownTable(['', 'fast pods', 'slow pods', 'p50', 'p99', 'errors, %'], rows);
}

function scenarioTable(points: readonly PointResult[], scenario: Scenario): string {
  const [beginMs, endMs] = scenario.disturbedMs!;
  const rows = points.map(({ title, summary, timeLine }) => {
    const recovered = recoverySteps(timeLine!, beginMs / 1000);
    const during = timeLine!.markedPercent.slice(beginMs / 1000, endMs / 1000);
    const share = during.reduce((sum, one) => sum + one, 0) / during.length;
    return [
      title,
      milliseconds(summary.p50),
      milliseconds(summary.p99),
      milliseconds(summary.p999),
      percent(summary.errorPercent),
      `${percent(share)} %`,
      recovered === undefined ? 'not' : `${recovered} s`,
    ];
  });
  const head = ['', 'p50', 'p99', 'p99.9', 'errors, %', `share of ${scenario.marked}`, 'well again after'];
  return markdownTable(head, rows);
}
