import { CASES, exemptionOf, EXEMPTIONS, PAIRS, WAYS, type CaseName, type Pair, type Way } from './matrix.js';

export type Outcome = 'pass' | 'fail' | 'exempt';

export interface Result extends Pair {
  readonly case: CaseName;
  readonly way: Way;
  readonly outcome: Outcome;
  readonly ms?: number;
  /** Why it failed. */
  readonly error?: string;
  /** Why it can't be asked of the pair. */
  readonly reason?: string;
}

/** What a client program says of one case. */
export interface ClientLine {
  readonly case: CaseName;
  readonly ok: boolean;
  readonly ms: number;
  readonly error?: string;
}

/** One result for each case: what the client said, the exemption, or a failure if the client said nothing. */
export function resultsOf(
  names: readonly CaseName[],
  pair: Pair,
  way: Way,
  lines: readonly ClientLine[],
  silence: string,
): readonly Result[] {
  return names.map((name): Result => {
    const place = { ...pair, case: name, way };
    const exemption = exemptionOf(name, pair);
    if (exemption !== undefined) return { ...place, outcome: 'exempt', reason: exemption.reason };
    const line = lines.find((candidate) => candidate.case === name);
    if (line === undefined) return { ...place, outcome: 'fail', error: silence };
    if (line.ok) return { ...place, outcome: 'pass', ms: line.ms };
    return { ...place, outcome: 'fail', ms: line.ms, error: line.error ?? 'no reason given' };
  });
}

const LETTERS = 'ABCDEFGH';

function letterOf(name: CaseName, pair: Pair): string {
  const exemption = exemptionOf(name, pair);
  return exemption === undefined ? '' : LETTERS.charAt(EXEMPTIONS.indexOf(exemption));
}

function cell(result: Result | undefined): string {
  if (result === undefined) return '';
  return result.outcome === 'exempt' ? letterOf(result.case, result) : result.outcome;
}

/** The table of one way in Markdown: a line for each case that was run, a column for each pair. */
function formatTable(results: readonly Result[], way: Way): string {
  const ofWay = results.filter((result) => result.way === way);
  const rows = [
    ['case', ...PAIRS.map(({ client, server }) => `${client} → ${server}`)],
    ...CASES.filter((name) => ofWay.some((result) => result.case === name)).map((name) => [
      `\`${name}\``,
      ...PAIRS.map(({ client, server }) =>
        cell(
          ofWay.find(
            (result) => result.case === name && result.client === client && result.server === server,
          ),
        ),
      ),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** The exemptions behind the letters of these results, in Markdown. */
function formatReasons(results: readonly Result[]): string {
  return EXEMPTIONS.map(({ cases, reason }, index) => ({ cases, reason, letter: LETTERS.charAt(index) }))
    .filter(({ cases }) => results.some((result) => cases.includes(result.case)))
    .map(
      ({ cases, reason, letter }) =>
        `- **${letter}** (${cases.map((name) => `\`${name}\``).join(', ')}): ${reason}.`,
    )
    .join('\n');
}

/** Both tables and the reasons: what CI prints, and what stands in docs/reference/interop.md. */
export function formatTables(results: readonly Result[]): string {
  const titles: Readonly<Record<Way, string>> = { weir: 'Through Weir', direct: 'Without Weir' };
  const parts = WAYS.map((way) => `### ${titles[way]}\n\n${formatTable(results, way)}`);
  const reasons = formatReasons(results);
  if (reasons !== '') parts.push(`### Not asked\n\n${reasons}`);
  return parts.join('\n\n');
}
