import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Puts tables into a page, between the comments that name them; does nothing where there is no such place. */
export function fillIn(page: string, name: string, tables: string): void {
  if (!existsSync(page)) return;
  const text = readFileSync(page, 'utf8');
  const begin = `<!-- ${name}: written by npm run simulate -->`;
  const end = `<!-- end of ${name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) return;
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n\n${tables}\n\n${text.slice(to)}`);
}
