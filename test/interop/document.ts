import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../support/node-process.js';
import { formatTables, type Result } from './results.js';

const file = 'docs/reference/interop.md';
const path = join(repositoryRoot, file);
const BEGIN = '<!-- begin: written by npm run test:interop -- --write -->';
const END = '<!-- end -->';

/** The document as it should be after this run. */
function documentOf(results: readonly Result[]): string {
  const text = readFileSync(path, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`${file} has lost the lines "${BEGIN}" and "${END}"`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${formatTables(results)}\n\n${text.slice(end)}`;
}

/** Puts the tables of this run into the document. */
export function writeDocument(results: readonly Result[]): void {
  writeFileSync(path, documentOf(results));
}

/** What is wrong with the document's tables after this run; nothing if they are true. */
export function documentProblem(results: readonly Result[]): readonly string[] {
  if (documentOf(results) === readFileSync(path, 'utf8')) return [];
  return [`${file} says something else: npm run test:interop -- --write`];
}
