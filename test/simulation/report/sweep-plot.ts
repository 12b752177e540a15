import { formatMs, linearScale, logScale, plain, type Scale } from './axis.js';
import { styleOf } from './palette.js';
import { type Box, drawLegend, drawPanel, drawPlot, type Line } from './panel.js';
import type { PointResult } from './results.js';

const SIZE = [860, 360] as const;
const LEFT: Box = { left: 74, top: 100, width: 300, height: 190 };
const RIGHT: Box = { left: 450, top: 100, width: 250, height: 190 };

/** Which quantile wears which colour; the strongest is the one to look at. */
const quantiles = [
  { policy: 'round_robin', title: 'p50', of: (point: PointResult) => point.summary.p50 },
  { policy: 'least_request', title: 'p90', of: (point: PointResult) => point.summary.p90 },
  { policy: 'p2c_ewma', title: 'p99', of: (point: PointResult) => point.summary.p99 },
  { policy: 'prequal', title: 'p99.9', of: (point: PointResult) => point.summary.p999 },
] as const;

export interface SweepPlot {
  readonly title: string;
  readonly subtitle: string;
  readonly xTitle: string;
  readonly points: readonly PointResult[];
  /** What the product does by default. */
  readonly usual?: number | undefined;
  /** Evenly spaced whatever the values, for those that crowd at an end. */
  readonly evenly: boolean;
}

/** Latency and requests in flight over the values of one setting. */
export function drawSweep({ title, subtitle, xTitle, points, usual, evenly }: SweepPlot): string {
  const sorted = [...points].sort((a, b) => a.x - b.x);
  const values = sorted.map(({ x }) => x);
  const placeOf = (value: number): number => (evenly ? values.indexOf(value) : value);
  const at = sorted.map((point) => placeOf(point.x));
  const scaleIn = (box: Box): Scale =>
    linearScale(
      [Math.min(...at) - (evenly ? 0.3 : 0.1), Math.max(...at) + (evenly ? 0.3 : 0.1)],
      [box.left, box.left + box.width],
      evenly ? values.map((_, index) => index) : undefined,
      evenly ? (index) => plain(values[index] ?? NaN) : plain,
    );
  const linesOf = (wanted: readonly (typeof quantiles)[number][]): Line[] =>
    wanted.map(({ policy, of }) => ({
      policy,
      points: sorted.map((point) => [placeOf(point.x), of(point)] as const),
    }));
  const all = sorted.flatMap((point) => quantiles.map(({ of }) => of(point)));
  const rif = sorted.map(({ summary }) => summary.rif999);
  const markX = usual === undefined ? undefined : { at: placeOf(usual), word: 'default' };
  const latency = drawPanel({
    box: LEFT,
    title: 'latency',
    x: scaleIn(LEFT),
    y: logScale(
      [Math.min(...all) * 0.8, Math.max(...all) * 1.3],
      [LEFT.top + LEFT.height, LEFT.top],
      formatMs,
    ),
    xTitle,
    lines: linesOf(quantiles),
    dots: true,
    markX,
  });
  const inFlight = drawPanel({
    box: RIGHT,
    title: 'requests in flight at a replica, p99.9',
    x: scaleIn(RIGHT),
    y: linearScale([0, Math.max(...rif) * 1.15], [RIGHT.top + RIGHT.height, RIGHT.top]),
    xTitle,
    lines: [
      { policy: 'prequal', points: sorted.map((point) => [placeOf(point.x), point.summary.rif999] as const) },
    ],
    dots: true,
    markX,
  });
  const legend = drawLegend(730, 110, [...quantiles].reverse());
  const style = styleOf(quantiles.map(({ policy }) => policy));
  return drawPlot(SIZE, style, title, subtitle, [latency, inFlight, legend]);
}
