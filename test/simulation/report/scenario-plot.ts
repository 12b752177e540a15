import type { Scenario } from '../scenarios/scenario.js';
import { formatMs, linearScale, logScale, plain, type Scale } from './axis.js';
import { styleOf } from './palette.js';
import { type Box, drawLegend, drawPanel, drawPlot, type Line } from './panel.js';
import type { PointResult } from './results.js';

const WIDTH = 1040;
const PANEL = { left: 74, width: 730 } as const;

/** What happened over time: p99, errors, and the share of those the scenario is about. */
export function drawScenario(scenario: Scenario, points: readonly PointResult[]): string {
  const shown = points.filter(({ timeLine }) => timeLine !== undefined);
  const steps = shown[0]!.timeLine!.p99.length;
  const x = linearScale(
    [0, steps],
    [PANEL.left, PANEL.left + PANEL.width],
    undefined,
    (second) => `${second} s`,
  );
  const boxes: readonly Box[] = [
    { ...PANEL, top: 96, height: 200 },
    { ...PANEL, top: 346, height: 90 },
    { ...PANEL, top: 486, height: 110 },
  ];
  const linesOf = (of: (point: PointResult) => readonly number[]): Line[] =>
    shown.map((point) => ({
      policy: point.policy,
      points: of(point).map((value, step) => [step + 0.5, value] as const),
    }));
  const latencies = shown.flatMap(({ timeLine }) => timeLine!.p99).filter(Number.isFinite);
  const errors = shown.flatMap(({ timeLine }) => timeLine!.errorPercent);
  const shares = shown.flatMap(({ timeLine }) => timeLine!.markedPercent);
  const percentScale = (box: Box, most: number): Scale =>
    linearScale([0, most], [box.top + box.height, box.top], undefined, (tick) => `${plain(tick)} %`);
  const [begin, end] = scenario.disturbedMs!;
  const common = { x, xTitle: '', dots: false, band: [begin / 1000, end / 1000] as const };
  const [top, middle, bottom] = boxes as [Box, Box, Box];
  const panels = [
    drawPanel({
      ...common,
      box: top,
      title: 'p99',
      y: logScale(
        [Math.min(...latencies) * 0.85, Math.max(...latencies) * 1.15],
        [top.top + top.height, top.top],
        formatMs,
      ),
      lines: linesOf(({ timeLine }) => timeLine!.p99),
    }),
    drawPanel({
      ...common,
      box: middle,
      title: 'errors',
      y: percentScale(middle, Math.max(2, ...errors) * 1.1),
      lines: linesOf(({ timeLine }) => timeLine!.errorPercent),
    }),
    drawPanel({
      ...common,
      box: bottom,
      title: `share of calls that go to ${scenario.marked}`,
      y: percentScale(bottom, Math.max(2, ...shares) * 1.1),
      xTitle: 'time; shaded: while it lasts',
      lines: linesOf(({ timeLine }) => timeLine!.markedPercent),
      limit: scenario.fairPercent === undefined ? undefined : { at: scenario.fairPercent, word: 'fair' },
    }),
  ];
  const entries = shown.map(({ policy, title }) => ({ policy, title }));
  const legend = drawLegend(836, 110, entries);
  const style = styleOf(entries.map(({ policy }) => policy));
  return drawPlot([WIDTH, 660], style, scenario.title, scenario.story, [...panels, legend]);
}
