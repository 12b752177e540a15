import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Findings } from '../findings.js';
import { readPattern, readReplacement } from './pattern.js';

test('the engine is loaded for the first pattern, not before', () => {
  const { cache } = createRequire(import.meta.url);
  const loaded = () => Object.keys(cache).some((path) => path.includes('re2js'));
  assert.equal(loaded(), false);
  readPattern('p', { regex: 'a' }, new Findings());
  assert.equal(loaded(), true);
});

test('a pattern must match the whole text', () => {
  const pattern = readPattern('p', { regex: 'a|ab' }, new Findings());
  assert.equal(pattern?.test('ab'), true);
  assert.equal(pattern?.test('abc'), false);
  assert.equal(pattern?.test('xa'), false);
  assert.equal(pattern?.source, 'a|ab');
});

test('a pattern that takes others exponential time is done at once', () => {
  const pattern = readPattern('p', { regex: '(a*)*b' }, new Findings());
  assert.equal(pattern?.test('a'.repeat(20_000)), false);
});

test('a substitution takes groups, the whole match and backslashes', () => {
  const replace = (regex: string, substitution: string, text: string) => {
    const findings = new Findings();
    const replacement = readReplacement('r', { pattern: { regex }, substitution }, findings);
    assert.deepEqual(findings.errors, []);
    return replacement?.pattern.replaceAll(text, replacement.substitution);
  };
  assert.equal(replace('^/(\\w+)/(\\w+)', '/\\2/\\1', '/a/b/c'), '/b/a/c');
  assert.equal(replace('b', '<\\0>', 'abcb'), 'a<b>c<b>');
  assert.equal(replace('(x)?b', '[\\1]', 'ab'), 'a[]');
  assert.equal(replace('b', '$1\\\\', 'abc'), 'a$1\\c');
});

for (const [substitution, error] of [
  ['\\2', 'r.substitution: refers to group 2 of an expression with 1'],
  ['\\n', 'r.substitution: "\\n" must be \\0 to \\9, or \\\\ for a backslash'],
  ['x\\', 'r.substitution: "\\" must be \\0 to \\9, or \\\\ for a backslash'],
] as const) {
  test(`the substitution ${substitution} is refused`, () => {
    const findings = new Findings();
    readReplacement('r', { pattern: { regex: '(a)' }, substitution }, findings);
    assert.deepEqual(findings.errors, [error]);
  });
}

test('an empty expression is refused', () => {
  const findings = new Findings();
  assert.equal(readPattern('p', {}, findings), undefined);
  assert.deepEqual(findings.errors, ['p.regex: must not be empty']);
});
