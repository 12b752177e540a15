import type { FieldSupport } from './field-support.js';

/** The rows of a kind as a table in Markdown. */
export function formatSupport(rows: readonly FieldSupport[]): string {
  const lines = rows.map(({ field, support, note }) => {
    const capital = note === '' ? '' : note[0]?.toUpperCase() + note.slice(1);
    const closed = capital === '' || /[.:]$/.test(capital) ? capital : `${capital}.`;
    return `| \`${field}\` | ${WORDS[support]} | ${closed} |`;
  });
  return ['| field | supported | difference, or why not |', '| --- | --- | --- |', ...lines].join('\n');
}

const WORDS: Readonly<Record<FieldSupport['support'], string>> = {
  implemented: 'yes',
  partly: 'partly',
  'not implemented': 'no',
};
