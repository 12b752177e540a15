import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatCodes } from '../../kube/problem-code.js';
import { FIELD_SUPPORT } from '../../kube/resources/support/find-unsupported.js';
import { formatSupport } from '../../kube/resources/support/format-support.js';

const DOCUMENTS = new URL('../../../../../docs/reference/', import.meta.url);

const MARK = /(<!-- table: (\w+) -->\n)[\s\S]*?(\n<!-- end -->)/g;

/** Tables by the name that stands in the comment before them. */
const TABLES: Readonly<Record<string, () => string>> = {
  codes: formatCodes,
  ...Object.fromEntries(
    Object.entries(FIELD_SUPPORT).map(([kind, rows]) => [kind, () => formatSupport(rows)]),
  ),
};

/** What the formatter does to a table: it pads cells and rules. */
function withoutPadding(text: string): string {
  return text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
}

for (const [name, tables] of [
  ['analysis-codes.md', ['codes']],
  ['istio-compatibility.md', Object.keys(FIELD_SUPPORT)],
] as const) {
  test(`the tables in ${name} are those of the program`, () => {
    const place = new URL(name, DOCUMENTS);
    const text = readFileSync(place, 'utf8');
    const named: string[] = [];
    const current = text.replaceAll(MARK, (_all, before: string, table: string, after: string) => {
      named.push(table);
      return `${before}\n${TABLES[table]?.() ?? ''}\n${after}`;
    });
    if (process.env['WEIR_UPDATE_DOCS'] === '1') writeFileSync(place, current);
    assert.deepEqual(named, [...tables]);
    assert.equal(
      withoutPadding(text),
      withoutPadding(current),
      'run npm test with WEIR_UPDATE_DOCS=1, then npm run format',
    );
  });
}
