const MIB = 1024 * 1024;

const COLUMNS = ['', 'CPU µs/request', 'to HAProxy', 'requests/s', 'p50 µs', 'p99 µs', 'p99.9 µs', 'RSS MiB'];

/** The figures of a case as lines of text: medians, with smallest and largest in brackets. */
export function formatCase({ case: one, peers }) {
  const rows = peers.map((peer) => {
    if (peer.refused !== undefined) return [peer.title, `no figures: ${peer.refused}`];
    return [
      peer.title,
      range(peer.cpuMicrosPerRequest, 1),
      peer.cpuRatioToHaproxy === undefined ? '-' : range(peer.cpuRatioToHaproxy, 2),
      range(peer.requestsPerSecond, 0),
      range(peer.p50Micros, 0),
      range(peer.p99Micros, 0),
      range(peer.p999Micros, 0),
      (peer.residentBytes.median / MIB).toFixed(0),
    ];
  });
  const widths = COLUMNS.map((title, column) =>
    Math.max(
      title.length,
      ...rows.filter((row) => row.length > 2).map((row) => row[column].length),
      column === 0 ? 16 : 0,
    ),
  );
  const line = (cells) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  ');
  return [`\n${one.title}${verdict(one, peers)}`, line(COLUMNS), ...rows.map(line)].join('\n');
}

/** How the sidecar stands against the target of a case, if it has one. */
function verdict(one, peers) {
  const ratio = peers.find((peer) => peer.name === 'weir')?.cpuRatioToHaproxy;
  if (one.target === undefined || ratio === undefined) return '';
  const kept = ratio.median <= one.target ? 'kept' : 'missed';
  return `: ${ratio.median.toFixed(2)} of HAProxy's CPU, target ≤ ${one.target} ${kept}`;
}

const range = ({ min, median, max }, digits) =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
