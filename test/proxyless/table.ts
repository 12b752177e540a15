import type { Case, ClientId } from './case.js';

export interface Column {
  readonly client: ClientId;
  readonly name: string;
  /** By feature: undefined where the case passed. */
  readonly results: ReadonlyMap<string, string | undefined>;
}

/** Features by clients in Markdown: `yes`, or the reason why not. */
export function formatTable(cases: readonly Case[], columns: readonly Column[]): string {
  const head = ['Feature', ...columns.map(({ name }) => name)];
  const rows = cases.map(({ feature, exceptions }) => [
    feature,
    ...columns.map(({ client, results }) => {
      if (results.get(feature) !== undefined) return 'FAILED';
      const reason = exceptions?.[client];
      return reason === undefined ? 'yes' : `no: ${reason}`;
    }),
  ]);
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The table in a document, in the same form whatever its spacing. */
export function tableIn(document: string): string {
  return document
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => {
      const cells = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      return `| ${cells.map((cell) => (/^-+$/.test(cell) ? '---' : cell)).join(' | ')} |`;
    })
    .join('\n');
}
