import type { Scale } from './axis.js';
import { classOf, lookOf } from './palette.js';
import { element, label, polyline } from './svg.js';

export interface Line {
  readonly policy: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Below and above each point. */
  readonly ranges?: readonly (readonly [low: number, high: number])[] | undefined;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface PanelSettings {
  readonly box: Box;
  readonly title: string;
  readonly x: Scale;
  readonly y: Scale;
  readonly xTitle: string;
  readonly lines: readonly Line[];
  /** A dot at each point; good for few. */
  readonly dots: boolean;
  /** A value of y that must not be reached. */
  readonly limit?: { readonly at: number; readonly word: string } | undefined;
  /** A range of x that is shaded. */
  readonly band?: readonly [from: number, to: number] | undefined;
  /** A value of x that is a round number to be pointed at. */
  readonly markX?: { readonly at: number; readonly word: string } | undefined;
}

/** One diagram: axes, grid, lines. Scales are in the pixels of the whole plot. */
export function drawPanel(settings: PanelSettings): string {
  const { box, title, x, y, lines, dots } = settings;
  const bottom = box.top + box.height;
  const right = box.left + box.width;
  const parts: string[] = [];
  if (settings.band !== undefined) {
    const [from, to] = settings.band.map((value) => x.place(value)) as [number, number];
    parts.push(element('rect', { class: 'band', x: from, y: box.top, width: to - from, height: box.height }));
  }
  for (const tick of y.ticks) {
    const at = y.place(tick);
    parts.push(element('line', { class: 'grid', x1: box.left, x2: right, y1: at, y2: at }));
    parts.push(label(box.left - 7, at + 4, y.format(tick), { 'text-anchor': 'end' }));
  }
  let labelledUpTo = -Infinity;
  for (const tick of x.ticks) {
    const at = x.place(tick);
    const words = x.format(tick);
    const halfWidth = words.length * 3.6 + 2;
    parts.push(element('line', { class: 'axis', x1: at, x2: at, y1: bottom, y2: bottom + 4 }));
    // A label that would run into the one before is left out; its tick stays.
    if (at - halfWidth < labelledUpTo) continue;
    labelledUpTo = at + halfWidth;
    parts.push(label(at, bottom + 18, words, { 'text-anchor': 'middle' }));
  }
  parts.push(element('line', { class: 'axis', x1: box.left, x2: right, y1: bottom, y2: bottom }));
  parts.push(label(box.left, box.top - 10, title, { class: 'panel' }));
  parts.push(label(right, bottom + 36, settings.xTitle, { class: 'soft', 'text-anchor': 'end' }));
  if (settings.limit !== undefined) {
    const at = y.place(settings.limit.at);
    parts.push(element('line', { class: 'limit', x1: box.left, x2: right, y1: at, y2: at }));
    parts.push(label(box.left + 6, at - 5, settings.limit.word, { class: 'limit-word' }));
  }
  if (settings.markX !== undefined) {
    const at = x.place(settings.markX.at);
    parts.push(element('line', { class: 'limit', x1: at, x2: at, y1: box.top, y2: bottom }));
    parts.push(label(at + 5, box.top + 12, settings.markX.word, { class: 'limit-word' }));
  }
  // The strongest line is drawn last, over the others.
  for (const line of [...lines].sort((a, b) => lookOf(a.policy).width - lookOf(b.policy).width)) {
    parts.push(drawLine(line, x, y, dots));
  }
  return parts.join('\n');
}

function drawLine({ policy, points, ranges }: Line, x: Scale, y: Scale, dots: boolean): string {
  const { width, dash } = lookOf(policy);
  const placed = points.map(([at, value]) => [x.place(at), y.place(value)] as const);
  const name = classOf(policy);
  const whiskers = (ranges ?? []).map(([low, high], index) => {
    const at = placed[index]![0];
    return element('line', {
      class: name,
      x1: at,
      x2: at,
      y1: y.place(low),
      y2: y.place(high),
      'stroke-opacity': '.5',
    });
  });
  const marks = dots
    ? placed
        .filter(([, at]) => Number.isFinite(at))
        .map(([cx, cy]) => element('circle', { class: `f${name}`, cx, cy, r: width > 2 ? 3.2 : 2.4 }))
    : [];
  const line = polyline(placed, {
    class: name,
    'stroke-width': width,
    'stroke-dasharray': dash,
    'stroke-linejoin': 'round',
  });
  return [line, ...whiskers, ...marks].join('');
}

/** Names of the lines, one under the other. */
export function drawLegend(
  left: number,
  top: number,
  entries: readonly { readonly policy: string; readonly title: string }[],
): string {
  return entries
    .map(({ policy, title }, index) => {
      const y = top + index * 20;
      const { width, dash } = lookOf(policy);
      const stroke = { class: classOf(policy), 'stroke-width': width + 0.6, 'stroke-dasharray': dash };
      return (
        element('line', { ...stroke, x1: left, x2: left + 24, y1: y, y2: y }) + label(left + 31, y + 4, title)
      );
    })
    .join('\n');
}

/** A whole plot of this size. */
export function drawPlot(
  [width, height]: readonly [number, number],
  style: string,
  title: string,
  subtitle: string,
  parts: readonly string[],
): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${title.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</title>
<style>${style}</style>
<rect class="ground" width="100%" height="100%" rx="8"/>
${label(24, 32, title, { class: 'title' })}
${label(24, 52, subtitle, { class: 'soft' })}
${parts.join('\n')}
</svg>
`;
}
