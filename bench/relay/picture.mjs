const WIDTH = 900;
const LEFT = 150;
const RIGHT = 110;
const BAR = 14;
const GAP = 4;
const CASE_GAP = 40;
const TOP = 78;

/** The axis: CPU per request as a share of HAProxy's, on a logarithmic scale. */
const LOWEST = 0.1;
const HIGHEST = 20;
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20];

const COLOURS = {
  weir: '#0b6e4f',
  haproxy: '#8a8f98',
  nghttpx: '#6d83a8',
  nginx: '#a88f6d',
  'node-http2': '#b56576',
};

/** The comparison as an SVG: per case one bar for each peer, with a whisker from smallest to largest. */
export function drawPicture(results, caption) {
  const parts = [];
  let y = TOP;
  for (const { case: one, peers } of results) {
    const shown = peers.filter((peer) => peer.cpuRatioToHaproxy !== undefined);
    if (shown.length === 0) continue;
    parts.push(text(LEFT, y, one.title, 'class="case"'));
    y += 8;
    const begin = y;
    for (const peer of shown) {
      parts.push(drawBar(peer, y));
      y += BAR + GAP;
    }
    if (one.target !== undefined) parts.push(drawTarget(one.target, begin, y));
    y += CASE_GAP - GAP;
  }
  const height = y;
  const grid = TICKS.map((tick) => {
    const x = xOf(tick).toFixed(1);
    const strong = tick === 1 ? ' class="one"' : '';
    return `<line x1="${x}" x2="${x}" y1="${TOP - 18}" y2="${height - 26}"${strong}/>${text(x, TOP - 24, String(tick), 'text-anchor="middle"')}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">
<style>
  .ground { fill: #fff } text { fill: #333 } line { stroke: #e3e3e3 } .one { stroke: #555 }
  .case { font-weight: 600; fill: #111 } .title { font-size: 16px; font-weight: 600; fill: #111 }
  .whisker { stroke: #111 } .target { stroke: #c1121f; stroke-width: 2 }
</style>
<rect class="ground" width="100%" height="100%"/>
${text(16, 24, 'CPU time per request, HAProxy = 1 (logarithmic; shorter is better; red: the target)', 'class="title"')}
${grid.join('\n')}
${parts.join('\n')}
${text(16, height - 8, caption, '')}
</svg>
`;
}

function drawBar(peer, y) {
  const { min, median, max } = peer.cpuRatioToHaproxy;
  const middle = y + BAR / 2;
  const end = xOf(median);
  const micros = peer.cpuMicrosPerRequest.median;
  const label = `${median.toFixed(2)} · ${micros < 100 ? micros.toFixed(1) : micros.toFixed(0)} µs`;
  return [
    text(LEFT - 8, y + BAR - 3, peer.title, 'text-anchor="end"'),
    `<rect x="${LEFT}" y="${y}" width="${(end - LEFT).toFixed(1)}" height="${BAR}" fill="${COLOURS[peer.name] ?? '#86b8a7'}"/>`,
    `<line class="whisker" x1="${xOf(min).toFixed(1)}" x2="${xOf(max).toFixed(1)}" y1="${middle}" y2="${middle}"/>`,
    text(Math.max(end, xOf(max)) + 6, y + BAR - 3, label, ''),
  ].join('');
}

function drawTarget(target, top, bottom) {
  const x = xOf(target).toFixed(1);
  return `<line class="target" x1="${x}" x2="${x}" y1="${top - 3}" y2="${bottom}"/>`;
}

function xOf(ratio) {
  const share = Math.log(Math.min(HIGHEST, Math.max(LOWEST, ratio)) / LOWEST) / Math.log(HIGHEST / LOWEST);
  return LEFT + share * (WIDTH - LEFT - RIGHT);
}

const text = (x, y, words, attributes) => `<text x="${x}" y="${y}" ${attributes}>${words}</text>`;
