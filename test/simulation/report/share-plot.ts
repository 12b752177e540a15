import { linearScale, plain } from './axis.js';
import { classOf, lookOf, styleOf } from './palette.js';
import { drawPlot } from './panel.js';
import type { PointResult } from './results.js';
import { element, label } from './svg.js';

const WIDTH = 860;
const LEFT = 200;
const RIGHT = 820;
const ROW = 44;
const TOP = 84;

/** What each pod has of the calls, a dot per pod, a row per policy; slow pods are hollow. */
export function drawShares(
  title: string,
  subtitle: string,
  points: readonly PointResult[],
  isSlow: (replica: number) => boolean,
): string {
  const rows = points.map((point) => {
    const calls = point.perReplica ?? [];
    const total = calls.reduce((sum, count) => sum + count, 0);
    return { point, shares: calls.map((count) => (100 * calls.length * count) / total) };
  });
  const most = Math.max(...rows.flatMap(({ shares }) => shares)) * 1.05;
  const x = linearScale([0, most], [LEFT, RIGHT], undefined, (tick) => `${plain(tick)} %`);
  const bottom = TOP + ROW * rows.length;
  const axis = x.ticks.map((tick) => {
    const at = x.place(tick);
    const line = element('line', {
      class: tick === 100 ? 'axis' : 'grid',
      x1: at,
      x2: at,
      y1: TOP,
      y2: bottom,
    });
    return line + label(at, bottom + 18, x.format(tick), { 'text-anchor': 'middle' });
  });
  const drawn = rows.map(({ point: { policy, title: name }, shares }, row) => {
    const middle = TOP + ROW * (row + 0.5);
    const dots = shares.map((share, replica) => {
      // Spread a little, or pods with the same share would hide each other.
      const cy = middle + (((replica * 7) % 11) - 5) * 2;
      const slow = isSlow(replica);
      return element('circle', {
        class: slow ? classOf(policy) : `f${classOf(policy)}`,
        cx: x.place(share),
        cy,
        r: 3,
        'fill-opacity': slow ? 0 : 0.65,
        'stroke-width': slow ? 1.2 : undefined,
      });
    });
    const weight = lookOf(policy).width > 2 ? 600 : 400;
    return (
      label(LEFT - 14, middle + 4, name, { 'text-anchor': 'end', 'font-weight': weight }) + dots.join('')
    );
  });
  const foot = label(RIGHT, bottom + 38, 'calls of a pod, 100 % = fair share; hollow: slow pods', {
    class: 'soft',
    'text-anchor': 'end',
  });
  const style = styleOf(points.map(({ policy }) => policy));
  return drawPlot([WIDTH, bottom + 56], style, title, subtitle, [...axis, ...drawn, foot]);
}
