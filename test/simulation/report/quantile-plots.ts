import { formatMs, linearScale, logScale, plain, type Scale } from './axis.js';
import { styleOf } from './palette.js';
import { type Box, drawLegend, drawPanel, drawPlot, type Line } from './panel.js';
import type { PointResult } from './results.js';

const WIDTH = 1040;
const LEGEND = 218;
const PANEL: { readonly width: number; readonly height: number } = { width: 330, height: 210 };
const COLUMNS = [74, 484] as const;
const ROWS = [96, 376] as const;

type Value = (point: PointResult) => number;
type Range = (point: PointResult) => readonly [number, number];

interface Wanted {
  readonly title: string;
  readonly value: Value;
  readonly range?: Range;
  readonly points: readonly PointResult[];
}

/** Load levels as they are written under an axis. */
const formatLevel = (level: number): string => level.toFixed(2);

function linesOf({ points, value, range }: Wanted): Line[] {
  return [...new Set(points.map(({ policy }) => policy))].map((policy) => {
    const own = points.filter((point) => point.policy === policy);
    const sorted = own.sort((a, b) => a.x - b.x);
    return {
      policy,
      points: sorted.map((point) => [point.x, value(point)] as const),
      ranges: range === undefined ? undefined : sorted.map((point) => range(point)),
    };
  });
}

function boxAt(index: number): Box {
  return { left: COLUMNS[index % 2]!, top: ROWS[Math.floor(index / 2)]!, ...PANEL };
}

function levelScale(box: Box, points: readonly PointResult[]): Scale {
  const levels = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  // Each level is a ninth more than the one before.
  return logScale(
    [levels[0]! / 1.03, levels.at(-1)! * 1.03],
    [box.left, box.left + box.width],
    formatLevel,
    levels,
  );
}

function latencyScale(box: Box, wanted: Wanted, deadlineMs: number): Scale {
  const values = wanted.points.map((point) => wanted.value(point)).filter(Number.isFinite);
  const least = Math.min(...values) * 0.8;
  const most = Math.max(...values, least * 4) * 1.15;
  const top = most > deadlineMs * 0.7 ? deadlineMs * 1.15 : most;
  return logScale([least, top], [box.top + box.height, box.top], formatMs);
}

function legendOf(points: readonly PointResult[]): { policy: string; title: string }[] {
  const titles = new Map(points.map(({ policy, title }) => [policy, title]));
  return Array.from(titles, ([policy, title]) => ({ policy, title }));
}

/** The load ramp: p50, p99, p99.9 and errors over the level. */
export function drawRamp(
  title: string,
  subtitle: string,
  points: readonly PointResult[],
  deadlineMs: number,
): string {
  const wanted: readonly Wanted[] = [
    { title: 'p50', value: ({ summary }) => summary.p50, points },
    { title: 'p99', value: ({ summary }) => summary.p99, range: ({ summary }) => summary.p99Range, points },
    {
      title: 'p99.9',
      value: ({ summary }) => summary.p999,
      range: ({ summary }) => summary.p999Range,
      points,
    },
  ];
  const panels = wanted.map((one, index) => drawLatency(one, boxAt(index), deadlineMs, index > 0));
  panels.push(drawErrors(boxAt(3), points));
  return plotOf(title, subtitle, points, panels);
}

/** p99 over the level, one panel for each fleet. */
export function drawFleets(
  title: string,
  subtitle: string,
  fleets: readonly { readonly title: string; readonly points: readonly PointResult[] }[],
  deadlineMs: number,
): string {
  const panels = fleets.map(({ title: name, points }, index) =>
    drawLatency(
      {
        title: `p99, ${name}`,
        value: ({ summary }) => summary.p99,
        range: ({ summary }) => summary.p99Range,
        points,
      },
      boxAt(index),
      deadlineMs,
      true,
    ),
  );
  return plotOf(title, subtitle, fleets[0]!.points, panels);
}

function drawLatency(wanted: Wanted, box: Box, deadlineMs: number, hasLimit: boolean): string {
  const y = latencyScale(box, wanted, deadlineMs);
  const reaches = hasLimit && y.place(deadlineMs) >= box.top;
  return drawPanel({
    box,
    title: wanted.title,
    x: levelScale(box, wanted.points),
    y,
    xTitle: 'load, 1 = everything that was asked for',
    lines: linesOf(wanted),
    dots: true,
    limit: reaches ? { at: deadlineMs, word: `deadline ${formatMs(deadlineMs)}` } : undefined,
  });
}

function drawErrors(box: Box, points: readonly PointResult[]): string {
  const value: Value = ({ summary }) => summary.errorPercent;
  const most = Math.max(1, ...points.map(value)) * 1.1;
  return drawPanel({
    box,
    title: 'errors (deadline exceeded)',
    x: levelScale(box, points),
    y: linearScale([0, most], [box.top + box.height, box.top], undefined, (tick) => `${plain(tick)} %`),
    xTitle: 'load, 1 = everything that was asked for',
    lines: linesOf({ title: '', value, points }),
    dots: true,
  });
}

function plotOf(
  title: string,
  subtitle: string,
  points: readonly PointResult[],
  panels: readonly string[],
): string {
  const entries = legendOf(points);
  const height = panels.length > 2 ? 640 : 360;
  const legend = drawLegend(WIDTH - LEGEND + 24, ROWS[0], entries);
  return drawPlot([WIDTH, height], styleOf(entries.map(({ policy }) => policy)), title, subtitle, [
    ...panels,
    legend,
  ]);
}
